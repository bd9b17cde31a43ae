"""科技型中小企业: the golden cases of the scoring and both sides of every threshold."""

from __future__ import annotations

import pytest

from enterprise_registry.ladders.results import Result

from .companies import SOUND, WAN, YUAN, run, score_of
from .conftest import Compile


def company(**facts: object) -> dict[str, object]:
    return {
        **SOUND, "sales_revenue": 1000 * WAN, "total_assets": 2000 * WAN, "cost_expense": 1000 * WAN,
        "has_provincial_rd_institution": False, "national_award_5y_top3": False, "led_standard_5y": False,
        "ip_class1": 0, "ip_class2": 0, **facts,
    }  # fmt: skip


def without(facts: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name not in names}


@pytest.mark.parametrize(
    ("staff", "st_staff", "rd_wan", "ip", "points", "result"),
    [
        (100, 10, 60, {"ip_class2": 1}, 60, Result.met),  # exactly on the pass mark
        (100, 9, 80, {"ip_class1": 1}, 80, Result.unmet),  # 80 points, but the staff item is zero
        (100, 18, 45, {"ip_class2": 3}, 56, Result.unmet),
        (100, 30, 30, {"ip_class1": 1}, 70, Result.met),
    ],
)
def test_golden_cases_by_sales(
    rules: Compile,
    staff: int,
    st_staff: int,
    rd_wan: float,
    ip: dict[str, object],
    points: int,
    result: Result,
) -> None:
    # cost is so high that only the share of sales can earn points
    facts = company(
        employees=staff, st_staff=st_staff, rd_expense=rd_wan * WAN, cost_expense=10_000 * WAN, **ip
    )
    found = run(rules("tech-sme-2017"), facts)
    score = score_of(found, "score")
    assert (score.low, score.high) == (points * 100, points * 100)
    assert found.result is result


def test_golden_case_by_cost_with_unknown_sales_share(rules: Compile) -> None:
    """29.99 percent of cost earns 40; the unknown share of sales could only add, so the case is decided."""
    facts = company(
        employees=50, st_staff=5, rd_expense=2999 * YUAN, cost_expense=10_000 * YUAN, ip_class2=4,
    )  # fmt: skip
    found = run(rules("tech-sme-2017"), without(facts, "sales_revenue"))
    assert score_of(found, "score").low == 6800
    assert found.leaf("score").result is Result.met
    assert found.result is Result.unknown  # the cap on sales is not known
    assert found.missing == (("sales_revenue", 2025),)


@pytest.mark.parametrize(
    ("fact", "on_it", "beyond"),
    [
        ("employees", 500, 501),
        ("sales_revenue", 20_000 * WAN, 20_000 * WAN + 1),
        ("total_assets", 20_000 * WAN, 20_000 * WAN + 1),
    ],
)
def test_caps_include_their_number(rules: Compile, fact: str, on_it: int, beyond: int) -> None:
    facts = company(employees=100, st_staff=60, rd_expense=1300 * WAN, ip_class1=1, cost_expense=2000 * WAN)
    if fact == "employees":
        facts["st_staff"] = 200
    assert run(rules("tech-sme-2017"), {**facts, fact: on_it}).result is Result.met
    assert run(rules("tech-sme-2017"), {**facts, fact: beyond}).result is Result.unmet


@pytest.mark.parametrize(
    ("st_staff", "points"),
    [(30, 20), (29, 16), (25, 16), (24, 12), (20, 12), (19, 8), (15, 8), (14, 4), (10, 4), (9, 0)],
)
def test_staff_brackets(rules: Compile, st_staff: int, points: int) -> None:
    found = run(rules("tech-sme-2017"), company(employees=100, st_staff=st_staff, rd_expense=0))
    assert score_of(found, "score").lines[0].points.low == points * 100


@pytest.mark.parametrize(
    ("fen", "points"),
    [
        (600_000, 50),
        (599_999, 40),
        (500_000, 40),
        (499_999, 30),
        (400_000, 30),
        (300_000, 20),
        (200_000, 10),
        (199_999, 0),
    ],
)
def test_rd_brackets_to_the_fen(rules: Compile, fen: int, points: int) -> None:
    facts = company(employees=100, st_staff=10, rd_expense=fen, sales_revenue=10_000_000, cost_expense=10**12)
    assert score_of(run(rules("tech-sme-2017"), facts), "score").lines[1].points.low == points * 100


def test_a_high_tech_certificate_passes_directly(rules: Compile) -> None:
    facts = company(employees=100, st_staff=0, rd_expense=0)
    assert run(rules("tech-sme-2017"), facts).result is Result.unmet
    assert run(rules("tech-sme-2017"), facts, ("national-hnte/hnte",)).result is Result.met


def test_an_accident_last_year_fails_and_ends_with_the_window(rules: Compile) -> None:
    facts = company(employees=100, st_staff=30, rd_expense=60 * WAN, ip_class1=1)
    assert run(rules("tech-sme-2017"), {**facts, "major_incident@2025": True}).result is Result.unmet
    assert run(rules("tech-sme-2017"), without(facts, "major_incident@2026")).result is Result.unknown


def test_evidence_is_submitted_until_verified(rules: Compile) -> None:
    from enterprise_registry.ladders.assess import assess

    from .companies import ON, base

    rule, facts = rules("tech-sme-2017"), company(employees=100, st_staff=30, rd_expense=60 * WAN)
    for verified, evidence in ((True, "verified"), (False, "submitted")):
        found = assess(rule, base(rule, facts, verified=verified), (), ON)
        assert found.leaf("employees").evidence == evidence
        assert found.leaf("employees").source.clause == ("art. 6(1)",)
