"""Scores over columns: the intervals of `scores`, for many organisations at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import lcm
from typing import Final

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.columns import MANUAL, MET, UNKNOWN, UNMET, inside_of, within
from enterprise_registry.ladders.conditions import Line, Measure, ScoreTest
from enterprise_registry.ladders.fact_columns import Codes, FactColumns, Mask
from enterprise_registry.ladders.vocabulary import Span
from kechuang_packs.columns import Column
from kechuang_packs.scalar import Value

Ints = NDArray[np.int32]
_FITS: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Points:
    """Points in hundredths, between low and high; why they are open (None: nowhere). `sure`: low is high."""

    low: Ints
    high: Ints
    unknown: Mask | None
    judged: Mask | None

    @property
    def sure(self) -> bool:
        """Whether low and high are the same array."""
        return self.low is self.high


def score_columns(test: ScoreTest, facts: FactColumns) -> Codes:
    """The result of a score for every organisation."""
    size = facts.size
    failed, sure = np.zeros(size, bool), np.ones(size, bool)
    unknown: Mask | None = None
    low = high = np.zeros(size, np.int32)
    for block in test.blocks:
        points = [_line(line, facts) for line in block.lines]
        certain = all(each.sure for each in points)
        block_low = _capped([each.low for each in points], block.max)
        block_high = block_low if certain else _capped([each.high for each in points], block.max)
        if block.minimum is not None:
            failed |= block_high < block.minimum
            sure &= block_low >= block.minimum
        for line, each in zip(block.lines, points, strict=True):
            unknown = _either(unknown, each.unknown)
            if line.nonzero:
                failed |= each.high == 0
                sure &= each.low > 0
        shared = certain and low is high
        low = low + block_low
        high = low if shared else high + block_high
    if test.pass_mark is not None:
        low, high = np.minimum(test.total, low), np.minimum(test.total, high)
        failed |= ~(high > test.pass_mark if test.strict else high >= test.pass_mark)
        sure &= low > test.pass_mark if test.strict else low >= test.pass_mark
    open_ = MANUAL if unknown is None else np.where(unknown, UNKNOWN, MANUAL)
    return np.where(failed, UNMET, np.where(sure, MET, open_))


def _capped(lines: list[Ints], most: int) -> Ints:
    total = lines[0]
    for each in lines[1:]:
        total = total + each
    return np.minimum(total, np.int32(most))


def _either(a: Mask | None, b: Mask | None) -> Mask | None:
    return b if a is None else a if b is None else a | b


def _line(line: Line, facts: FactColumns) -> Points:
    measured = [_measure(measure, line.max, facts) for measure in line.measures]
    if line.choose == "chosen":
        return _chosen(line, measured, facts)
    if len(measured) == 1:
        return measured[0]
    certain = all(each.sure for each in measured)
    lows, highs = [each.low for each in measured], [each.high for each in measured]
    if line.choose == "best":
        low = _best(lows)
        high = low if certain else _best(highs)
    else:
        low = _capped(lows, line.max)
        high = low if certain else _capped(highs, line.max)
    if certain:
        return Points(low, low, None, None)
    unknown: Mask | None = None
    judged: Mask | None = None
    for each in measured:
        unknown, judged = _either(unknown, each.unknown), _either(judged, each.judged)
    return _open(low, high, unknown, judged)


def _best(each: list[Ints]) -> Ints:
    best = each[0]
    for other in each[1:]:
        best = np.maximum(best, other)
    return best


def _open(low: Ints, high: Ints, unknown: Mask | None, judged: Mask | None) -> Points:
    """A line is open only where its points are."""
    open_ = low != high
    return Points(
        low, high, None if unknown is None else open_ & unknown, None if judged is None else open_ & judged
    )


def _chosen(line: Line, measured: list[Points], facts: FactColumns) -> Points:
    """The measure that the organisation stated; one that is no measure of the line earns nothing."""
    choice = facts.lookup(line.chosen_by or "", 1)
    lows, highs = [each.low for each in measured], [each.high for each in measured]
    stated = choice.known
    low = np.where(stated, np.int32(0), np.minimum.reduce(lows))
    high = np.where(stated, np.int32(0), np.maximum.reduce(highs))
    unknown, judged = ~stated, np.zeros(facts.size, bool)
    for measure, each in zip(line.measures, measured, strict=True):
        here = within(Span(code=measure.id), choice)
        low, high = np.where(here, each.low, low), np.where(here, each.high, high)
        unknown = unknown if each.unknown is None else unknown | (here & each.unknown)
        judged = judged if each.judged is None else judged | (here & each.judged)
    return _open(low, high, unknown, judged)


def _measure(measure: Measure, most: int, facts: FactColumns) -> Points:
    column = facts.lookup(measure.fact, measure.years_ago)
    if measure.judged or measure.points_per is not None:
        return _counted(measure, most, column)
    if all(low == high for _, low, high in measure.brackets):
        return _stepped(measure, most, column, facts.size)
    low = high = np.zeros(facts.size, np.int32)
    judged: Mask = np.zeros(facts.size, bool)
    at, spans = _scaled(column, measure)
    for span, (_, bracket_low, bracket_high) in zip(reversed(spans), reversed(measure.brackets), strict=True):
        here = inside_of(span, at)
        low = np.where(here, np.int32(min(most, bracket_low)), low)
        high = np.where(here, np.int32(min(most, bracket_high)), high)
        judged = np.where(here, bracket_low != bracket_high, judged)
    if column.all_known:
        return Points(low, high, None, judged)
    known = column.known
    least, greatest = _extremes(measure, most)
    return Points(np.where(known, low, least), np.where(known, high, greatest), ~known, judged & known)


def _stepped(measure: Measure, most: int, column: Column, size: int) -> Points:
    """Brackets with one number of points each; where points fall with every bracket, the best that fits is the first."""
    at, spans = _scaled(column, measure)
    worth = [np.int32(min(most, low)) for _, low, _ in measure.brackets]
    falling = all(a >= b >= 0 for a, b in pairwise([*worth, np.int32(0)]))
    points: Ints = np.zeros(size, np.int32)
    for span, each in zip(reversed(spans), reversed(worth), strict=True):
        if span == Span():
            points = np.full(size, each, np.int32)
        elif falling:
            points = np.maximum(points, inside_of(span, at) * each)
        else:
            points = np.where(inside_of(span, at), each, points)
    if column.all_known:
        return Points(points, points, None, None)
    known = column.known
    least, greatest = _extremes(measure, most)
    points = points * known
    unknown = ~known
    return Points(
        points if least == 0 else points + unknown * least, points + unknown * greatest, unknown, None
    )


def _extremes(measure: Measure, most: int) -> tuple[np.int32, np.int32]:
    """The least and the greatest points that an unknown value could still earn."""
    return (
        np.int32(min(low for _, low, _ in measure.brackets)),
        np.int32(min(most, max(high for _, _, high in measure.brackets))),
    )


def _scaled(column: Column, measure: Measure) -> tuple[Column, list[Span]]:
    """A rate times the common denominator of all brackets: it is multiplied once and not for each of them."""
    spans = [span for span, _, _ in measure.brackets]
    bounds = [bound for span in spans for bound in (span.low, span.high) if bound is not None]
    common = lcm(*(bound.denominator for bound in bounds if not isinstance(bound, str)))
    if common == 1 or column.values.dtype == object or column.top * common > _FITS:
        return column, spans
    values = column.values * np.int64(common)
    scaled = Column(values, column.state, column.divisor, None, column.top * common, column.divisor_top)
    return scaled, [
        replace(span, low=_times(span.low, common), high=_times(span.high, common)) for span in spans
    ]


def _times(bound: Value | None, common: int) -> int | None:
    return None if bound is None or isinstance(bound, str) else int(bound * common)


def _counted(measure: Measure, most: int, column: Column) -> Points:
    """Points that are the fact itself, or so many for each unit of it."""
    factor = 1 if measure.judged else measure.points_per or 0
    # Counts beyond `most` earn no more, and clipping first keeps the product in 64 bits.
    counts = np.clip(column.values, -most, most).astype(np.int64)
    points = np.minimum(most, counts * factor)
    points = (points if measure.judged else np.maximum(0, points)).astype(np.int32)
    if column.all_known:
        return Points(points, points, None, None)
    known = column.known
    low, high = np.where(known, points, np.int32(0)), np.where(known, points, np.int32(most))
    return Points(low, high, None, ~known) if measure.judged else Points(low, high, ~known, None)
