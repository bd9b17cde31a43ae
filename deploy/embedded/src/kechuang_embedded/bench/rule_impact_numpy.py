"""The national ladder of June 2027 written by hand in NumPy: what the engine over pack data is measured against.

Nothing here reads a pack. Results are 0 unmet, 1 unknown, 2 for a person to judge, 3 met, and must be equal to the
engine's for every enterprise. Money is fen; rates are compared by cross multiplication, as the law decides at "at least".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]
Known = tuple[NDArray[Any], Mask]
Ratio = tuple[NDArray[np.int64], NDArray[np.int64], Mask]
Points = tuple[NDArray[np.int32], NDArray[np.int32]]

_PASS = 60
WAN = 1_000_000  # 万元 in fen
YES, JUDGE, UNKNOWN, NO = np.int8(3), np.int8(2), np.int8(1), np.int8(0)
YEAR = 2027  # of the assessment; the last full year is the one before


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the draft changes: HNTE's share of S&T staff and of high-tech income, SRDI's debt ratio, in percent."""

    hnte_staff: int = 10
    hnte_income: int = 60
    srdi_debt: int = 80


IN_FORCE = Thresholds()
DRAFT = Thresholds(hnte_staff=12, hnte_income=55, srdi_debt=75)

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


def ladder(mine: Ladder, t: Thresholds) -> dict[str, Codes]:
    """All seven rules."""
    return {
        "national-hnte/hnte": hnte(mine, t),
        "national-labels/gazelle": gazelle(mine),
        "national-labels/single_champion": champion(mine),
        "national-srdi/little_giant": giant(mine),
        "national-srdi/srdi_sme": srdi(mine, t),
        "national-srdi/tech_innovative_sme": tier1(mine),
        "national-tech-sme/tech_sme": tech_sme(mine),
    }


def _all(*parts: Codes) -> Codes:
    worst = parts[0]
    for part in parts[1:]:
        worst = np.minimum(worst, part)
    return worst


def _any(*parts: Codes) -> Codes:
    best = parts[0]
    for part in parts[1:]:
        best = np.maximum(best, part)
    return best


def tech_sme(e: Ladder) -> Codes:
    """科技型中小企业."""
    y = YEAR - 1
    staff = e.rates(e.st_share, (30, 20), (25, 16), (20, 12), (15, 8), (10, 4))
    rd = e.best(
        e.rates(e.rd_sales, (6, 50), (5, 40), (4, 30), (3, 20), (2, 10)),
        e.rates(e.rd_cost, (30, 50), (25, 40), (20, 30), (15, 20), (10, 10)),
    )
    ip = e.best(
        e.steps(*e.fact("ip_class1", None), (1, 30)),
        e.steps(*e.fact("ip_class2", None), (4, 24), (3, 18), (2, 12), (1, 6)),
    )
    low, high = staff[0] + rd[0] + ip[0], staff[1] + rd[1] + ip[1]
    failed, sure = (high < _PASS) | (staff[1] == 0), (low >= _PASS) & (staff[0] > 0)
    score = np.where(failed, NO, np.where(sure, YES, UNKNOWN))
    return _all(
        e.flag("resident_mainland"), e.at_most(e.fact("employees", y), 500),
        e.at_most(e.fact("sales_revenue", y), 20000 * WAN), e.at_most(e.fact("total_assets", y), 20000 * WAN),
        e.flag("product_allowed"), e.flag("major_incident", YEAR, wanted=False),
        e.flag("major_incident", y, wanted=False), e.flag("on_abnormal_list", wanted=False),
        e.flag("on_dishonest_list", wanted=False),
        _any(score, e.held("national-hnte/hnte") * YES, e.flag("national_award_5y_top3"),
             e.flag("has_provincial_rd_institution"), e.flag("led_standard_5y")),
    )  # fmt: skip


