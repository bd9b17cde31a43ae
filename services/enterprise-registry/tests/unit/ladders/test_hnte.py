"""高新技术企业: H1–H8 and the growth bands."""

from __future__ import annotations

import datetime as dt

import pytest

from enterprise_registry.ladders.results import Result

from .companies import ON, SOUND, WAN, run, score_of
from .conftest import Compile


def company(
    sales_wan: int = 5000, rd_wan: float = 250, facts: dict[str, object] | None = None
) -> dict[str, object]:
    yearly: dict[str, object] = {}
    for year in (2023, 2024, 2025):
        yearly |= {
            f"sales_revenue@{year}": sales_wan * WAN, f"rd_expense@{year}": int(rd_wan * WAN),
            f"rd_expense_domestic@{year}": int(rd_wan * WAN),
        }  # fmt: skip
    return {
        **SOUND, **yearly, "core_ip_judged": True, "hnte_field": "new_materials", "employees": 100, "st_staff": 10,
        "total_income": 1000 * WAN, "hightech_income": 600 * WAN, "hnte_innovation_score": 7001, **(facts or {}),
    }  # fmt: skip


def test_all_eight_on_their_boundaries(rules: Compile) -> None:
    assert run(rules("hnte-2016"), company()).result is Result.met


@pytest.mark.parametrize(
    ("leaf", "change"),
    [
        ("H1", {"establishment_date": ON - dt.timedelta(days=364)}),
        ("H2", {"core_ip_judged": False}),
        ("H3", {"hnte_field": "other"}),
        ("H4", {"employees": 101}),
        ("H5_share", {"rd_expense@2025": 250 * WAN - 1}),
        (
            "H5_domestic",
            {f"rd_expense_domestic@{year}": 150 * WAN - (year == 2025) for year in (2023, 2024, 2025)},
        ),
        ("H6", {"hightech_income": 600 * WAN - 1}),
        ("H7", {"hnte_innovation_score": 7000}),
        ("H8", {"major_incident@2025": True}),
    ],
)
def test_just_below_fails(rules: Compile, leaf: str, change: dict[str, object]) -> None:
    found = run(rules("hnte-2016"), company(facts=change))
    assert found.leaf(leaf).result is Result.unmet
    assert found.result is Result.unmet


@pytest.mark.parametrize(
    ("sales_wan", "rd_wan", "result"),
    [
        (5000, 250, Result.met), (5001, 200.04, Result.met), (5001, 200.03, Result.unmet),  # 5% up to 50 million, then 4%
        (20000, 800, Result.met), (20000, 799.9999, Result.unmet), (20001, 600.03, Result.met), (20001, 600.02, Result.unmet),
    ],
)  # fmt: skip
def test_rd_share_depends_on_last_years_sales(
    rules: Compile, sales_wan: int, rd_wan: float, result: Result
) -> None:
    assert run(rules("hnte-2016"), company(sales_wan, rd_wan)).leaf("H5_share").result is result


def test_a_young_enterprise_sums_the_years_it_has(rules: Compile) -> None:
    facts = {k: v for k, v in company().items() if not k.endswith(("@2023", "@2024"))}
    facts["establishment_date"] = dt.date(2025, 1, 10)
    assert run(rules("hnte-2016"), facts).leaf("H5_share").result is Result.met


def test_an_unscored_enterprise_waits_for_the_panel(rules: Compile) -> None:
    facts = company()
    del facts["hnte_innovation_score"]
    assert run(rules("hnte-2016"), facts).result is Result.manual_review


@pytest.mark.parametrize(
    ("years", "low", "high"),
    [
        ((100, 130, 169), 7, 8),
        ((100, 90, 120), 3, 4),
        ((100, 100, 100), 0, 0),
        ((0, 100, 135), 9, 10),
        ((100, 0, 50), 0, 0),
        ((100, 80, 60), 0, 0),
    ],
)
def test_growth_golden_cases(rules: Compile, years: tuple[int, int, int], low: int, high: int) -> None:
    facts = {f"net_assets@{2023 + i}": value * WAN for i, value in enumerate(years)}
    found = run(rules("hnte-innovation-capacity"), facts)
    line = next(one for one in score_of(found, "capacity").lines if one.line.id == "net_assets_growth")
    assert (line.points.low, line.points.high) == (low * 100, high * 100)
