"""Evaluates one expression for many cases at once, over numpy columns, by the rules of `kechuang_packs.scalar`.

Whole numbers are int64 as long as they provably fit, and Python integers in object arrays where they might not, so
both evaluators are exact. A rate is a pair of columns and is compared by cross multiplication. What is the same for
all cases (a constant, "all are known") is kept as an array without dimension and costs nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from kechuang_packs import expressions as e
from kechuang_packs.scalar import COMPARE

Array = NDArray[Any]
Mask = NDArray[np.bool_]
# In this order, so that the state of what needs two columns is the lesser of their states.
MISSING: Final = 0
BY_ZERO: Final = 1
KNOWN: Final = 2
ALL_KNOWN: Final[NDArray[np.int8]] = np.array(KNOWN, np.int8)
_INT64_MAX: Final = 2**63 - 1
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one expression for all cases.

    values: int64 or object (exact integers), bool, or places in `labels` (codes); meaningless where state is not
    KNOWN. state: int8, MISSING / BY_ZERO / KNOWN. divisor: positive integers, None for 1. top, divisor_top: no
    absolute value is greater. An array without dimension holds for every case.
    """

    values: Array
    state: NDArray[np.int8]
    divisor: Array | None = None
    labels: tuple[str, ...] | None = None
    top: int = 1
    divisor_top: int = 1

    @property
    def known(self) -> Mask:
        return np.asarray(self.state == KNOWN)

    @property
    def all_known(self) -> bool:
        """Whether it is sure without looking that no case is unknown."""
        return self.state is ALL_KNOWN


class Columns(Protocol):
    """Where names get their columns."""

    @property
    def on(self) -> dt.date:
        """The day of the assessment."""

    @property
    def memo(self) -> MutableMapping[Any, Column]:
        """Sums over years that were computed before."""

    def lookup(self, key: str, years_ago: int) -> Column:
        """The column of a fact for that year."""


def numbers(values: Array, state: NDArray[np.int8], divisor: int = 1) -> Column:
    """A column of stored whole numbers, all with the same divisor."""
    below = None if divisor == 1 else np.array(divisor, np.int64)
    return Column(values, state, below, None, bound(values), divisor)


def coded(values: Array, state: NDArray[np.int8], labels: tuple[str, ...]) -> Column:
    """A column of codes: places in `labels`."""
    return Column(values, state, None, labels)


def evaluate(expr: e.Expr, env: Columns, years_ago: int = 1) -> Column:  # noqa: C901, PLR0911, PLR0912 - one case a form
    """The column of the expression for the year `years_ago` (1: last full year)."""
    match expr:
        case e.Number(value=number, divisor=divisor):
            return constant(number, divisor)
        case e.Money(fen=fen):
            return constant(fen)
        case e.Text(value=code):
            return Column(np.array(0, np.int32), ALL_KNOWN, None, (code,))
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
            return _with_state(result, np.where(chosen.known, result.state, chosen.state).astype(np.int8))
        case e.Ago(part=part, years=years):
            return evaluate(part, env, years_ago + years)
        case e.SumYears():
            asked = (expr, years_ago)
            if asked not in env.memo:
                env.memo[asked] = _sum_years(expr, env, years_ago)
            return env.memo[asked]
        case e.Extreme(which=which, parts=parts):
            return _extreme(
                "<" if which == "least" else ">", [evaluate(part, env, years_ago) for part in parts]
            )
        case e.Known(part=part):
            return Column(evaluate(part, env, years_ago).known, ALL_KNOWN)
        case e.Coalesce(parts=parts):
            columns = [evaluate(part, env, years_ago) for part in parts]
            result = columns[-1]
            for column in reversed(columns[:-1]):
                joined = select(column.known, column, result)
                none = ~column.known & ~result.known
                result = _with_state(
                    joined, np.where(none, _worse(column, result), joined.state).astype(np.int8)
                )
            return result
        case e.Age(unit=unit, part=part):
            day = evaluate(part, env, years_ago)
            values = _age(unit, part, day, env)
            return Column(values, day.state, top=bound(values))


def constant(value: int, divisor: int = 1) -> Column:
    """The same number for every case."""
    fits = abs(value) <= _INT64_MAX
    values = np.array(value, np.int64 if fits else object)
    below = None if divisor == 1 else np.array(divisor, np.int64)
    return Column(values, ALL_KNOWN, below, None, abs(value), divisor)


