"""Scores worked out by hand: intervals of points for given values, and values that reach a wanted sum exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from enterprise_registry.ladders.conditions import Block, Line, Measure, ScoreTest
from enterprise_registry.ladders.results import Result
from enterprise_registry.ladders.vocabulary import Vocabulary
from kechuang_packs.models.facts import Unit
from kechuang_packs.scalar import Value

from .leaf_cases import first_span, inside, step

Values = Mapping[str, Value]
"""By fact; what is not there is unknown."""


@dataclass(frozen=True)
class Interval:
    """Points between low and high (hundredths)."""

    low: int
    high: int
    unknown: bool = False


def measured(measure: Measure, most: int, values: Values) -> Interval:
    """One measure, read from the words of its brackets."""
    value = values.get(measure.fact)
    if measure.judged:
        points = None if value is None else min(most, int(value))
        return Interval(0, most) if points is None else Interval(points, points)
    if measure.points_per is not None:
        if value is None:
            return Interval(0, most, unknown=True)
        points = max(0, min(most, int(value) * measure.points_per))
        return Interval(points, points)
    if value is None:
        return Interval(
            min(low for _, low, _ in measure.brackets),
            min(most, max(high for _, _, high in measure.brackets)),
            unknown=True,
        )
    index = first_span([span for span, _, _ in measure.brackets], value)
    if index is None:
        return Interval(0, 0)
    _, low, high = measure.brackets[index]
    return Interval(min(most, low), min(most, high))


def lined(line: Line, values: Values) -> Interval:
    """One line: the best, the sum, or the chosen one of its measures."""
    found = [measured(each, line.max, values) for each in line.measures]
    if line.choose == "chosen":
        chosen = values.get(line.chosen_by or "")
        if chosen is None:
            return Interval(min(each.low for each in found), max(each.high for each in found), unknown=True)
        fitting = [each for measure, each in zip(line.measures, found, strict=True) if measure.id == chosen]
        return fitting[0] if fitting else Interval(0, 0)
    if line.choose == "best":
        low, high = max(each.low for each in found), max(each.high for each in found)
    else:
        low = min(line.max, sum(each.low for each in found))
        high = min(line.max, sum(each.high for each in found))
    return Interval(low, high, low != high and any(each.unknown for each in found))


def blocked(block: Block, values: Values) -> tuple[int, int]:
    """A block under its cap."""
    lines = [lined(line, values) for line in block.lines]
    return min(block.max, sum(each.low for each in lines)), min(block.max, sum(each.high for each in lines))


def totalled(test: ScoreTest, values: Values) -> tuple[int, int]:
    """The whole under its cap."""
    blocks = [blocked(block, values) for block in test.blocks]
    return min(test.total, sum(low for low, _ in blocks)), min(test.total, sum(high for _, high in blocks))


def expected(test: ScoreTest, values: Values) -> Result:
    """What the score says: sure, failed whatever comes, or open."""
    low, high = totalled(test, values)
    sure = failed = False
    if test.pass_mark is not None:
        mark = test.pass_mark + (1 if test.strict else 0)
        sure, failed = low >= mark, high < mark
    else:
        sure = True
    unknown = False
    for block in test.blocks:
        block_low, block_high = blocked(block, values)
        if block.minimum is not None:
            sure, failed = sure and block_low >= block.minimum, failed or block_high < block.minimum
        for line in block.lines:
            one = lined(line, values)
            unknown = unknown or one.unknown
            if line.nonzero:
                sure, failed = sure and one.low > 0, failed or one.high == 0
    if failed:
        return Result.unmet
    return Result.met if sure else Result.unknown if unknown else Result.manual_review


def tried(measure: Measure, most: int, unit: Unit) -> list[Value]:
    """Values of a measure that earn every number of points it can, those at the ends of its brackets among them."""
    if measure.judged:
        return list(range(0, most + 1, 50))
    if measure.points_per is not None:
        return list(range(most // measure.points_per + 3))
    if unit is Unit.flag:
        return [True, False]
    found: list[Value] = ["none_of_them"] if unit is Unit.code else []
    for span, _, _ in measure.brackets:
        for value in inside(span, unit):
            near = [value] if unit is Unit.code else [value, value - step(unit), value + step(unit)]  # type: ignore[operator]  # numbers
            found += [each for each in near if each not in found]
    return found


def picks(line: Line, words: Vocabulary) -> list[dict[str, Value]]:
    """Ways to fill in a line, all its facts known."""
    ways = []
    options = [tried(each, line.max, words[each.fact].unit) for each in line.measures]
    facts = [each.fact for each in line.measures]
    chosen = [each.id for each in line.measures] if line.chosen_by else [None]
    few = options if len(options) == 1 else [each[:8] for each in options]
    for combination in product(*few):
        for choice in chosen:
            way = dict(zip(facts, combination, strict=True))
            if line.chosen_by and choice:
                way[line.chosen_by] = choice
            ways.append(way)
    return ways


def reaching(lines: list[Line], words: Vocabulary, *, high: bool) -> dict[int, dict[str, Value]]:
    """Sum of the lines' points (low or high ends) → values that make it."""
    sums: dict[int, dict[str, Value]] = {0: {}}
    for line in lines:
        by_points: dict[int, dict[str, Value]] = {}
        for way in picks(line, words):
            one = lined(line, way)
            points = one.high if high else one.low
            if points > 0 or not line.nonzero:
                by_points.setdefault(points, way)
        sums = {
            total + points: values | way
            for total, values in sums.items()
            for points, way in by_points.items()
        }
    return sums


def reaching_total(test: ScoreTest, words: Vocabulary, *, high: bool) -> dict[int, dict[str, Value]]:
    """The same for the whole score, each block under its cap."""
    sums: dict[int, dict[str, Value]] = {0: {}}
    for block in test.blocks:
        mine = reaching(list(block.lines), words, high=high)
        sums = {
            min(test.total, total + min(block.max, points)): values | way
            for total, values in sums.items()
            for points, way in mine.items()
        }
    return sums


def best(block: Block, words: Vocabulary) -> dict[str, Value]:
    """Values that earn a block's most."""
    sums = reaching(list(block.lines), words, high=False)
    return sums[max(sums)]
