"""Scores over columns: the intervals of `scores`, for many organisations at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.columns import Codes, FactColumns, Mask, within
from enterprise_registry.ladders.conditions import Line, Measure, ScoreTest
from enterprise_registry.ladders.results import Result

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Points:
    """Points in hundredths, between low and high; why they are open."""

    low: Ints
    high: Ints
    unknown: Mask
    judged: Mask


def score_columns(test: ScoreTest, facts: FactColumns) -> Codes:
    """The result of a score for every organisation."""
    size = facts.size
    failed, sure, unknown = np.zeros(size, bool), np.ones(size, bool), np.zeros(size, bool)
    low, high = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for block in test.blocks:
        lines = [(line, _line(line, facts)) for line in block.lines]
        block_low = np.minimum(block.max, sum(points.low for _, points in lines))
        block_high = np.minimum(block.max, sum(points.high for _, points in lines))
        if block.minimum is not None:
            failed |= block_high < block.minimum
            sure &= block_low >= block.minimum
        for line, points in lines:
            unknown |= points.unknown
            if line.nonzero:
                failed |= points.high == 0
                sure &= points.low > 0
        low, high = low + block_low, high + block_high
    if test.pass_mark is not None:
        low, high = np.minimum(test.total, low), np.minimum(test.total, high)
        failed |= ~(high > test.pass_mark if test.strict else high >= test.pass_mark)
        sure &= low > test.pass_mark if test.strict else low >= test.pass_mark
    open_ = np.where(unknown, Result.unknown, Result.manual_review)
    return np.where(failed, Result.unmet, np.where(sure, Result.met, open_)).astype(np.int8)


def _line(line: Line, facts: FactColumns) -> Points:
    measured = [_measure(measure, line.max, facts) for measure in line.measures]
    lows, highs = np.stack([p.low for p in measured]), np.stack([p.high for p in measured])
    unknown = np.logical_or.reduce([p.unknown for p in measured])
    judged = np.logical_or.reduce([p.judged for p in measured])
    if line.choose == "best":
        low, high = lows.max(axis=0), highs.max(axis=0)
    elif line.choose == "sum":
        low, high = np.minimum(line.max, lows.sum(axis=0)), np.minimum(line.max, highs.sum(axis=0))
    else:
        choice = facts.lookup(line.chosen_by or "", 1)
        low, high = np.zeros(facts.size, np.int64), np.zeros(facts.size, np.int64)
        unknown, judged = ~choice.known, np.zeros(facts.size, bool)
        low[unknown], high[unknown] = lows.min(axis=0)[unknown], highs.max(axis=0)[unknown]
        for measure, points in zip(line.measures, measured, strict=True):
            here = choice.known & np.asarray(choice.values == measure.id, bool)
            low[here], high[here] = points.low[here], points.high[here]
            unknown, judged = unknown | (here & points.unknown), judged | (here & points.judged)
    open_ = low != high
    return Points(low, high, open_ & unknown, open_ & judged)


def _measure(measure: Measure, most: int, facts: FactColumns) -> Points:
    column = facts.lookup(measure.fact, measure.years_ago)
    known, none = column.known, np.zeros(facts.size, bool)
    if measure.judged or measure.points_per is not None:
        factor = 1 if measure.judged else measure.points_per or 0
        # Counts beyond `most` earn no more, and clipping first keeps the product in 64 bits.
        counts = np.clip(column.values, -most, most).astype(np.int64)
        points = np.minimum(most, counts * factor)
        points = points if measure.judged else np.maximum(0, points)
        return Points(
            np.where(known, points, 0),
            np.where(known, points, most),
            none if measure.judged else ~known,
            ~known if measure.judged else none,
        )
    low, high = np.zeros(facts.size, np.int64), np.zeros(facts.size, np.int64)
    judged, open_ = none.copy(), known.copy()
    for span, bracket_low, bracket_high in measure.brackets:
        here = open_ & within(span, column)
        low[here], high[here] = min(most, bracket_low), min(most, bracket_high)
        if bracket_low != bracket_high:
            judged |= here
        open_ &= ~here
    low[~known] = min(bracket[1] for bracket in measure.brackets)
    high[~known] = min(most, max(bracket[2] for bracket in measure.brackets))
    return Points(low, high, ~known, judged)