def spread(column: Column, size: int) -> Column:
    """The same column with values for every case, and a state of its own where that differs by case."""
    if column.values.ndim:
        return column
    return Column(
        np.broadcast_to(column.values, size), column.state, column.divisor, column.labels, column.top,
        column.divisor_top,
    )  # fmt: skip


def compare(op: str, a: Column, b: Column) -> Column:
    """A comparison, by cross multiplication where one side is a rate."""
    if a.labels is not None and b.labels is not None:
        a, b = _common(a, b)
        return Column(np.asarray(COMPARE[op](a.values, b.values), dtype=bool), _worse(a, b))
    left = _times(a.values, b.divisor, a.top, b.divisor_top)
    right = _times(b.values, a.divisor, b.top, a.divisor_top)
    return Column(np.asarray(COMPARE[op](left, right), dtype=bool), _worse(a, b))


def select(mask: Mask, then: Column, other: Column) -> Column:
    """`then` where the mask is true, else `other`."""
    if then.labels is not None and other.labels is not None:
        then, other = _common(then, other)
    divisor = None
    if then.divisor is not None or other.divisor is not None:
        divisor = np.where(
            mask,
            1 if then.divisor is None else then.divisor,
            1 if other.divisor is None else other.divisor,
        )
    state = (
        ALL_KNOWN
        if then.all_known and other.all_known
        else np.where(mask, then.state, other.state).astype(np.int8)
    )
    return Column(
        np.where(mask, then.values, other.values), state, divisor, then.labels, max(then.top, other.top),
        max(then.divisor_top, other.divisor_top),
    )  # fmt: skip


def bound(values: Array) -> int:
    """The greatest absolute value; a Python integer, so that products of bounds cannot overflow."""
    if values.dtype == bool or not values.size:
        return 1
    return max(abs(int(values.max())), abs(int(values.min())))


def _with_state(column: Column, state: NDArray[np.int8]) -> Column:
    return Column(column.values, state, column.divisor, column.labels, column.top, column.divisor_top)


def _common(a: Column, b: Column) -> tuple[Column, Column]:
    """Two columns of codes over the same labels."""
    if a.labels == b.labels:
        return a, b
    assert a.labels is not None
    assert b.labels is not None
    labels = tuple(dict.fromkeys([*a.labels, *b.labels]))
    place = {label: index for index, label in enumerate(labels)}

    def over(column: Column) -> Column:
        table = np.array([place[label] for label in column.labels or ()] or [0], np.int32)
        return Column(table[column.values], column.state, None, labels)

    return over(a), over(b)


def _worse(a: Column, b: Column) -> NDArray[np.int8]:
    """The state of what needs both: a missing fact comes before a zero divisor."""
    if a.all_known or a.state is b.state:
        return b.state
    return a.state if b.all_known else np.minimum(a.state, b.state)


def _times(a: Array, b: Array | None, top_a: int, top_b: int) -> Array:
    if b is None:
        return a
    if object not in (a.dtype, b.dtype) and (
        top_a * top_b <= _INT64_MAX or bound(a) * bound(b) <= _INT64_MAX
    ):
        return np.asarray(a * b)
    return np.asarray(a.astype(object) * b.astype(object))


def _product_top(a: Array, top: int) -> int:
    """The bound of a product; measured anew where the bound alone would no longer say that it fits."""
    return top if top <= _INT64_MAX else bound(a)


def _plus(a: Array, b: Array, top: int, sign: int) -> Array:
    fits = top <= _INT64_MAX or bound(a) + bound(b) <= _INT64_MAX
    if object in (a.dtype, b.dtype) or not fits:
        return np.asarray(a.astype(object) + sign * b.astype(object))
    return np.asarray(a + b if sign > 0 else a - b)


