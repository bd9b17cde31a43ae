"""Type check of expressions: adding money to persons is an error when the pack is loaded, not a wrong number later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kechuang_packs import expressions as e
from kechuang_packs.models.facts import Unit

Dimension = tuple[tuple[str, int], ...]
"""Units with their powers, sorted; () is a bare number or a rate."""

_COUNTS = frozenset({"person", "person_month", "item", "day", "month", "year"})


@dataclass(frozen=True, slots=True)
class Type:
    """What an expression yields. `literal`: a bare whole number, which may stand beside a count."""

    kind: Literal["number", "flag", "code", "date"]
    dimension: Dimension = ()
    literal: bool = False

    def __str__(self) -> str:
        if self.kind != "number":
            return self.kind
        return " ".join(f"{u}^{p}" if p != 1 else u for u, p in self.dimension) or "a bare number"


def type_of_unit(unit: Unit) -> Type:
    """The type of a fact with this unit."""
    match unit:
        case Unit.flag:
            return Type("flag")
        case Unit.code:
            return Type("code")
        case Unit.date:
            return Type("date")
        case Unit.percent | Unit.ratio:
            return Type("number")
        case _:
            return Type("number", ((unit.value, 1),))


def infer(expr: e.Expr, type_of: Callable[[str], Type]) -> Type:  # noqa: C901, PLR0911, PLR0912 - one case a form
    """The type of the expression; ExpressionError when its parts do not fit together."""
    match expr:
        case e.Number(divisor=divisor):
            return Type("number", literal=divisor == 1)
        case e.Money():
            return Type("number", ((Unit.CNY.value, 1),))
        case e.Text():
            return Type("code")
        case e.Name(key=key):
            return type_of(key)
        case e.Binary(op=op, left=left, right=right):
            return _arithmetic(op, infer(left, type_of), infer(right, type_of))
        case e.Compare(op=op, left=left, right=right):
            a, b = infer(left, type_of), infer(right, type_of)
            if op not in ("==", "!=") and "code" in (a.kind, b.kind):
                raise e.ExpressionError("codes are equal or not, they have no order")
            _join(a, b, "compared with")
            return Type("flag")
        case e.Threshold(parts=parts):
            for part in parts:
                _want(infer(part, type_of), "flag")
            return Type("flag")
        case e.Not(part=part):
            _want(infer(part, type_of), "flag")
            return Type("flag")
        case e.If(test=test, then=then, other=other):
            _want(infer(test, type_of), "flag")
            return _join(infer(then, type_of), infer(other, type_of), "put beside")
        case e.Ago(part=part):
            return infer(part, type_of)
        case e.SumYears(part=part, since=since):
            if since is not None:
                _want(infer(since, type_of), "date")
            return _want(infer(part, type_of), "number")
        case e.Known(part=part):
            infer(part, type_of)
            return Type("flag")
        case e.Age(unit=unit, part=part):
            _want(infer(part, type_of), "date")
            return Type("number", (("day" if unit == "days" else "year", 1),))
        case e.Extreme(parts=parts) | e.Coalesce(parts=parts):
            joined = infer(parts[0], type_of)
            for part in parts[1:]:
                joined = _join(joined, infer(part, type_of), "put beside")
            if isinstance(expr, e.Extreme):
                _want(joined, "number")
            return joined


def _arithmetic(op: str, a: Type, b: Type) -> Type:
    _want(a, "number")
    _want(b, "number")
    if op in "+-":
        return _join(a, b, "added to" if op == "+" else "taken from")
    powers = Counter(dict(a.dimension))
    for unit, power in b.dimension:
        powers[unit] += power if op == "*" else -power
    return Type(
        "number", tuple(sorted((u, p) for u, p in powers.items() if p)), a.literal and b.literal and op == "*"
    )


def _join(a: Type, b: Type, verb: str) -> Type:
    """The common type of two values that stand side by side."""
    if a.kind == b.kind and a.dimension == b.dimension:
        return Type(a.kind, a.dimension, a.literal and b.literal)
    for literal, other in ((a, b), (b, a)):
        if literal.literal and other.kind == "number" and _is_count(other.dimension):
            return Type("number", other.dimension)
    raise e.ExpressionError(f"{b} cannot be {verb} {a}")


def _is_count(dimension: Dimension) -> bool:
    return len(dimension) == 1 and dimension[0][0] in _COUNTS and dimension[0][1] == 1


def _want(found: Type, kind: str) -> Type:
    if found.kind != kind:
        raise e.ExpressionError(f"{kind} is due where {found} stands")
    return found
