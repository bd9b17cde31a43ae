"""Every score of every pack: each bracket at its ends, the pass mark, caps and minima of blocks, lines that may not be 0."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from enterprise_registry.ladders.assess import PartResult
from enterprise_registry.ladders.conditions import ScoreTest
from enterprise_registry.ladders.results import Result

from .leaf_cases import ON, LeafCase, stored
from .score_cases import Values, best, expected, lined, picks, reaching, reaching_total, totalled
from .test_every_leaf import EVERY, Facts, judged, occasion_of

SCORES = [pytest.param(each, id=each.label) for each in EVERY if isinstance(each.part.test, ScoreTest)]


def answered(case: LeafCase, values: Values) -> PartResult:
    """The engine's answer, after both evaluators agreed and the sum was found as worked out by hand."""
    test, rule = case.part.test, case.alone
    assert isinstance(test, ScoreTest)
    facts: Facts = {}
    for fact, value in values.items():
        known = rule.vocabulary[fact]
        for ago in _years(test, fact):
            facts[known.key, ON.year - ago if known.yearly else None] = stored(known.unit, value)
    found = judged(rule, facts, set(), occasion_of(case.part))
    assert found.score is not None
    assert (found.score.low, found.score.high) == totalled(test, values), values
    assert found.result is expected(test, values), values
    return found


def _years(test: ScoreTest, fact: str) -> set[int]:
    lines = [line for block in test.blocks for line in block.lines]
    years = {m.years_ago for line in lines for m in line.measures if m.fact == fact}
    return years | ({1} if any(line.chosen_by == fact for line in lines) else set())


@pytest.mark.parametrize("case", SCORES)
def test_every_bracket_at_its_ends(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, ScoreTest)
    rng = random.Random(case.label)
    for block in test.blocks:
        for line in block.lines:
            earned = set()
            for way in rng.sample(ways := picks(line, case.alone.vocabulary), min(40, len(ways))):
                found = answered(case, way)
                assert found.score is not None
                (mine,) = [
                    one for one in found.score.lines if (one.block, one.line.id) == (block.id, line.id)
                ]
                one = lined(line, way)
                assert (mine.points.low, mine.points.high) == (one.low, one.high), way
                earned.add(mine.points.low)
            assert len(earned) > 1, "the line can make a difference"


@pytest.mark.parametrize("case", SCORES)
def test_at_the_pass_mark_and_the_step_before(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, ScoreTest)
    if test.pass_mark is None:
        return
    mark = test.pass_mark + (1 if test.strict else 0)
    words = case.alone.vocabulary
    sure = reaching_total(test, words, high=False)
    reached = min(total for total in sure if total >= mark)
    passing = answered(case, sure[reached])
    if all(block.minimum is None for block in test.blocks):
        assert passing.result is Result.met
    hopeless = reaching_total(test, words, high=True)
    failing = max(total for total in hopeless if total < mark)
    assert answered(case, hopeless[failing]).result is Result.unmet
    assert failing < mark <= reached
    assert mark - failing <= 500, "the next lower sum that can be reached"


@pytest.mark.parametrize("case", SCORES)
def test_a_block_below_its_minimum_fails_however_many_points_the_rest_has(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, ScoreTest)
    words = case.alone.vocabulary
    for block in test.blocks:
        if block.minimum is None:
            continue
        rest: dict[str, object] = {}
        for other in test.blocks:
            if other is not block:
                rest |= best(other, words)
        sums = reaching(list(block.lines), words, high=False)
        least = min(total for total in sums if total >= block.minimum)
        short = max(total for total in sums if total < block.minimum)
        assert answered(case, rest | sums[least]).result is Result.met  # type: ignore[arg-type]  # values
        found = answered(case, rest | sums[short])  # type: ignore[arg-type]  # values
        assert found.result is Result.unmet
        assert found.score is not None
        if test.pass_mark is not None:
            assert found.score.low >= test.pass_mark, "the sum alone would pass"


@pytest.mark.parametrize("case", SCORES)
def test_a_line_that_may_not_be_zero(case: LeafCase) -> None:
    test = case.part.test
    assert isinstance(test, ScoreTest)
    words = case.alone.vocabulary
    full: dict[str, object] = {}
    for block in test.blocks:
        full |= best(block, words)
    for block in test.blocks:
        for line in block.lines:
            if not line.nonzero:
                continue
            zero = next(way for way in picks(line, words) if lined(line, way).high == 0)
            assert answered(case, full).result is Result.met  # type: ignore[arg-type]  # values
            assert answered(case, full | zero).result is Result.unmet  # type: ignore[arg-type]  # values


@pytest.mark.parametrize("case", SCORES)
def test_missing_facts_are_intervals_and_are_named(case: LeafCase) -> None:
    """Nothing known: open. Then one fact after the other: each step by hand, and what is missing is named."""
    test = case.part.test
    assert isinstance(test, ScoreTest)
    words = case.alone.vocabulary
    everything = {line.id: picks(line, words) for block in test.blocks for line in block.lines}
    rng = random.Random(case.label)
    for _ in range(30):
        values: dict[str, object] = {}
        for ways in everything.values():
            values |= {fact: each for fact, each in rng.choice(ways).items() if rng.random() < 0.7}
        found = answered(case, values)  # type: ignore[arg-type]  # values
        if found.result is Result.unknown:
            assert {key for key, _ in found.missing} <= {each.key for each in words.facts.values()}
            assert found.missing
            assert not {key for key, _ in found.missing} & values.keys()
    nothing = answered(case, {})
    if test.pass_mark is not None:
        assert nothing.result in (Result.unknown, Result.manual_review)


def test_caps_of_lines_and_blocks_hold() -> None:
    """Points beyond a cap earn nothing: every cap of every score is exceeded once, by making the caps lower."""
    for parameter in SCORES:
        case = parameter.values[0]
        test = case.part.test
        assert isinstance(test, ScoreTest)
        words = case.alone.vocabulary
        full: dict[str, object] = {}
        for block in test.blocks:
            full |= best(block, words)
        halved = replace(
            test,
            blocks=tuple(
                replace(
                    block,
                    max=block.max // 2,
                    minimum=None,
                    lines=tuple(replace(line, max=max(1, line.max // 2)) for line in block.lines),
                )
                for block in test.blocks
            ),
        )
        lowered = LeafCase(case.rule, replace(case.part, test=halved))
        found = answered(lowered, full)  # type: ignore[arg-type]  # values
        assert found.score is not None
        assert found.score.low <= sum(block.max for block in halved.blocks)
