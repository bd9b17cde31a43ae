"""Intervals of bands and brackets as whole numbers, and those that the ones before them leave nothing of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kechuang_packs.models.conditions import Bounds
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import QuantityError, parse_quantity


@dataclass(frozen=True, slots=True)
class Interval:
    """Whole numbers from `low` to `high`, each None for open. Rates are dense: their ends are doubled, so that
    `over 5%` (odd) and `at_least 5%` (even) differ. `code` for a code."""

    low: int | None = None
    high: int | None = None
    code: str | None = None

    @property
    def empty(self) -> bool:
        return self.low is not None and self.high is not None and self.low > self.high


def read_interval(bounds: Bounds, unit: Unit) -> Interval:
    """The interval in doubled stored units; QuantityError when a bound does not fit the unit."""
    if unit in (Unit.code, Unit.flag):
        if any(b is not None for b in (bounds.at_least, bounds.over, bounds.at_most, bounds.under)):
            raise QuantityError("a code has no bounds; write equals")
        return Interval(code=bounds.equals)
    if bounds.equals is not None:
        raise QuantityError("equals is for codes")
    dense = unit in (Unit.ratio, Unit.percent)
    step = 1 if dense else 2
    low = high = None
    if bounds.at_least is not None:
        low = 2 * parse_quantity(bounds.at_least, unit)
    elif bounds.over is not None:
        low = 2 * parse_quantity(bounds.over, unit) + step
    if bounds.at_most is not None:
        high = 2 * parse_quantity(bounds.at_most, unit)
    elif bounds.under is not None:
        high = 2 * parse_quantity(bounds.under, unit) - step
    return Interval(low, high)


def unreachable(intervals: Sequence[Interval]) -> Iterator[int]:
    """Positions of intervals that no value can reach, since the first that matches wins."""
    codes: set[str | None] = set()
    for index, interval in enumerate(intervals):
        before = intervals[:index]
        if interval.code is not None or any(one.code is not None for one in before):
            if interval.code in codes or None in codes:
                yield index
            codes.add(interval.code)
        elif interval.empty or _covered(interval, before):
            yield index


def _covered(interval: Interval, before: Sequence[Interval]) -> bool:
    """Whether the union of `before` contains the interval."""
    at = interval.low
    rest = [one for one in before if not one.empty]
    while True:
        nexts = [one for one in rest if one.low is None or (at is not None and one.low <= at)]
        if not nexts:
            return False
        if any(one.high is None for one in nexts):
            return True
        reach = max(one.high for one in nexts if one.high is not None)
        if interval.high is not None and reach >= interval.high:
            return True
        if at is not None and reach < at:
            return False
        at = reach + 1