def hnte(e: Ladder, t: Thresholds) -> Codes:
    """高新技术企业."""
    y = YEAR - 1
    field, field_known = e.fact("hnte_field", None)
    sales, sales_known = e.fact("sales_revenue", y)
    per_mille = np.where(sales <= 5000 * WAN, 50, np.where(sales <= 20000 * WAN, 40, 30))
    share = e.ratio(e.rd_3y, e.sales_3y)
    share_met = np.where(share[2], (share[0] * 1000 >= share[1] * per_mille) * YES, UNKNOWN)
    score, score_known = e.fact("hnte_innovation_score", None)
    return _all(
        e.at_least(e.days, 365), e.judged("core_ip_judged"),
        np.where(field_known, (field < 8) * YES, UNKNOWN),  # noqa: PLR2004  the eight fields come first
        e.rate(e.st_share, t.hnte_staff * 10), np.where(sales_known, share_met, UNKNOWN),
        e.rate(e.ratio(e.rd_domestic_3y, e.rd_3y), 600),
        e.rate(e.ratio(e.fact("hightech_income", y), e.fact("total_income", y)), t.hnte_income * 10),
        np.where(score_known, (score > 7000) * YES, JUDGE),  # noqa: PLR2004  70 points in hundredths
        e.flag("major_incident", y, wanted=False),
    )  # fmt: skip


def tier1(e: Ladder) -> Codes:
    """科技和创新型中小企业."""
    y = YEAR - 1
    revenue, before = e.fact("main_business_revenue", y), e.fact("main_business_revenue", y - 1)
    growth = (revenue[0] - before[0], before[0], revenue[1] & before[1] & (before[0] != 0))
    ip = e.best(
        e.steps(*e.fact("ip_class1_high_value", None), (1, 20)),
        e.steps(*e.fact("ip_class1_own", None), (1, 15)),
        e.steps(*e.fact("ip_class1_leading", None), (1, 10)),
        e.steps(*e.fact("ip_class2_leading", None), (1, 5)),
    )
    rd = e.rates(e.rd_revenue[y], (5, 20), (3, 15), (2, 10), (1, 5))
    grown = e.rates(growth, (15, 20), (10, 15), (5, 10), (0, 5))
    owes, assets, known = e.debt
    points = np.where(
        owes * 100 <= assets * 55, np.int32(10), np.where(owes * 100 <= assets * 75, np.int32(5), np.int32(0))
    )
    debt = (np.where(known, points, np.int32(0)), np.where(known, points, np.int32(10)))
    strategic, there = e.fact("in_strategic_industry", None)
    field = (
        np.where(there & strategic, np.int32(10), np.int32(5)),
        np.where(there & ~strategic, np.int32(5), np.int32(10)),
    )
    share = e.rates(e.main_share, (70, 20), (60, 15), (55, 10), (50, 5))
    blocks = [(ip, rd, 20), (grown, debt, 15), (field, share, 15)]
    low = high = np.zeros(len(owes), np.int32)
    failed, sure = np.zeros(len(owes), bool), np.ones(len(owes), bool)
    for one, other, least in blocks:
        block_low, block_high = one[0] + other[0], one[1] + other[1]
        failed, sure = failed | (block_high < least), sure & (block_low >= least)
        low, high = low + block_low, high + block_high
    failed, sure = failed | (high < _PASS), sure & (low >= _PASS)
    score = np.where(failed, NO, np.where(sure, YES, UNKNOWN))
    return _any(
        e.held("national-tech-sme/tech_sme", "national-srdi/innovative_sme", "national-hnte/hnte") * YES,
        e.flag("award_3y"), e.flag("ip_demonstration"), e.flag("has_provincial_rd_institution"),
        e.at_least(e.sum("new_equity", y, y - 1, y - 2), 500 * WAN), score,
    )  # fmt: skip


def _large(e: Ladder) -> tuple[Mask, Mask]:
    """Who is large, and of whom it is known."""
    group, known = e.fact("industry_size_group", None)
    y = YEAR - 1
    limits = np.array([*LARGE.values()], np.int64) * np.array([1, WAN, WAN])
    large = np.ones(len(group), bool)
    for column, key in enumerate(("employees", "operating_revenue", "total_assets")):
        asked = limits[:, column][group]
        value, there = e.fact(key, y)
        large &= value >= asked
        known = known & (there | (asked == 0))
    return large, known


def _sme_gate(e: Ladder) -> Codes:
    large, known = _large(e)
    return _all(
        e.flag("independent_legal_person"), np.where(known, ~large * YES, UNKNOWN),
        e.flag("on_abnormal_list", wanted=False), e.flag("on_dishonest_list", wanted=False),
        *(e.flag("larger_incident", year, wanted=False) for year in (YEAR - 1, YEAR - 2, YEAR - 3)),
        e.flag("product_allowed"),
    )  # fmt: skip


def _platform(e: Ladder, holders: Mask, points: int) -> Codes:
    now, before = (e.at_least(e.fact("srdi_score", year), points) for year in (YEAR, YEAR - 1))
    return np.where(holders, np.maximum(now, before), now)


