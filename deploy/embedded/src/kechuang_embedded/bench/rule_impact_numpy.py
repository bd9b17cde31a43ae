"""The national ladder of June 2027 written by hand in NumPy: what the engine over pack data is measured against.

Nothing here reads a pack; the results must be equal to the engine's for every enterprise. A rule a function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kechuang_embedded.bench.rule_impact_numpy_facts import (
    JUDGE,
    LARGE,
    NO,
    UNKNOWN,
    WAN,
    YEAR,
    YES,
    Codes,
    Ladder,
    Mask,
    either,
    every,
)

_PASS = 60


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the draft changes: HNTE's share of S&T staff and of high-tech income, SRDI's debt ratio, in percent."""

    hnte_staff: int = 10
    hnte_income: int = 60
    srdi_debt: int = 80


IN_FORCE = Thresholds()
DRAFT = Thresholds(hnte_staff=12, hnte_income=55, srdi_debt=75)


def ladder(mine: Ladder, t: Thresholds) -> dict[str, Codes]:
    """All seven rules."""
    return changing(mine, t) | {
        "national-labels/gazelle": gazelle(mine),
        "national-labels/single_champion": champion(mine),
        "national-srdi/little_giant": giant(mine),
        "national-srdi/tech_innovative_sme": tier1(mine),
        "national-tech-sme/tech_sme": tech_sme(mine),
    }


def changing(mine: Ladder, t: Thresholds) -> dict[str, Codes]:
    """Those of them that the draft changes; the others need not be run again for it."""
    return {"national-hnte/hnte": hnte(mine, t), "national-srdi/srdi_sme": srdi(mine, t)}


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
    return every(
        e.flag("resident_mainland"), e.at_most(e.fact("employees", y), 500),
        e.at_most(e.fact("sales_revenue", y), 20000 * WAN), e.at_most(e.fact("total_assets", y), 20000 * WAN),
        e.flag("product_allowed"), e.flag("major_incident", YEAR, wanted=False),
        e.flag("major_incident", y, wanted=False), e.flag("on_abnormal_list", wanted=False),
        e.flag("on_dishonest_list", wanted=False),
        either(score, e.held("national-hnte/hnte") * YES, e.flag("national_award_5y_top3"),
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
    return every(
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
    return either(
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
    return every(
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
    return every(
        _sme_gate(e), tier * YES, e.at_least(e.fact("niche_years", y), 3),
        either(e.at_least(e.fact("operating_revenue", y), 1500 * WAN),
             e.at_least(e.sum("new_equity", y, y - 1), 2000 * WAN)),
        e.rate(e.main_share, 800), e.rate(e.debt, t.srdi_debt * 10, most=True),
        e.at_least(e.fact("rd_expense", y), 100 * WAN), e.at_least(e.fact("rd_expense", y - 1), 100 * WAN),
        e.rate(e.rd_revenue[y], 30), e.rate(e.rd_revenue[y - 1], 30),
        either(e.at_least(e.fact("ip_class1_leading", None), 1), e.flag("provincial_award_3y_top3"),
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
    return every(
        _sme_gate(e), e.held("national-srdi/srdi_sme") * YES, e.at_least(e.fact("niche_years", y), 3),
        e.at_least(e.fact("operating_revenue", y), 5000 * WAN), e.rate(e.main_share, 900),
        np.where(holders, YES, grown), e.rate(e.debt, 750, most=True),
        e.at_least(e.sum("rd_expense", y, y - 1), 1200 * WAN), e.rate(e.rd_revenue[y], 30),
        e.rate(e.rd_revenue[y - 1], 30),
        either(e.at_least(e.fact("ip_class1_giant", None), 4), e.flag("national_award_3y_top3")),
        either(e.at_least(e.fact("market_share", y), 100_000), e.at_most(e.fact("market_rank_china", y), 3)),
        np.where(known, (field < 2) * YES, UNKNOWN),  # noqa: PLR2004  six_bases, key_chain come first
        _platform(e, holders, 6000), e.flag("group_conflict", wanted=False),
    )  # fmt: skip


def champion(e: Ladder) -> Codes:
    """制造业单项冠军企业."""
    y = YEAR - 1
    years, total = e.fact("niche_years", y), e.sum("main_business_revenue", y, y - 1, y - 2)
    return every(
        either(e.at_least(years, 10), every(e.flag("niche_is_new_product"), e.at_least(years, 5))),
        either(e.at_least(total, 120_000 * WAN),
             every(e.held("national-srdi/srdi_sme", "national-srdi/little_giant") * YES,
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
    return every(
        e.at_most((age, known), 15), e.rate(ratio, 1728), e.rate(e.ratio(spent, earned), 25, over=True),
        e.at_least(e.fact("operating_revenue", y - 3), 1000 * WAN),
    )  # fmt: skip
