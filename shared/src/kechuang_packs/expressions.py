"""Small expressions over facts or indicators, parsed by Python's own parser with a white list.

Names (Chinese ones too), whole numbers, `+ - * /`, comparisons, `and or not`, `a if c else b` and the functions of
docs/policy-packs.md; anything else is refused with its column. The tree is ours: `kechuang_packs.scalar` explains one
case, `kechuang_packs.columns` runs over many, and both follow the same rules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal


class ExpressionError(ValueError):
    """The text is no expression of the language."""


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, or `percent(n)` as n/100."""

    value: int
    divisor: int = 1


@dataclass(frozen=True, slots=True)
class Money:
    """`yuan(n)`, in fen."""

    fen: int


@dataclass(frozen=True, slots=True)
class Text:
    """A code to compare with, `'software'`."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The value of a fact or indicator."""

    key: str


@dataclass(frozen=True, slots=True)
class Binary:
    """`+ - * /`; a quotient stays a pair of whole numbers."""

    op: Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Threshold:
    """At least n of the parts are true: `and` is all of them, `or` one."""

    n: int
    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Negation; unknown stays unknown."""

    part: Expr


@dataclass(frozen=True, slots=True)
class If:
    """`then if test else other`; an unknown test makes the whole unknown."""

    test: Expr
    then: Expr
    other: Expr


@dataclass(frozen=True, slots=True)
class Ago:
    """The part as it was `years` years before."""

    part: Expr
    years: int


@dataclass(frozen=True, slots=True)
class SumYears:
    """The sum over n years back; years before the year of date `since` count 0."""

    part: Expr
    years: int
    since: Expr | None


@dataclass(frozen=True, slots=True)
class Extreme:
    """`least` or `greatest` of the parts."""

    which: Literal["least", "greatest"]
    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Is there a value?"""

    part: Expr


@dataclass(frozen=True, slots=True)
class Coalesce:
    """The first part that has a value."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Age:
    """Full days or years from a date to the day of the assessment."""

    unit: Literal["days", "years"]
    part: Expr


Expr = (
    Number | Money | Text | Name | Binary | Compare | Threshold | Not | If | Ago | SumYears | Extreme | Known
    | Coalesce | Age
)  # fmt: skip

_BINARY: Final[dict[type[ast.operator], Literal["+", "-", "*", "/"]]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
}  # fmt: skip
_COMPARE: Final[dict[type[ast.cmpop], Literal["==", "!=", "<", "<=", ">", ">="]]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_MAX_LENGTH: Final = 2000
_MAX_YEARS: Final = 10


@lru_cache(maxsize=4096)  # a form's checks are read for every filing
def parse(text: str) -> Expr:
    """Read an expression; ExpressionError says what is wrong and at which column."""
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"longer than {_MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _read(tree.body)
    except SyntaxError as error:
        raise ExpressionError(f"column {error.offset}: {error.msg}") from None
    except RecursionError:
        raise ExpressionError("too deep") from None


def _read(node: ast.expr) -> Expr:  # noqa: C901, PLR0911 - one case a form
    match node:
        case ast.Constant(value=bool()):
            raise _refuse(node, "True and False are not part of the language")
        case ast.Constant(value=int(value)):
            return Number(value)
        case ast.Constant(value=str(value)):
            return Text(value)
        case ast.Name(id=key):
            return Name(key)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return Binary("-", Number(0), _read(part))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return Not(_read(part))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return Binary(_BINARY[type(op)], _read(left), _read(right))
        case ast.BoolOp(op=op, values=values):
            parts = tuple(_read(value) for value in values)
            return Threshold(len(parts) if isinstance(op, ast.And) else 1, parts)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARE for op in ops):
            operands = [_read(left), *(_read(other) for other in others)]
            pairs = tuple(
                Compare(_COMPARE[type(op)], operands[i], operands[i + 1]) for i, op in enumerate(ops)
            )
            return pairs[0] if len(pairs) == 1 else Threshold(len(pairs), pairs)
        case ast.IfExp(test=test, body=then, orelse=other):
            return If(_read(test), _read(then), _read(other))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return _call(node, name, args, {k.arg or "": k.value for k in keywords})
        case _:
            raise _refuse(node, f"{type(node).__name__} is not part of the language")


def _call(node: ast.Call, name: str, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Expr:  # noqa: C901, PLR0911 - one case a function
    if keywords and (name != "sum" or set(keywords) != {"since"}):
        raise _refuse(node, f"{name} does not take {', '.join(keywords)}=")
    match name, args:
        case "ago", [part, years]:
            return Ago(_read(part), _years(years))
        case "sum", [part, years]:
            since = _read(keywords["since"]) if keywords else None
            return SumYears(_read(part), _years(years), since)
        case ("least" | "greatest") as which, [_, _, *_]:
            return Extreme(which, tuple(_read(part) for part in args))
        case "at_least", [ast.Constant(value=int(n)), _, *_] if 1 <= n <= len(args) - 1:
            return Threshold(n, tuple(_read(part) for part in args[1:]))
        case "known", [part]:
            return Known(_read(part))
        case "coalesce", [_, _, *_]:
            return Coalesce(tuple(_read(part) for part in args))
        case "percent", [ast.Constant(value=int(n))]:
            return Number(n, 100)
        case "yuan", [ast.Constant(value=int(n))]:
            return Money(n * 100)
        case "age_days", [part]:
            return Age("days", _read(part))
        case "age_years", [part]:
            return Age("years", _read(part))
        case _:
            raise _refuse(node, f"no function {name} with {len(args)} arguments of that form")


def _years(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(n)) if 0 <= n <= _MAX_YEARS and not isinstance(n, bool):
            return n
        case _:
            raise _refuse(node, f"a number of years from 0 to {_MAX_YEARS} is due here")


def _refuse(node: ast.expr, why: str) -> ExpressionError:
    return ExpressionError(f"column {node.col_offset + 1}: {why}")


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct parts."""
    match expr:
        case Binary(left=left, right=right) | Compare(left=left, right=right):
            return (left, right)
        case Threshold(parts=parts) | Extreme(parts=parts) | Coalesce(parts=parts):
            return parts
        case If(test=test, then=then, other=other):
            return (test, then, other)
        case SumYears(part=part, since=since):
            return (part,) if since is None else (part, since)
        case Not(part=part) | Ago(part=part) | Known(part=part) | Age(part=part):
            return (part,)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all parts below it."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def names(expr: Expr) -> frozenset[str]:
    """The keys that it depends on."""
    return frozenset(part.key for part in walk(expr) if isinstance(part, Name))


def divides(expr: Expr) -> bool:
    """Whether a division by zero is possible, so that `on_zero` matters."""
    return any(isinstance(part, Binary) and part.op == "/" for part in walk(expr))
