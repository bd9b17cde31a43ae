"""优质中小企业: golden cases of tier 1, both versions of the upper tiers, transition to the new ones."""

from __future__ import annotations

import datetime as dt

import pytest

from enterprise_registry.ladders.assess import OccasionName
from enterprise_registry.ladders.results import Result
from kechuang_packs import Packs

from .companies import ON, SOUND, WAN, run, score_of
from .conftest import Compile

NONE_DIRECT: dict[str, object] = {
    "award_3y": False, "ip_demonstration": False, "has_provincial_rd_institution": False, "new_equity@2025": 0,
    "new_equity@2024": 0, "new_equity@2023": 0,
}  # fmt: skip


def tier1(rd: int, growth: int, debt: int, main: int, **ip: object) -> dict[str, object]:
    """Percentages of a company with 100万元 of revenue."""
    return {
        **NONE_DIRECT, "operating_revenue": 10_000 * WAN, "rd_expense": rd * 100 * WAN,
        "main_business_revenue@2025": main * 100 * WAN, "main_business_revenue@2024": main * 100 * WAN * 100 // (100 + growth),
        "total_assets": 100 * WAN, "total_liabilities": debt * WAN, "ip_class1_high_value": 0, "ip_class1_own": 0,
        "ip_class1_leading": 0, "ip_class2_leading": 0, **ip,
    }  # fmt: skip


def test_tier_1_golden_pass(rules: Compile) -> None:
    facts = tier1(3, 10, 60, 70, ip_class1_own=1, in_strategic_industry=False)
    found = run(rules("innovative-2022"), facts)
    assert [low for _, low, _ in score_of(found, "score").blocks] == [3000, 2000, 2500]
    assert found.result is Result.met


def test_tier_1_golden_fail_on_a_block_minimum(rules: Compile) -> None:
    facts = tier1(1, 20, 50, 75, ip_class1_leading=1, in_strategic_industry=True)
    found = run(rules("innovative-2022"), facts)
    assert [low for _, low, _ in score_of(found, "score").blocks] == [1500, 3000, 3000]
    assert score_of(found, "score").low == 7500
    assert found.result is Result.unmet


def srdi(**facts: object) -> dict[str, object]:
    return {
        **SOUND, "employees": 299, "operating_revenue": 1500 * WAN, "operating_revenue@2024": 1500 * WAN, "niche_years": 3,
        "new_equity@2025": 0, "new_equity@2024": 0, "main_business_revenue": 1200 * WAN, "total_assets": 1000 * WAN,
        "total_liabilities": 800 * WAN, "rd_expense@2025": 100 * WAN, "rd_expense@2024": 100 * WAN, "ip_class1_leading": 1,
        "market_standing_judged": True, "srdi_score@2026": 5000, "srdi_score@2025": 0,
        "provincial_award_3y_top3": False, "has_provincial_rd_institution": False, **facts,
    }  # fmt: skip


HELD = ("national-tech-sme/tech_sme",)


def test_srdi_2026_on_every_boundary(rules: Compile) -> None:
    assert run(rules("srdi-2026"), srdi(), HELD).result is Result.met


@pytest.mark.parametrize(
    ("leaf", "change"),
    [
        ("niche", {"niche_years": 2}),
        ("revenue", {"operating_revenue": 1500 * WAN - 1, "main_business_revenue": 1500 * WAN - 1}),
        ("main_share", {"main_business_revenue": 1200 * WAN - 1}),
        ("debt", {"total_liabilities": 800 * WAN + 1}),
        ("rd_amount", {"rd_expense@2024": 100 * WAN - 1}),
        ("rd_share", {"operating_revenue@2024": 10_000 * WAN}),
        ("ip", {"ip_class1_leading": 0}),
        ("platform_score", {"srdi_score@2026": 4999}),
        ("no_larger_incident", {"larger_incident@2023": True}),
    ],
)
def test_srdi_2026_just_below(rules: Compile, leaf: str, change: dict[str, object]) -> None:
    found = run(rules("srdi-2026"), srdi(**change), HELD)
    assert found.leaf(leaf).result is Result.unmet
    assert found.result is Result.unmet


