"""Every leaf of every rule of all packs, on each side of its boundary and without its facts.

The cases are made from the packs, so a rule that is added is tested by being there. What is expected is worked out
here from the words of the comparator, not by the engine; both evaluators must give it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from enterprise_registry.ladders.assess import PartResult, assess
from enterprise_registry.ladders.columns import assess_columns
from enterprise_registry.ladders.conditions import (
    BandedThreshold,
    CompiledRule,
    FactTest,
    Group,
    HoldsTest,
    JudgedTest,
    Part,
    Source,
)
from enterprise_registry.ladders.fact_columns import FactColumns
from enterprise_registry.ladders.factbase import FactRef, Filed
from enterprise_registry.ladders.results import Result
from enterprise_registry.ladders.tables import fact_columns
from kechuang_packs.models.conditions import Comparator, Occasion
from kechuang_packs.models.facts import Unit
from kechuang_packs.scalar import Value

from .leaf_cases import (
    ON,
    WORDS,
    LeafCase,
    base,
    every_part,
    first_span,
    inside,
    refs,
    step,
    stored,
)

EVERY = every_part()
Facts = dict[FactRef, int | bool | str | dt.date]


def leaves(kind: type) -> list[pytest.ParameterSet]:  # type: ignore[type-arg]  # any test
    return [pytest.param(each, id=each.label) for each in EVERY if isinstance(each.part.test, kind)]


FACTS = leaves(FactTest)
NUMBERS = [
    each for each in FACTS
    if each.values[0].part.test.unit not in (Unit.flag, Unit.code) and not isinstance(each.values[0].part.test.threshold, BandedThreshold)
]  # fmt: skip
BANDED = [each for each in FACTS if isinstance(each.values[0].part.test.threshold, BandedThreshold)]
WORDED = [each for each in FACTS if each.values[0].part.test.unit in (Unit.flag, Unit.code)]


def judged(rule: CompiledRule, facts: Facts, held: set[str], occasion: str = "first") -> PartResult:
    """The part by the explained engine, after the columns were seen to say the same."""
    found = assess(rule, base(rule, facts), held, ON, occasion)  # type: ignore[arg-type]  # the two occasions
    filed = fact_columns(rule.vocabulary, [{ref: Filed(value) for ref, value in facts.items()}], 1)
    table = FactColumns(rule.vocabulary, ON, 1, filed, {node: np.array([True]) for node in held})
    assert assess_columns(rule, table, occasion).tolist() == [int(found.result)]
    return found.root


def occasion_of(part: Part) -> str:
    return "first" if part.applies_to is Occasion.both else part.applies_to.value


def leaf(case: LeafCase, facts: Facts, held: set[str] | None = None) -> PartResult:
    return judged(case.alone, facts, held or set(), occasion_of(case.part))


def met(good: bool) -> Result:
    return Result.met if good else Result.unmet


@pytest.mark.parametrize("case", NUMBERS)
def test_a_number_before_at_and_after_its_threshold(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, FactTest)
    threshold = test.threshold
    assert isinstance(threshold, int) or hasattr(threshold, "denominator")
    where = refs(case.alone, test.fact, test.years_ago)
    least = step(test.unit)
    for value, expected in zip(
        (threshold - least, threshold, threshold + least), WORDS[test.comparator.value], strict=True
    ):
        facts: Facts = {ref: stored(test.unit, value) for ref in where}
        assert leaf(case, facts).result is met(expected), (value, test.comparator)
    _years(case, where, _values(test, threshold, least))


def _values(test: FactTest, threshold: Value, least: Value) -> tuple[Value, Value]:
    """One value that meets and one that does not."""
    tried = (threshold - least, threshold, threshold + least)  # type: ignore[operator]  # numbers
    words = WORDS[test.comparator.value]
    return tried[words.index(True)], tried[words.index(False)]


def _years(case: LeafCase, where: list[FactRef], values: tuple[Value, Value]) -> None:
    """Several years: each must meet, or one; a year that is missing leaves it open and is named."""
    test = case.part.test
    assert isinstance(test, FactTest)
    good, bad = (stored(test.unit, value) for value in values)
    for index, ref in enumerate(where):
        one_bad: Facts = {other: bad if other == ref else good for other in where}
        one_good: Facts = {other: good if other == ref else bad for other in where}
        if test.every_year:
            assert leaf(case, one_bad).result is Result.unmet
        else:
            assert leaf(case, one_good).result is Result.met
        gone: Facts = {other: good if test.every_year else bad for other in where if other != ref}
        found = leaf(case, gone)
        assert (found.result, found.missing) == (Result.unknown, (ref,)), index


@pytest.mark.parametrize("case", WORDED)
def test_a_flag_or_code_says_yes_no_or_nothing(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, FactTest)
    where = refs(case.alone, test.fact, test.years_ago)
    good, bad = _words(test)
    for value in good:
        assert leaf(case, dict.fromkeys(where, value)).result is Result.met, value
    for value in bad:
        assert leaf(case, dict.fromkeys(where, value)).result is Result.unmet, value
    _years(case, where, (good[0], bad[0]))


def _words(test: FactTest | JudgedTest) -> tuple[list[bool | str], list[bool | str]]:
    wanted = test.threshold if isinstance(test.threshold, frozenset) else frozenset({str(test.threshold)})
    match test.comparator:
        case Comparator.is_true:
            return [True], [False]
        case Comparator.is_false:
            return [False], [True]
        case Comparator.in_ | Comparator.eq:
            return sorted(wanted), ["none_of_them"]
        case _:
            return ["none_of_them"], sorted(wanted)


@pytest.mark.parametrize("case", BANDED)
def test_a_banded_threshold_at_the_ends_of_every_band(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, FactTest)
    assert isinstance(test.threshold, BandedThreshold)
    rule, bands = case.alone, test.threshold.bands
    unit = rule.vocabulary[test.threshold.by].unit
    where, by = refs(rule, test.fact, test.years_ago), refs(rule, test.threshold.by, test.years_ago)
    least = step(test.unit)
    seen = set()
    for span, _ in bands:
        for value in inside(span, unit):
            for near in (value - step(unit), value, value + step(unit)):  # type: ignore[operator]  # numbers
                index = first_span([each for each, _ in bands], near)
                place: Facts = {ref: stored(unit, near) for ref in by}
                if index is None:
                    facts = place | {ref: stored(test.unit, bands[0][1]) for ref in where}
                    assert leaf(case, facts).result is Result.not_applicable
                    continue
                seen.add(index)
                limit = bands[index][1]
                for tried, expected in zip(
                    (limit - least, limit, limit + least), WORDS[test.comparator.value], strict=True  # type: ignore[operator]  # numbers
                ):  # fmt: skip
                    facts = place | {ref: stored(test.unit, tried) for ref in where}
                    assert leaf(case, facts).result is met(expected), (near, tried)
                gone = leaf(case, place)
                assert gone.result is Result.unknown
                assert set(where) <= set(gone.missing)
    assert seen == set(range(len(bands))), "every band was entered"
    without = leaf(case, {ref: stored(test.unit, bands[0][1]) for ref in where})
    assert (without.result, set(by) <= set(without.missing)) == (Result.unknown, True)


@pytest.mark.parametrize("case", leaves(HoldsTest))
def test_each_recognition_counts_and_none_does_not(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, HoldsTest)
    assert leaf(case, {}).result is met(test.negate)
    assert leaf(case, {}, {"elsewhere/something"}).result is met(test.negate)
    for node in test.nodes:
        assert leaf(case, {}, {node}).result is met(not test.negate)


@pytest.mark.parametrize("case", leaves(JudgedTest))
def test_a_judgement_that_nobody_gave_is_left_to_a_person(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, JudgedTest)
    (where,) = refs(case.alone, test.fact, (1,))
    assert leaf(case, {}).result is Result.manual_review
    if test.unit in (Unit.flag, Unit.code):
        good, bad = _words(test)
        assert leaf(case, {where: good[0]}).result is Result.met
        assert leaf(case, {where: bad[0]}).result is Result.unmet
        return
    assert isinstance(test.threshold, int)
    for value, expected in zip(
        (test.threshold - 1, test.threshold, test.threshold + 1), WORDS[test.comparator.value], strict=True
    ):
        assert leaf(case, {where: value}).result is met(expected), value


def simple(part: Part) -> bool:
    return isinstance(part.test, FactTest | HoldsTest | JudgedTest) and not isinstance(
        getattr(part.test, "threshold", None), BandedThreshold
    )


def arranged(case: LeafCase, good: bool) -> tuple[Facts, set[str]]:
    """Facts and recognitions with which a simple leaf is met, or unmet."""
    test = case.part.test
    if isinstance(test, HoldsTest):
        return {}, set(sorted(test.nodes)[:1]) if good != test.negate else set()
    assert isinstance(test, FactTest | JudgedTest)
    years = test.years_ago if isinstance(test, FactTest) else (1,)
    where = refs(case.alone, test.fact, years)
    if test.unit in (Unit.flag, Unit.code):
        value: Value = _words(test)[0 if good else 1][0]
    else:
        threshold = test.threshold
        assert threshold is not None
        words = WORDS[test.comparator.value]
        value = (threshold - step(test.unit), threshold, threshold + step(test.unit))[words.index(good)]  # type: ignore[operator]  # numbers
    return {ref: stored(test.unit, value) for ref in where}, set()


MET = Part(HoldsTest(frozenset(), negate=True), Source("yes", None, (), None, None, policy=True), Occasion.both, False, None)  # fmt: skip
VETOES = [pytest.param(each, id=each.label) for each in EVERY if each.part.veto and simple(each.part)]
DATED = [
    pytest.param(each, id=each.label) for each in EVERY
    if each.part.applies_to is not Occasion.both and simple(each.part)
]  # fmt: skip
WAIVED = [pytest.param(each, id=each.label) for each in EVERY if each.part.waived_by and simple(each.part)]


@pytest.mark.parametrize("case", VETOES)
def test_a_veto_fails_the_rule_whatever_else_is_met(case: LeafCase) -> None:
    alone = case.alone
    either = replace(alone, root=replace(MET, test=Group(1, (alone.root, MET))))
    for good, expected in ((True, Result.met), (False, Result.unmet)):
        facts, held = arranged(case, good)
        found = assess(either, base(alone, facts), held, ON)
        assert found.result is expected
    alone_open = leaf(case, {}).result
    found = assess(either, base(alone, {}), set(), ON)
    assert found.result is alone_open, "while a veto is open, nothing is met for sure"


@pytest.mark.parametrize("case", DATED)
def test_a_part_for_one_occasion_does_not_apply_on_the_other(case: LeafCase) -> None:
    own = case.part.applies_to.value
    other = "review" if own == "first" else "first"
    for good in (True, False):
        facts, held = arranged(case, good)
        assert judged(case.alone, facts, held, own).result is met(good)
        assert judged(case.alone, facts, held, other).result is Result.not_applicable


@pytest.mark.parametrize("case", WAIVED)
def test_a_waiver_stands_in_and_an_unknown_one_leaves_it_open(case: LeafCase) -> None:
    from .leaf_cases import flat

    rule = replace(case.rule, root=case.part, vocabulary=flat(case.rule, case.part))
    for each in (part for part in EVERY_WAIVER[id(case.part)] if simple(part)):
        waiver = LeafCase(case.rule, each)
        bad, held_bad = arranged(case, good=False)
        good, held_good = arranged(case, good=True)
        stands, held = arranged(waiver, good=True)
        found = judged(rule, bad | stands, held_bad | held)
        assert (found.result, found.waived) == (Result.met, True)
        failing: Facts = {}
        for other in EVERY_WAIVER[id(case.part)]:
            if simple(other):
                failing |= arranged(LeafCase(case.rule, other), good=False)[0]
        assert judged(rule, bad | failing, held_bad).result is Result.unmet
        assert judged(rule, good | failing, held_good).result is Result.met
        if not isinstance(each.test, HoldsTest):
            assert judged(rule, bad, held_bad).result is Result.unknown


def _waivers() -> dict[int, list[Part]]:
    from .leaf_cases import parts

    return {
        id(each.part): [part for part in parts(each.part.waived_by) if not isinstance(part.test, Group)]
        for each in EVERY
        if each.part.waived_by is not None
    }


EVERY_WAIVER = _waivers()


def test_the_cases_are_all_there() -> None:
    """No leaf is left out: every kind of leaf of every pack is in one of the lists above or in the scores'."""
    from enterprise_registry.ladders.conditions import ScoreTest

    counted = len(NUMBERS) + len(BANDED) + len(WORDED) + len(leaves(HoldsTest)) + len(leaves(JudgedTest))
    everything = [each for each in EVERY if not isinstance(each.part.test, Group | ScoreTest)]
    assert counted == len(everything)
    assert counted > 100
    assert VETOES
    assert DATED
    assert WAIVED
