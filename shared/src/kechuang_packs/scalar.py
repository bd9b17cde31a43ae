"""Evaluates one expression for one case, exactly, with unknown as a value of its own."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Protocol

from kechuang_packs import expressions as e

Value = int | Fraction | bool | str
"""Money in fen, points in hundredths, dates as ordinals, rates as exact fractions, flags, codes."""


@dataclass(frozen=True, slots=True)
class Missing:
    """No value: because facts are missing, or (`by_zero`) because a divisor is 0."""

    keys: frozenset[tuple[str, int]]
    """(fact, years ago) of every fact that would settle it"""
    by_zero: bool = False


class Environment(Protocol):
    """Where names get their values."""

    @property
    def on(self) -> dt.date:
        """The day of the assessment."""

    def lookup(self, key: str, years_ago: int) -> Value | Missing:
        """The value of a fact, `years_ago` 1 being the last full year; static facts ignore it."""


_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": Fraction,
}  # fmt: skip
COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def evaluate(expr: e.Expr, env: Environment, years_ago: int = 1) -> Value | Missing:  # noqa: C901, PLR0911, PLR0912 - one case a form
    """The value of the expression asked for the year `years_ago` (1: last full year)."""
    match expr:
        case e.Number(value=number, divisor=divisor):
            return number if divisor == 1 else Fraction(number, divisor)
        case e.Money(fen=fen):
            return fen
        case e.Text(value=code):
            return code
        case e.Name(key=key):
            return env.lookup(key, years_ago)
        case e.Binary(op=op, left=left, right=right):
            return _binary(op, evaluate(left, env, years_ago), evaluate(right, env, years_ago))
        case e.Compare(op=op, left=left, right=right):
            a, b = evaluate(left, env, years_ago), evaluate(right, env, years_ago)
            gap = missing(a, b)
            return COMPARE[op](a, b) if gap is None else gap
        case e.Threshold(n=n, parts=parts):
            return _threshold(n, [evaluate(part, env, years_ago) for part in parts])
        case e.Not(part=part):
            value = evaluate(part, env, years_ago)
            return value if isinstance(value, Missing) else not value
        case e.If(test=test, then=then, other=other):
            chosen = evaluate(test, env, years_ago)
            return (
                chosen if isinstance(chosen, Missing) else evaluate(then if chosen else other, env, years_ago)
            )
        case e.Ago(part=part, years=years):
            return evaluate(part, env, years_ago + years)
        case e.SumYears(part=part, years=years, since=since):
            return _sum_years(part, years, since, env, years_ago)
        case e.Extreme(which=which, parts=parts):
            values = [evaluate(part, env, years_ago) for part in parts]
            gap = missing(*values)
            return gap if gap is not None else (min if which == "least" else max)(values)  # type: ignore[type-var]
        case e.Known(part=part):
            return not isinstance(evaluate(part, env, years_ago), Missing)
        case e.Coalesce(parts=parts):
            values = [evaluate(part, env, years_ago) for part in parts]
            found = next((v for v in values if not isinstance(v, Missing)), None)
            return found if found is not None else _joined(values)
        case e.Age(unit=unit, part=part):
            day = evaluate(part, env, years_ago)
            return day if isinstance(day, Missing) else age(unit, int(day), env.on)


def age(unit: str, ordinal: int, on: dt.date) -> int:
    """Full days or years from the date with this ordinal to `on`; negative before it."""
    if unit == "days":
        return on.toordinal() - ordinal
    day = dt.date.fromordinal(ordinal)
    return on.year - day.year - ((on.month, on.day) < (day.month, day.day))


def missing(*values: Value | Missing) -> Missing | None:
    """What is missing among the values; facts come before zero divisors."""
    gaps = [value for value in values if isinstance(value, Missing)]
    return _joined(gaps) if gaps else None


def _joined(values: list[Any]) -> Missing:
    gaps = [value for value in values if isinstance(value, Missing)]
    return Missing(frozenset().union(*(gap.keys for gap in gaps)), all(gap.by_zero for gap in gaps))


def _binary(op: str, a: Value | Missing, b: Value | Missing) -> Value | Missing:
    gap = missing(a, b)
    if gap is not None:
        return gap
    if op == "/" and b == 0:
        return Missing(frozenset(), by_zero=True)
    result: int | Fraction = _ARITHMETIC[op](a, b)
    return result


def _threshold(n: int, values: list[Value | Missing]) -> Value | Missing:
    """Kleene: decided as soon as the known parts decide."""
    true = sum(value is True for value in values)
    open_ = [value for value in values if isinstance(value, Missing)]
    if true >= n:
        return True
    return _joined(list(open_)) if true + len(open_) >= n else False


def _sum_years(
    part: e.Expr, years: int, since: e.Expr | None, env: Environment, years_ago: int
) -> Value | Missing:
    first_year: int | None = None
    if since is not None:
        day = evaluate(since, env, years_ago)
        if isinstance(day, Missing):
            return day
        first_year = dt.date.fromordinal(int(day)).year
    values = [
        evaluate(part, env, years_ago + back)
        for back in range(years)
        if first_year is None or env.on.year - years_ago - back >= first_year
    ]
    gap = missing(*values)
    return gap if gap is not None else sum(values)  # type: ignore[arg-type]
