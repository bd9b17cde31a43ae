"""Conditions: thresholds fit their facts, bands and brackets can be reached, scores add up, versions do not overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise

from kechuang_packs.checks.facts import unit_of
from kechuang_packs.checks.intervals import Interval, read_interval, unreachable
from kechuang_packs.checks.walk import conditions as condition_roots
from kechuang_packs.checks.walk import walk
from kechuang_packs.models import conditions as c
from kechuang_packs.models.facts import FactDefinition, PeriodKind, Unit
from kechuang_packs.models.pack import Pack
from kechuang_packs.quantities import QuantityError, parse_points, parse_quantity
from kechuang_packs.reading import Path_
from kechuang_packs.visibility import Visible

_ORDERED = {c.Comparator.ge, c.Comparator.gt, c.Comparator.le, c.Comparator.lt}
_FLAG = {c.Comparator.is_true, c.Comparator.is_false}
Found = Iterator[tuple[Path_, str]]


def conditions(pack: Pack, visible: Visible) -> Found:
    """Every condition tree of the pack, wherever it stands."""
    for root, condition in condition_roots(pack):
        for path, model in walk(condition, root):
            if isinstance(model, c.FactLeaf):
                yield from _fact_leaf(model, path, visible)
            elif isinstance(model, c.JudgedLeaf):
                yield from _judged(model, path, visible)
            elif isinstance(model, c.ScoreSpec):
                yield from _score(model, path, visible)


def scoring_models(pack: Pack, visible: Visible) -> Found:
    """Scores of scoring.yaml and the weights of its judged models."""
    for index, model in enumerate(pack.scoring.models):
        path: Path_ = ("scoring", "models", index)
        if model.score is not None:
            yield from _score(model.score, (*path, "score"), visible)
        try:
            total = sum(parse_points(weight.weight) for weight in model.weights)
        except QuantityError as error:
            yield (*path, "weights"), str(error)
            continue
        if model.weights and total != parse_points(100):
            yield (*path, "weights"), f"the weights sum to {total / 100:g}, not to 100"
        if bool(model.weights) + (model.score is not None) + bool(model.dimensions) != 1:
            yield path, "a scoring model has weights, a score or dimensions"


def versions(pack: Pack, _visible: Visible) -> Found:
    """The versions of one node follow each other without overlap."""
    by_node: dict[str, list[tuple[int, c.Rule]]] = {}
    for index, rule in enumerate(pack.rules):
        if rule.node is not None:
            by_node.setdefault(rule.node, []).append((index, rule))
    for rules in by_node.values():
        rules.sort(key=lambda pair: pair[1].in_force_from)
        for (_, before), (index, after) in pairwise(rules):
            if (before.in_force_to or dt.date.max) >= after.in_force_from:
                message = f"in force together with {before.id}, which ends {before.in_force_to or 'never'}"
                yield ("rules", index, "in_force_from"), message


def _fact(key: str, path: Path_, visible: Visible) -> Iterator[tuple[Path_, str]]:
    fact = visible.facts.get(key)
    if fact is None:
        yield path, f"no fact {key}"
    elif isinstance(fact, FactDefinition) and fact.statistical:
        yield path, f"{key} is statistical: it feeds totals and no rule may read it"
    elif fact.period in (PeriodKind.quarter, PeriodKind.month):
        yield path, f"{key} is filed by {fact.period.value}; rules read yearly facts and states"


def _fact_leaf(leaf: c.FactLeaf, path: Path_, visible: Visible) -> Found:
    faults = list(_fact(leaf.fact, (*path, "fact"), visible))
    yield from faults
    if faults:
        return
    fact = visible.facts[leaf.fact]
    unit = unit_of(fact)
    if unit is Unit.flag and leaf.comparator not in _FLAG:
        yield (*path, "comparator"), f"{leaf.fact} is a flag: is_true or is_false"
    if unit is not Unit.flag and leaf.comparator in _FLAG:
        yield (*path, "comparator"), f"{leaf.fact} is no flag"
    if unit is Unit.code and leaf.comparator in _ORDERED:
        yield (*path, "comparator"), "codes have no order"
    if unit is not Unit.code and leaf.comparator in (c.Comparator.in_, c.Comparator.not_in):
        yield (*path, "comparator"), "in and not_in are for codes"
    if (leaf.each_of_years or leaf.any_of_years) and fact.period is not PeriodKind.year:
        yield path, f"{leaf.fact} is not yearly"
    if leaf.threshold is not None:
        yield from _threshold(leaf.threshold, unit, (*path, "threshold"))
    if leaf.bands is not None:
        yield from _bands(leaf.bands, unit, (*path, "bands"), visible)


def _threshold(value: int | str | tuple[str, ...], unit: Unit, path: Path_) -> Found:
    if unit in (Unit.code, Unit.flag):
        return
    if isinstance(value, tuple):
        yield path, "a list is for codes"
        return
    if unit is Unit.date:
        try:
            dt.date.fromisoformat(str(value))
        except ValueError as error:
            yield path, str(error)
        return
    try:
        parse_quantity(value, unit)
    except QuantityError as error:
        yield path, str(error)


def _bands(bands: c.Bands, unit: Unit, path: Path_, visible: Visible) -> Found:
    faults = list(_fact(bands.by, (*path, "by"), visible))
    yield from faults
    if not faults:
        yield from _intervals(bands.bands, unit_of(visible.facts[bands.by]), (*path, "bands"))
    for index, band in enumerate(bands.bands):
        yield from _threshold(band.threshold, unit, (*path, "bands", index, "threshold"))


def _intervals(bounds: Sequence[c.Bounds], unit: Unit, path: Path_) -> Found:
    intervals: list[Interval] = []
    for index, bound in enumerate(bounds):
        try:
            intervals.append(read_interval(bound, unit))
        except QuantityError as error:
            yield (*path, index), str(error)
            return
    for index in unreachable(intervals):
        yield (
            (*path, index),
            "can never be reached: what it covers is taken by those before it, or it is empty",
        )


def _judged(leaf: c.JudgedLeaf, path: Path_, visible: Visible) -> Found:
    faults = list(_fact(leaf.judged, (*path, "judged"), visible))
    yield from faults
    if faults:
        return
    flag = unit_of(visible.facts[leaf.judged]) is Unit.flag
    if flag != (leaf.comparator in _FLAG):
        yield (*path, "comparator"), f"{leaf.judged} is {'a' if flag else 'no'} flag"
    elif (leaf.threshold is None) != flag:
        yield path, "points are judged against a threshold, a flag has none"
    elif leaf.threshold is not None:
        yield from _threshold(leaf.threshold, unit_of(visible.facts[leaf.judged]), (*path, "threshold"))


def _score(score: c.ScoreSpec, path: Path_, visible: Visible) -> Found:  # noqa: C901 - one nested table
    ids: set[str] = set()
    try:
        total = sum(parse_points(block.max) for block in score.blocks)
        if total < parse_points(score.total):
            yield (*path, "total"), f"the blocks reach {total / 100:g} points at most"
        if score.pass_mark is not None and parse_points(score.pass_mark) > parse_points(score.total):
            yield (*path, "pass_mark"), "above the total"
    except QuantityError as error:
        yield path, str(error)
        return
    for block_index, block in enumerate(score.blocks):
        block_path: Path_ = (*path, "blocks", block_index)
        reach = sum(parse_points(line.max) for line in block.lines)
        if reach < parse_points(block.max):
            yield (*block_path, "max"), f"the lines reach {reach / 100:g} points at most"
        if block.minimum is not None and parse_points(block.minimum) > parse_points(block.max):
            yield (*block_path, "minimum"), "above the block's max"
        for line_index, line in enumerate(block.lines):
            line_path: Path_ = (*block_path, "lines", line_index)
            if line.id in ids:
                yield line_path, f"two lines of this score have the id {line.id}"
            ids.add(line.id)
            if line.chosen_by is not None:
                yield from _fact(line.chosen_by, (*line_path, "chosen_by"), visible)
            for index, measure in enumerate(line.measures):
                yield from _measure(measure, line, (*line_path, "measures", index), visible)


def _measure(measure: c.Measure, line: c.ScoreLine, path: Path_, visible: Visible) -> Found:
    faults = list(_fact(measure.fact, (*path, "fact"), visible))
    yield from faults
    if faults:
        return
    unit = unit_of(visible.facts[measure.fact])
    if measure.judged and unit is not Unit.point:
        yield (*path, "fact"), "a judged measure is a fact in points"
    if measure.points_per is not None and unit not in (
        Unit.item,
        Unit.person,
        Unit.year,
        Unit.month,
        Unit.day,
    ):
        yield (*path, "points_per"), "points_per is for counts"
    yield from _intervals(measure.brackets, unit, (*path, "brackets"))
    for index, bracket in enumerate(measure.brackets):
        try:
            if parse_points(bracket.points) > parse_points(line.max):
                yield (*path, "brackets", index, "points"), f"above the line's max of {line.max}"
        except QuantityError as error:
            yield (*path, "brackets", index, "points"), str(error)
