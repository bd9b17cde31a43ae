"""Facts of enterprises and the tests that the rules written by hand make of them (`rule_impact_numpy`).

Results are 0 unmet, 1 unknown, 2 for a person to judge, 3 met. Money is fen; rates are compared by cross
multiplication, as the law decides at "at least".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]
Known = tuple[NDArray[Any], Mask]
Ratio = tuple[NDArray[np.int64], NDArray[np.int64], Mask]
Points = tuple[NDArray[np.int32], NDArray[np.int32]]

WAN = 1_000_000  # 万元 in fen
YES, JUDGE, UNKNOWN, NO = np.int8(3), np.int8(2), np.int8(1), np.int8(0)
YEAR = 2027  # of the assessment; the last full year is the one before


_EPOCH = dt.date(1970, 1, 1).toordinal()

# Least figures of a large enterprise: employees, revenue, assets (万元); 0 where the table asks none.
LARGE = {
    "agriculture": (0, 20000, 0), "industry": (1000, 40000, 0), "construction": (0, 80000, 80000),
    "wholesale": (200, 40000, 0), "retail": (300, 20000, 0), "transport": (1000, 30000, 0),
    "storage": (200, 30000, 0), "post": (1000, 30000, 0), "accommodation": (300, 10000, 0),
    "catering": (300, 10000, 0), "information_transmission": (2000, 100000, 0), "software": (300, 10000, 0),
    "real_estate": (0, 200000, 10000), "property_management": (1000, 5000, 0),
    "leasing_business": (300, 0, 120000), "other": (300, 0, 0),
}  # fmt: skip


class Ladder:
    """One chunk of the population; ratios that several rules use are computed once."""

    def __init__(
        self, facts: Mapping[tuple[str, int | None], Any], held: Mapping[str, Mask], on: dt.date
    ) -> None:
        self._facts, self._held = facts, held
        self.today = on.month * 100 + on.day
        y = YEAR - 1
        self.st_share = self.ratio(self.fact("st_staff", y), self.fact("employees", y))
        self.rd_sales = self.ratio(self.fact("rd_expense", y), self.fact("sales_revenue", y))
        self.rd_cost = self.ratio(self.fact("rd_expense", y), self.fact("cost_expense", y))
        self.rd_revenue = {
            year: self.ratio(self.fact("rd_expense", year), self.fact("operating_revenue", year))
            for year in (y, y - 1)
        }
        self.main_share = self.ratio(self.fact("main_business_revenue", y), self.fact("operating_revenue", y))
        self.debt = self.ratio(self.fact("total_liabilities", y), self.fact("total_assets", y))
        since = self.fact("establishment_date", None)
        self.born = (since[0] - _EPOCH).astype("datetime64[D]")
        began = self.born.astype("datetime64[Y]").astype(np.int64) + 1970
        self.rd_3y = self._young("rd_expense", began, since[1])
        self.sales_3y = self._young("sales_revenue", began, since[1])
        self.rd_domestic_3y = self._young("rd_expense_domestic", began, since[1])
        self.days = (on.toordinal() - since[0], since[1])

    def fact(self, key: str, year: int | None) -> Known:
        """Values and which are known."""
        found: Known = self._facts[key, year]
        return found

    @staticmethod
    def ratio(a: Known, b: Known) -> Ratio:
        """A rate; a divisor of zero leaves it unknown."""
        return a[0], b[0], a[1] & b[1] & (b[0] != 0)

    def _young(self, key: str, began: NDArray[np.int64], since: Mask) -> Known:
        total, known = np.zeros(len(began), np.int64), since.copy()
        for year in (YEAR - 1, YEAR - 2, YEAR - 3):
            value, there = self.fact(key, year)
            before = began > year
            total += np.where(before, 0, value)
            known &= there | before
        return total, known

    def sum(self, key: str, *years: int) -> Known:
        """The sum over years."""
        values = [self.fact(key, year) for year in years]
        total, known = values[0]
        for value, there in values[1:]:
            total, known = total + value, known & there
        return total, known

    def held(self, *nodes: str) -> Mask:
        """Who holds one of the nodes."""
        found = self._held[nodes[0]]
        for node in nodes[1:]:
            found = found | self._held[node]
        return found

    # -- tests -------------------------------------------------------------------------------------

    def flag(self, key: str, year: int | None = None, *, wanted: bool = True) -> Codes:
        """A flag."""
        value, known = self.fact(key, year)
        return np.where(known, (value if wanted else ~value) * YES, UNKNOWN)

    def judged(self, key: str) -> Codes:
        """A judgement that a person enters."""
        value, known = self.fact(key, None)
        return np.where(known, value * YES, JUDGE)

    @staticmethod
    def at_least(value: Known, limit: int) -> Codes:
        """A number that reaches a limit."""
        return np.where(value[1], (value[0] >= limit) * YES, UNKNOWN)

    @staticmethod
    def at_most(value: Known, limit: int) -> Codes:
        """A number that stays within a limit."""
        return np.where(value[1], (value[0] <= limit) * YES, UNKNOWN)

    @staticmethod
    def rate(ratio: Ratio, per_mille: int, *, most: bool = False, over: bool = False) -> Codes:
        """A rate that reaches, passes or stays within so many per mille."""
        left, right = ratio[0] * 1000, ratio[1] * per_mille
        met = left <= right if most else left > right if over else left >= right
        return np.where(ratio[2], met * YES, UNKNOWN)

    # -- points --------------------------------------------------------------------------------------

    @staticmethod
    def steps(value: NDArray[Any], known: Mask, *steps: tuple[int, int]) -> Points:
        """Points by number; steps of (at least, points), the highest first; unknown is an interval."""
        points = np.zeros(len(value), np.int32)
        for limit, worth in reversed(steps):
            points = np.where(value >= limit, np.int32(worth), points)
        return np.where(known, points, np.int32(0)), np.where(known, points, np.int32(steps[0][1]))

    @staticmethod
    def rates(ratio: Ratio, *steps: tuple[int, int]) -> Points:
        """Points by a rate in percent."""
        points = np.zeros(len(ratio[0]), np.int32)
        left = ratio[0] * 100
        for percent, worth in reversed(steps):
            points = np.where(left >= ratio[1] * percent, np.int32(worth), points)
        return np.where(ratio[2], points, np.int32(0)), np.where(ratio[2], points, np.int32(steps[0][1]))

    @staticmethod
    def best(*lines: Points) -> Points:
        """The best of several measures."""
        low, high = lines[0]
        for other in lines[1:]:
            low, high = np.maximum(low, other[0]), np.maximum(high, other[1])
        return low, high


def every(*parts: Codes) -> Codes:
    worst = parts[0]
    for part in parts[1:]:
        worst = np.minimum(worst, part)
    return worst


def either(*parts: Codes) -> Codes:
    best = parts[0]
    for part in parts[1:]:
        best = np.maximum(best, part)
    return best
