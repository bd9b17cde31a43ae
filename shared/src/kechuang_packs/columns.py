"""Evaluates one expression for many cases at once, over numpy columns, by the rules of `kechuang_packs.scalar`.

Whole numbers are int64 as long as they provably fit, and Python integers in object arrays where they might not, so
both evaluators are exact. A rate is a pair of columns and is compared by cross multiplication.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from kechuang_packs import expressions as e
from kechuang_packs.scalar import COMPARE

Array = NDArray[Any]
MISSING: Final = 0
KNOWN: Final = 1
BY_ZERO: Final = 2
_INT64_MAX: Final = 2**63 - 1
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one expression for all cases.

    values: int64 or object (exact integers), bool, or object (codes); meaningless where state is not KNOWN.
    state: int8, MISSING / KNOWN / BY_ZERO. divisor: positive integers, or None for 1.
    """

    values: Array
    state: NDArray[np.int8]
    divisor: Array | None = None

    @property
    def known(self) -> NDArray[np.bool_]:
        return np.asarray(self.state == KNOWN)


class Columns(Protocol):
    """Where names get their columns."""

    @property
    def on(self) -> dt.date:
        """The day of the assessment."""

    @property
    def size(self) -> int:
        """How many cases."""

    def lookup(self, key: str, years_ago: int) -> Column:
        """The column of a fact for that year."""


def evaluate(expr: e.Expr, env: Columns, years_ago: int = 1) -> Column:  # noqa: C901, PLR0911, PLR0912 - one case a form
    """The column of the expression for the year `years_ago` (1: last full year)."""
    match expr:
        case e.Number(value=number, divisor=divisor):
            return constant(number, env.size, divisor)
        case e.Money(fen=fen):
            return constant(fen, env.size)
        case e.Text(value=code):
            return Column(np.full(env.size, code, dtype=object), np.ones(env.size, np.int8))
        case e.Name(key=key):
            return env.lookup(key, years_ago)
        case e.Binary(op=op, left=left, right=right):
            return _binary(op, evaluate(left, env, years_ago), evaluate(right, env, years_ago))
        case e.Compare(op=op, left=left, right=right):
            return compare(op, evaluate(left, env, years_ago), evaluate(right, env, years_ago))
        case e.Threshold(n=n, parts=parts):
            return _threshold(n, [evaluate(part, env, years_ago) for part in parts])
        case e.Not(part=part):
            value = evaluate(part, env, years_ago)
            return Column(~value.values.astype(bool), value.state)
        case e.If(test=test, then=then, other=other):
            chosen = evaluate(test, env, years_ago)
            result = select(
                chosen.values.astype(bool), evaluate(then, env, years_ago), evaluate(other, env, years_ago)
            )
            return Column(result.values, np.where(chosen.known, result.state, chosen.state), result.divisor)
        case e.Ago(part=part, years=years):
            return evaluate(part, env, years_ago + years)
        case e.SumYears(part=part, years=years, since=since):
            return _sum_years(part, years, since, env, years_ago)
        case e.Extreme(which=which, parts=parts):
            return _extreme(
                "<" if which == "least" else ">", [evaluate(part, env, years_ago) for part in parts]
            )
        case e.Known(part=part):
            return Column(evaluate(part, env, years_ago).known, np.ones(env.size, np.int8))
        case e.Coalesce(parts=parts):
            columns = [evaluate(part, env, years_ago) for part in parts]
            result = columns[-1]
            for column in reversed(columns[:-1]):
                joined = select(column.known, column, result)
                none = ~column.known & ~result.known
                result = Column(
                    joined.values, np.where(none, _worse(column, result), joined.state), joined.divisor
                )
            return result
        case e.Age(unit=unit, part=part):
            day = evaluate(part, env, years_ago)
            return Column(_age(unit, day, env.on), day.state)


def constant(value: int, size: int, divisor: int = 1) -> Column:
    """The same number for every case."""
    dtype = np.int64 if abs(value) <= _INT64_MAX else object
    return Column(
        np.full(size, value, dtype=dtype),
        np.ones(size, np.int8),
        None if divisor == 1 else np.full(size, divisor, dtype=np.int64),
    )


def compare(op: str, a: Column, b: Column) -> Column:
    """A comparison, by cross multiplication where one side is a rate."""
    left, right = a.values, b.values
    if a.divisor is not None or b.divisor is not None:
        left, right = _times(left, b.divisor), _times(right, a.divisor)
    return Column(np.asarray(COMPARE[op](left, right), dtype=bool), _worse(a, b))