def test_equity_replaces_revenue_and_a_provincial_award_replaces_ip(rules: Compile) -> None:
    low = {"operating_revenue": 500 * WAN, "main_business_revenue": 500 * WAN, "new_equity@2024": 2000 * WAN}
    assert run(rules("srdi-2026"), srdi(**low), HELD).result is Result.met
    waived = run(rules("srdi-2026"), srdi(ip_class1_leading=0, provincial_award_3y_top3=True), HELD)
    assert waived.leaf("ip").waived
    assert waived.result is Result.met


def test_no_rung_is_skipped(rules: Compile) -> None:
    assert run(rules("srdi-2026"), srdi()).leaf("prerequisite").result is Result.unmet


def test_review_takes_the_better_of_two_years(rules: Compile) -> None:
    facts = srdi(**{"srdi_score@2026": 4000, "srdi_score@2025": 5000})
    assert run(rules("srdi-2026"), facts, HELD, occasion="first").result is Result.unmet
    assert run(rules("srdi-2026"), facts, HELD, occasion="review").result is Result.met


def giant(**facts: object) -> dict[str, object]:
    return srdi(
        **{
            "operating_revenue@2025": 11_025 * WAN, "operating_revenue@2024": 10_500 * WAN, "operating_revenue@2023": 10_000 * WAN,
            "main_business_revenue": int(9922.5 * WAN), "total_liabilities": 750 * WAN, "rd_expense@2025": 700 * WAN,
            "rd_expense@2024": 500 * WAN, "ip_class1_giant": 4, "market_share": 100_000, "market_rank_china": 9,
            "leading_field": "key_chain", "srdi_score@2026": 6000, "group_conflict": False, "national_award_3y_top3": False,
        }
        | facts
    )  # fmt: skip


GIANT_HELD = (*HELD, "national-srdi/srdi_sme")


def test_giant_2026_on_every_boundary(rules: Compile) -> None:
    facts = giant(**{"rd_expense@2024": 500 * WAN, "operating_revenue": 11_025 * WAN})
    assert run(rules("giant-2026"), facts, GIANT_HELD).result is Result.met


@pytest.mark.parametrize(
    ("leaf", "change"),
    [
        ("growth", {"operating_revenue@2023": 10_000 * WAN + 1}),
        ("main_share", {"main_business_revenue": int(9922.5 * WAN) - 1}),
        ("rd_sum", {"rd_expense@2024": 500 * WAN - 1}),
        ("ip", {"ip_class1_giant": 3}),
        ("share", {"market_share": 99_999}),
        ("rank", {"market_rank_china": 4}),
        ("field", {"leading_field": "other"}),
        ("platform_score", {"srdi_score@2026": 5999}),
    ],
)
def test_giant_2026_just_below(rules: Compile, leaf: str, change: dict[str, object]) -> None:
    assert run(rules("giant-2026"), giant(**change), GIANT_HELD).leaf(leaf).result is Result.unmet


@pytest.mark.parametrize(
    ("on", "occasion", "rule"),
    [
        (dt.date(2026, 3, 31), "first", "srdi-2022"),
        (dt.date(2026, 4, 1), "first", "srdi-2026"),
        (dt.date(2026, 4, 1), "review", "srdi-2022"),
        (dt.date(2026, 12, 31), "review", "srdi-2022"),
        (dt.date(2027, 1, 1), "review", "srdi-2026"),
    ],
)
def test_the_version_follows_from_day_and_occasion(
    packs: Packs, on: dt.date, occasion: OccasionName, rule: str
) -> None:
    pack = packs.in_force("national-srdi", on)
    assert pack is not None
    found = packs.rule(pack, "srdi_sme", on, occasion)
    assert found is not None
    assert found[1].id == rule


def test_before_the_first_version_there_is_no_rule(packs: Packs) -> None:
    pack = packs.version("national-srdi", "2026.1")
    assert packs.rule(pack, "srdi_sme", dt.date(2022, 7, 31)) is None
    assert packs.in_force("national-srdi", dt.date(2022, 7, 31)) is None
    assert dt.date(2026, 4, 1) < ON