def _binary(op: str, a: Column, b: Column) -> Column:
    state = _worse(a, b)
    if op == "*":
        values = _times(a.values, b.values, a.top, b.top)
        divisor, below = _divisors(a, b)
        return Column(values, state, divisor, None, _product_top(values, a.top * b.top), below)
    if op == "/":
        return _quotient(a, b, state)
    sign_of = 1 if op == "+" else -1
    if a.divisor is None and b.divisor is None:
        top = a.top + b.top
        values = _plus(a.values, b.values, top, sign_of)
        return Column(values, state, None, None, _product_top(values, top))
    left = _times(a.values, b.divisor, a.top, b.divisor_top)
    right = _times(b.values, a.divisor, b.top, a.divisor_top)
    top = a.top * b.divisor_top + b.top * a.divisor_top
    values = _plus(left, right, top, sign_of)
    divisor, below = _divisors(a, b)
    return Column(values, state, divisor, None, _product_top(values, top), below)


def _divisors(a: Column, b: Column) -> tuple[Array | None, int]:
    if a.divisor is None:
        return b.divisor, b.divisor_top
    product = _times(a.divisor, b.divisor, a.divisor_top, b.divisor_top)
    return product, _product_top(product, a.divisor_top * b.divisor_top)


def _quotient(a: Column, b: Column, state: NDArray[np.int8]) -> Column:
    below = _times(b.values, a.divisor, b.top, a.divisor_top)
    above = _times(a.values, b.divisor, a.top, b.divisor_top)
    zero = below == 0
    if bool(zero.any()):
        by_zero = zero & (state == KNOWN)
        state = np.where(by_zero, BY_ZERO, state).astype(np.int8)
        below = np.where(zero, 1, below)
    negative = below < 0
    if bool(negative.any()):
        sign = np.where(negative, -1, 1)
        above, below = _times(above, sign, a.top * b.divisor_top, 1), below * sign
    return Column(
        above, state, below, None, _product_top(above, a.top * b.divisor_top),
        _product_top(below, max(1, b.top * a.divisor_top)),
    )  # fmt: skip


def _threshold(n: int, parts: list[Column]) -> Column:
    true = sum((part.known & part.values.astype(bool)).astype(np.int64) for part in parts)
    unknown = sum((~part.known).astype(np.int64) for part in parts)
    fact_missing = np.logical_or.reduce(np.broadcast_arrays(*[part.state == MISSING for part in parts]))
    open_ = (true < n) & (true + unknown >= n)
    state = np.where(open_, np.where(fact_missing, MISSING, BY_ZERO), KNOWN).astype(np.int8)
    return Column(np.asarray(true >= n), state)


def _extreme(op: str, parts: list[Column]) -> Column:
    result = parts[0]
    for part in parts[1:]:
        worse = _worse(result, part)
        result = _with_state(select(compare(op, part, result).values, part, result), worse)
    return result


def _sum_years(expr: e.SumYears, env: Columns, years_ago: int) -> Column:
    first = evaluate(expr.since, env, years_ago) if expr.since is not None else None
    began = None if first is None else _year(expr.since, first, env)
    zero = constant(0)
    total = zero
    for back in range(expr.years):
        column = evaluate(expr.part, env, years_ago + back)
        if began is not None:
            before = began > env.on.year - years_ago - back
            column = select(before, zero, column) if bool(before.any()) else column
        total = column if back == 0 else _binary("+", total, column)
    if first is None or first.all_known:
        return total
    return _with_state(total, np.where(first.known, total.state, first.state).astype(np.int8))


def _year(expr: e.Expr | None, day: Column, env: Columns) -> Array:
    """The year of a date, kept since every year of every sum asks for it."""
    key = ("year", expr)
    if key not in env.memo:
        days = np.where(day.known, day.values, _EPOCH).astype(np.int64, copy=False) - _EPOCH
        years = days.view("datetime64[D]").astype("datetime64[Y]")
        env.memo[key] = Column(years.view(np.int64) + 1970, day.state)
    return env.memo[key].values


def _age(unit: str, expr: e.Expr, day: Column, env: Columns) -> Array:
    on = env.on
    if unit == "days":
        return np.asarray(on.toordinal() - day.values)
    year = _year(expr, day, env)
    days = np.where(day.known, day.values, _EPOCH).astype(np.int64, copy=False) - _EPOCH
    months = days.view("datetime64[D]").astype("datetime64[M]")
    into_month = days - months.astype("datetime64[D]").view(np.int64) + 1
    month_day = (months.view(np.int64) - (year - 1970) * 12 + 1) * 100 + into_month
    return np.asarray(on.year - year - (on.month * 100 + on.day < month_day))