def select(mask: NDArray[np.bool_], then: Column, other: Column) -> Column:
    """`then` where the mask is true, else `other`."""
    divisor = None
    if then.divisor is not None or other.divisor is not None:
        ones = np.ones(len(mask), np.int64)
        divisor = np.where(
            mask,
            ones if then.divisor is None else then.divisor,
            ones if other.divisor is None else other.divisor,
        )
    return Column(np.where(mask, then.values, other.values), np.where(mask, then.state, other.state), divisor)


def _worse(a: Column, b: Column) -> NDArray[np.int8]:
    """The state of what needs both: a missing fact comes before a zero divisor."""
    either_missing = (a.state == MISSING) | (b.state == MISSING)
    either_zero = (a.state == BY_ZERO) | (b.state == BY_ZERO)
    return np.where(either_missing, MISSING, np.where(either_zero, BY_ZERO, KNOWN)).astype(np.int8)


def _fits(bound: int) -> bool:
    return bound <= _INT64_MAX


def _bound(values: Array) -> int:
    """The greatest absolute value; Python integer, so that products of bounds cannot overflow."""
    if not len(values):
        return 0
    return max(abs(int(values.max())), abs(int(values.min())))


def _times(a: Array, b: Array | None) -> Array:
    if b is None:
        return a
    if object not in (a.dtype, b.dtype) and _fits(_bound(a) * _bound(b)):
        return np.asarray(a * b)
    return np.asarray(a.astype(object) * b.astype(object))


def _plus(a: Array, b: Array, sign: int) -> Array:
    if object in (a.dtype, b.dtype) or not _fits(_bound(a) + _bound(b)):
        return np.asarray(a.astype(object) + sign * b.astype(object))
    return np.asarray(a + b if sign > 0 else a - b)


def _binary(op: str, a: Column, b: Column) -> Column:
    state = _worse(a, b)
    if op == "*":
        divisor = b.divisor if a.divisor is None else _times(a.divisor, b.divisor)
        return Column(_times(a.values, b.values), state, divisor)
    if op == "/":
        below = _times(b.values, a.divisor)
        zero = b.values == 0
        sign = np.where(below < 0, -1, 1)
        above = _times(_times(a.values, b.divisor), sign)
        state = np.where((state == KNOWN) & zero, BY_ZERO, state).astype(np.int8)
        return Column(above, state, np.where(zero, 1, _times(below, sign)))
    sign_of = 1 if op == "+" else -1
    if a.divisor is None and b.divisor is None:
        return Column(_plus(a.values, b.values, sign_of), state)
    ones = np.ones(len(state), np.int64)
    da, db = (ones if d is None else d for d in (a.divisor, b.divisor))
    return Column(_plus(_times(a.values, db), _times(b.values, da), sign_of), state, _times(da, db))


def _threshold(n: int, parts: list[Column]) -> Column:
    true = sum((part.known & part.values.astype(bool)).astype(np.int64) for part in parts)
    unknown = sum((~part.known).astype(np.int64) for part in parts)
    fact_missing = np.logical_or.reduce([part.state == MISSING for part in parts])
    open_ = (true < n) & (true + unknown >= n)
    state = np.where(open_, np.where(fact_missing, MISSING, BY_ZERO), KNOWN).astype(np.int8)
    return Column(np.asarray(true >= n), state)


def _extreme(op: str, parts: list[Column]) -> Column:
    result = parts[0]
    for part in parts[1:]:
        worse = _worse(result, part)
        chosen = select(compare(op, part, result).values, part, result)
        result = Column(chosen.values, worse, chosen.divisor)
    return result


def _sum_years(part: e.Expr, years: int, since: e.Expr | None, env: Columns, years_ago: int) -> Column:
    total = constant(0, env.size)
    first = evaluate(since, env, years_ago) if since is not None else None
    zero = constant(0, env.size)
    for back in range(years):
        column = evaluate(part, env, years_ago + back)
        if first is not None:
            before = _calendar(first)[0] > env.on.year - years_ago - back
            column = select(before, zero, column)
        total = _binary("+", total, column)
    if first is None:
        return total
    return Column(
        total.values, np.where(first.known, total.state, first.state).astype(np.int8), total.divisor
    )


def _calendar(day: Column) -> tuple[Array, Array]:
    """Year, and month-day as month·100+day, of ordinals; unknown ones read as 1970-01-01."""
    days = np.where(day.known, day.values, _EPOCH).astype(np.int64) - _EPOCH
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    year = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    return year, month * 100 + (dates - months).astype(np.int64) + 1


def _age(unit: str, day: Column, on: dt.date) -> Array:
    if unit == "days":
        return np.asarray(on.toordinal() - day.values)
    year, month_day = _calendar(day)
    return np.asarray(on.year - year - (on.month * 100 + on.day < month_day))
