"""Scores with unknown lines: every line is an interval of points, so a score can be decided before all is known."""

from __future__ import annotations

from dataclasses import dataclass

from enterprise_registry.ladders.conditions import Line, Measure, ScoreTest
from enterprise_registry.ladders.factbase import FactBase, FactRef
from enterprise_registry.ladders.results import Result
from kechuang_packs.scalar import Missing


@dataclass(frozen=True, slots=True)
class Points:
    """Points in hundredths, between `low` and `high`; why they are open, if they are."""

    low: int
    high: int
    unknown: bool = False
    judged: bool = False


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line of a score."""

    block: str
    line: Line
    points: Points
    measure: str | None
    """the measure that made the points, when one alone did"""
    missing: tuple[FactRef, ...]


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """The lines, the sum by block (capped), the total, the result."""

    lines: tuple[LineResult, ...]
    blocks: tuple[tuple[str, int, int], ...]
    low: int
    high: int
    result: Result


def score(test: ScoreTest, facts: FactBase) -> ScoreResult:
    """Score one organisation."""
    lines: list[LineResult] = []
    blocks: list[tuple[str, int, int]] = []
    failed, sure = False, True
    for block in test.blocks:
        results = [_line(block.id, line, facts) for line in block.lines]
        lines += results
        low = min(block.max, sum(one.points.low for one in results))
        high = min(block.max, sum(one.points.high for one in results))
        blocks.append((block.id, low, high))
        if block.minimum is not None:
            failed |= high < block.minimum
            sure &= low >= block.minimum
        for one in results:
            if one.line.nonzero:
                failed |= one.points.high == 0
                sure &= one.points.low > 0
    total_low = min(test.total, sum(low for _, low, _ in blocks))
    total_high = min(test.total, sum(high for _, _, high in blocks))
    if test.pass_mark is not None:
        failed |= not _passes(total_high, test.pass_mark, strict=test.strict)
        sure &= _passes(total_low, test.pass_mark, strict=test.strict)
    unknown = any(one.points.unknown for one in lines)
    result = (
        Result.unmet
        if failed
        else Result.met
        if sure
        else Result.unknown
        if unknown
        else Result.manual_review
    )
    return ScoreResult(tuple(lines), tuple(blocks), total_low, total_high, result)


def _passes(points: int, mark: int, *, strict: bool) -> bool:
    return points > mark if strict else points >= mark


def _line(block: str, line: Line, facts: FactBase) -> LineResult:
    base = facts.fresh()
    measured = [_measure(measure, line.max, base) for measure in line.measures]
    name: str | None = line.measures[0].id if len(measured) == 1 else None
    lows, highs = [points.low for points in measured], [points.high for points in measured]
    unknown, judged = any(p.unknown for p in measured), any(p.judged for p in measured)
    if line.choose == "best":
        low, high = max(lows), max(highs)
        if low == high:
            name = line.measures[lows.index(low)].id
    elif line.choose == "sum":
        low, high = min(line.max, sum(lows)), min(line.max, sum(highs))
    else:
        low, high, unknown, judged, name = _chosen(line, measured, base)
    facts.used |= base.used
    open_ = low != high
    gaps = tuple(sorted((r for r in base.used if r not in base.filed), key=str)) if open_ else ()
    return LineResult(block, line, Points(low, high, open_ and unknown, open_ and judged), name, gaps)


def _chosen(line: Line, measured: list[Points], facts: FactBase) -> tuple[int, int, bool, bool, str | None]:
    """The measure the organisation stated; one that is no measure of the line earns nothing."""
    choice = facts.lookup(line.chosen_by or "", 1)
    if isinstance(choice, Missing):
        return min(p.low for p in measured), max(p.high for p in measured), True, False, None
    for measure, points in zip(line.measures, measured, strict=True):
        if measure.id == choice:
            return points.low, points.high, points.unknown, points.judged, measure.id
    return 0, 0, False, False, None


def _measure(measure: Measure, most: int, facts: FactBase) -> Points:  # noqa: PLR0911 - one return a kind
    value = facts.lookup(measure.fact, measure.years_ago)
    if measure.judged:
        if isinstance(value, Missing):
            return Points(0, most, judged=True)
        return Points(min(most, int(value)), min(most, int(value)))
    if measure.points_per is not None:
        if isinstance(value, Missing):
            return Points(0, most, unknown=True)
        points = max(0, min(most, int(value) * measure.points_per))
        return Points(points, points)
    if isinstance(value, Missing):
        lows = [low for _, low, _ in measure.brackets]
        return Points(min(lows), min(most, max(high for _, _, high in measure.brackets)), unknown=True)
    for span, low, high in measure.brackets:
        if span.holds(value):
            return Points(min(most, low), min(most, high), judged=low != high)
    return Points(0, 0)