def srdi(e: Ladder, t: Thresholds) -> Codes:
    """专精特新中小企业; what is asked of holders at review differs in the platform's score alone."""
    y = YEAR - 1
    holders = e.held("national-srdi/srdi_sme")
    tier = e.held(
        "national-srdi/tech_innovative_sme", "national-srdi/innovative_sme", "national-tech-sme/tech_sme"
    )
    return _all(
        _sme_gate(e), tier * YES, e.at_least(e.fact("niche_years", y), 3),
        _any(e.at_least(e.fact("operating_revenue", y), 1500 * WAN),
             e.at_least(e.sum("new_equity", y, y - 1), 2000 * WAN)),
        e.rate(e.main_share, 800), e.rate(e.debt, t.srdi_debt * 10, most=True),
        e.at_least(e.fact("rd_expense", y), 100 * WAN), e.at_least(e.fact("rd_expense", y - 1), 100 * WAN),
        e.rate(e.rd_revenue[y], 30), e.rate(e.rd_revenue[y - 1], 30),
        _any(e.at_least(e.fact("ip_class1_leading", None), 1), e.flag("provincial_award_3y_top3"),
             e.flag("has_provincial_rd_institution")),
        e.judged("market_standing_judged"), _platform(e, holders, 5000),
    )  # fmt: skip


def giant(e: Ladder) -> Codes:
    """专精特新“小巨人”企业."""
    y = YEAR - 1
    holders = e.held("national-srdi/little_giant")
    growth = e.ratio(e.fact("operating_revenue", y), e.fact("operating_revenue", y - 2))
    grown = np.where(growth[2], (growth[0] * 10_000 >= growth[1] * 11_025) * YES, UNKNOWN)
    field, known = e.fact("leading_field", None)
    return _all(
        _sme_gate(e), e.held("national-srdi/srdi_sme") * YES, e.at_least(e.fact("niche_years", y), 3),
        e.at_least(e.fact("operating_revenue", y), 5000 * WAN), e.rate(e.main_share, 900),
        np.where(holders, YES, grown), e.rate(e.debt, 750, most=True),
        e.at_least(e.sum("rd_expense", y, y - 1), 1200 * WAN), e.rate(e.rd_revenue[y], 30),
        e.rate(e.rd_revenue[y - 1], 30),
        _any(e.at_least(e.fact("ip_class1_giant", None), 4), e.flag("national_award_3y_top3")),
        _any(e.at_least(e.fact("market_share", y), 100_000), e.at_most(e.fact("market_rank_china", y), 3)),
        np.where(known, (field < 2) * YES, UNKNOWN),  # noqa: PLR2004  six_bases, key_chain come first
        _platform(e, holders, 6000), e.flag("group_conflict", wanted=False),
    )  # fmt: skip


def champion(e: Ladder) -> Codes:
    """制造业单项冠军企业."""
    y = YEAR - 1
    years, total = e.fact("niche_years", y), e.sum("main_business_revenue", y, y - 1, y - 2)
    return _all(
        _any(e.at_least(years, 10), _all(e.flag("niche_is_new_product"), e.at_least(years, 5))),
        _any(e.at_least(total, 120_000 * WAN),
             _all(e.held("national-srdi/srdi_sme", "national-srdi/little_giant") * YES,
                  e.at_least(total, 60_000 * WAN))),
        e.at_most(e.fact("market_rank_world", y), 3), e.judged("technology_advanced_judged"),
    )  # fmt: skip


def gazelle(e: Ladder) -> Codes:
    """瞪羚企业."""
    y = YEAR - 1
    born, known = e.born, e.days[1]
    months = born.astype("datetime64[M]")
    month_day = (months.astype(np.int64) % 12 + 1) * 100 + (born - months).astype(np.int64) + 1
    age = YEAR - (born.astype("datetime64[Y]").astype(np.int64) + 1970) - (e.today < month_day)
    ratio = e.ratio(e.fact("operating_revenue", y), e.fact("operating_revenue", y - 3))
    spent, earned = (
        e.sum(key, y, y - 1, y - 2, y - 3) for key in ("st_activity_expense", "operating_revenue")
    )
    return _all(
        e.at_most((age, known), 15), e.rate(ratio, 1728), e.rate(e.ratio(spent, earned), 25, over=True),
        e.at_least(e.fact("operating_revenue", y - 3), 1000 * WAN),
    )  # fmt: skip
