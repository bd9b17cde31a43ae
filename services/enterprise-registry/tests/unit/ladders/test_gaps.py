"""The gap says the least change that meets a leaf, and when it can."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from enterprise_registry.ladders.assess import assess
from enterprise_registry.ladders.conditions import CompiledRule
from enterprise_registry.ladders.factbase import FactBase, Filed
from enterprise_registry.ladders.gaps import NodeGap, node_gap
from enterprise_registry.ladders.results import Result

from .companies import ON, WAN, base
from .conftest import Compile
from .test_hnte import company


def gap_of(
    rule: CompiledRule, given: dict[str, object], held: tuple[str, ...] = (), on: dt.date = ON
) -> NodeGap:
    """The gap of a company."""
    facts = base(rule, given, on)
    return node_gap(assess(rule, facts, held, on), facts, held)


def test_staff_share_is_one_person_short(rules: Compile) -> None:
    found = gap_of(rules("hnte-2016"), company(facts={"employees": 105}))
    (gap,) = found.gaps
    changes = {change.fact: (change.needed, change.delta) for change in gap.changes}
    assert gap.leaf == "H4"
    assert changes == {"st_staff": (11, 1), "employees": (100, -5)}
    assert found.earliest == dt.date(2027, 1, 1)  # the staff of a closed year stays what it was


def test_registered_for_a_year_comes_by_itself(rules: Compile) -> None:
    found = gap_of(rules("hnte-2016"), company(facts={"establishment_date": dt.date(2025, 6, 11)}))
    (gap,) = found.gaps
    assert gap.changes == ()
    assert gap.earliest == dt.date(2026, 6, 11)


def test_a_judgement_has_no_date(rules: Compile) -> None:
    facts = company()
    del facts["hnte_innovation_score"]
    found = gap_of(rules("hnte-2016"), facts)
    assert [(gap.leaf, gap.result, gap.earliest) for gap in found.gaps] == [
        ("H7", Result.manual_review, None)
    ]
    assert found.earliest is None


def test_an_unknown_leaf_names_what_to_provide(rules: Compile) -> None:
    facts = company()
    del facts["st_staff"]
    found = gap_of(rules("hnte-2016"), facts)
    (gap,) = found.gaps
    assert gap.provide == (("st_staff", 2025),)


@pytest.mark.parametrize(("bad_years", "free"), [((2025,), 2029), ((2023,), 2027), ((2024, 2025), 2029)])
def test_a_bad_year_has_to_leave_the_window(rules: Compile, bad_years: tuple[int, ...], free: int) -> None:
    from .test_srdi import HELD, srdi

    facts = srdi(**{f"larger_incident@{year}": True for year in bad_years})
    found = gap_of(rules("srdi-2026"), facts, HELD)
    assert found.earliest == dt.date(free, 1, 1)


def test_every_proposed_change_meets_its_leaf_and_one_step_less_does_not(rules: Compile) -> None:
    from .test_columns_agree import population

    rule, rng, tried = rules("hnte-2016"), random.Random(7), 0
    for row in population(rule, rng, 0.05)[:60]:
        facts = FactBase(rule.vocabulary, ON, row)
        for gap in node_gap(assess(rule, facts, (), ON), facts, ()).gaps:
            for change in gap.changes:
                needed = change.needed
                if change.delta is None or change.current is None or isinstance(needed, tuple):
                    continue
                ref, step = (change.fact, change.year), 1 if change.delta > 0 else -1
                changed = facts.with_facts({ref: Filed(needed)})
                nearly = facts.with_facts({ref: Filed(needed - step)})
                assert assess(rule, changed, (), ON).leaf(gap.leaf or "").result is Result.met
                assert assess(rule, nearly, (), ON).leaf(gap.leaf or "").result is not Result.met
                tried += 1
    assert tried > 50


def test_points_that_are_short_and_the_lines_that_could_give_them(rules: Compile) -> None:
    from .test_tech_sme import company as tech

    facts = tech(employees=100, st_staff=18, rd_expense=45 * WAN, cost_expense=10_000 * WAN, ip_class2=3)
    found = gap_of(rules("tech-sme-2017"), facts)
    gap = next(gap for gap in found.gaps if gap.leaf == "score")
    assert gap.points_short == 400
    assert {line.line: line.points for line in gap.lines} == {"st_staff": 800, "rd_input": 3000, "ip": 1800}
    needed = {change.fact: change.needed for change in gap.changes}
    assert needed["st_staff"] == 20
    assert needed["rd_expense"] == 50 * WAN
    assert needed["ip_class2"] == 4
