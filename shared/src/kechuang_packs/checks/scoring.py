"""Scoring models, point rules and growth lists: weights that sum up, sources that exist, intervals that can be reached.

`dimension_faults` serves the drafts of officers too, so a fault has a code and both languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kechuang_packs.checks.intervals import read_interval, unreachable
from kechuang_packs.models import scoring as s
from kechuang_packs.models.conditions import Bounds
from kechuang_packs.models.facts import FactDefinition, PeriodKind, Unit
from kechuang_packs.models.pack import Pack
from kechuang_packs.quantities import QuantityError, parse_points, parse_quantity
from kechuang_packs.reading import Path_
from kechuang_packs.visibility import UnknownReferenceError, Visible

WHOLE = 100


@dataclass(frozen=True, slots=True)
class ScoringFault:
    """What is wrong where: `path` in the list of dimensions."""

    path: Path_
    code: str
    zh: str
    en: str


def points_of(literal: int | str) -> int | None:
    """Points in hundredths; None for a text that is no number."""
    try:
        return parse_points(literal)
    except QuantityError:
        return None


def dimension_faults(
    dimensions: Sequence[s.ScoringModelDimension], visible: Visible
) -> Iterator[ScoringFault]:
    """Every fault of a portrait model, those of sums named where the weight stands."""
    yield from _sum(dimensions, WHOLE, (), "各维度", "the dimensions")
    yield from _twice([(i,) for i in range(len(dimensions))], [each.code for each in dimensions])
    places: list[Path_] = []
    codes: list[str] = []
    for at, dimension in enumerate(dimensions):
        path: Path_ = (at, "indicators")
        yield from _sum(
            dimension.indicators, dimension.weight, path, f"“{dimension.name.zh}”各指标",
            f"the indicators of {dimension.code}",
        )  # fmt: skip
        for index, indicator in enumerate(dimension.indicators):
            places.append((*path, index))
            codes.append(indicator.code)
            for number, measure in enumerate(indicator.measures):
                yield from _measure(measure, (*path, index, "measures", number), visible)
    yield from _twice(places, codes)


def _sum(
    parts: Sequence[s.ScoringModelDimension | s.ScoringModelIndicator],
    whole: int | str,
    path: Path_,
    zh: str,
    en: str,
) -> Iterator[ScoringFault]:
    weights = [points_of(each.weight) for each in parts]
    for at, weight in enumerate(weights):
        if weight is None or weight <= 0:
            yield ScoringFault(
                (*path, at, "weight"),
                "weight_invalid",
                "权重应为大于0的数。",
                "A weight is a number above 0.",
            )
    total, due = sum(weight or 0 for weight in weights), points_of(whole)
    if None not in weights and due is not None and total != due:
        yield ScoringFault(
            path, "weights_sum", f"{zh}权重之和为{total / 100:g}，应为{due / 100:g}。",
            f"The weights of {en} sum to {total / 100:g}, not to {due / 100:g}.",
        )  # fmt: skip


def _twice(places: Sequence[Path_], codes: Sequence[str]) -> Iterator[ScoringFault]:
    for at, code in enumerate(codes):
        if code in codes[:at]:
            yield ScoringFault(
                (*places[at], "code"), "code_twice", f"代码“{code}”重复。", f"{code} stands twice."
            )


def _measure(measure: s.ScoringModelMeasure, path: Path_, visible: Visible) -> Iterator[ScoringFault]:
    unit: Unit | None = Unit.item
    if measure.fact is not None:
        unit = _fact_unit(measure.fact, visible)
        if unit is None:
            yield ScoringFault(
                (*path, "fact"), "fact_unknown", f"没有可评分的指标“{measure.fact}”（统计报表指标不可用）。",
                f"No fact {measure.fact} that may be scored; statistical ones never are.",
            )  # fmt: skip
            return
    for at, node in enumerate(measure.holds):
        if not _known(node, visible):
            yield ScoringFault(
                (*path, "holds", at), "node_unknown", f"没有梯次“{node}”。", f"No node {node}."
            )
    if measure.register_ is not None and measure.register_ not in _registers(visible):
        yield ScoringFault(
            (*path, "register"), "register_unknown", f"没有名册“{measure.register_}”。", "No such register."
        )
    if unit is not None:
        yield from _ways(measure, unit, path)


def _ways(measure: s.ScoringModelMeasure, unit: Unit, path: Path_) -> Iterator[ScoringFault]:
    try:
        if measure.line is not None and parse_quantity(measure.line.zero_at, unit) == parse_quantity(
            measure.line.full_at, unit
        ):
            yield ScoringFault(
                (*path, "line"), "line_flat", "起点与终点不能相同。", "Both ends are the same."
            )
        for at in _unreachable(measure.bands, unit):
            yield ScoringFault(
                (*path, "bands", at),
                "band_unreachable",
                "该区间永远不会用到。",
                "This band is never reached.",
            )
        if measure.percentile and unit in (Unit.code, Unit.flag):
            raise QuantityError("a code or a flag has no percentile")  # noqa: TRY301  told like the others
    except QuantityError as error:
        yield ScoringFault(path, "quantity_invalid", f"数值与指标单位不符（{error}）。", f"{error}.")
    for at, band in enumerate(measure.bands):
        score = points_of(band.score)
        if score is None or not 0 <= score <= WHOLE * 100:
            yield ScoringFault(
                (*path, "bands", at, "score"), "score_range", "得分应在0至100之间。", "A score is 0 to 100."
            )


def _unreachable(bands: Sequence[Bounds], unit: Unit) -> list[int]:
    return list(unreachable([read_interval(band, unit) for band in bands]))


def _fact_unit(key: str, visible: Visible) -> Unit | None:
    known = visible.fact_key(key)
    fact = None if known is None else visible.facts[known]
    if fact is None or fact.period in (PeriodKind.quarter, PeriodKind.month):
        return None
    if not isinstance(fact, FactDefinition):
        return Unit.code
    return None if fact.statistical else fact.unit


def _known(node: str, visible: Visible) -> bool:
    try:
        visible.node(node)
    except UnknownReferenceError:
        return False
    return True


def _registers(visible: Visible) -> set[str]:
    return {kind.code for pack in visible.packs for kind in pack.registers.kinds}


def scoring(pack: Pack, visible: Visible) -> Iterator[tuple[Path_, str]]:
    """The dimensions, point rules and growth lists of scoring.yaml."""
    for index, model in enumerate(pack.scoring.models):
        if model.dimensions:
            for fault in dimension_faults(model.dimensions, visible):
                yield ("scoring", "models", index, "dimensions", *fault.path), fault.en
    for index, rule in enumerate(pack.scoring.points):
        yield from _rule(rule, ("scoring", "points", index), visible)
    for index, growth in enumerate(pack.scoring.growth):
        path: Path_ = ("scoring", "growth", index)
        if not _filed(growth.fact, Unit.CNY, visible):
            yield (*path, "fact"), f"{growth.fact} is no filed amount by year"
        if growth.flag is not None and not _filed(growth.flag, Unit.flag, visible):
            yield (*path, "flag"), f"{growth.flag} is no filed flag by year"


def _filed(key: str, unit: Unit, visible: Visible) -> bool:
    fact = visible.facts.get(key)
    return (
        isinstance(fact, FactDefinition)
        and fact.expression is None
        and (fact.unit, fact.period, fact.statistical) == (unit, PeriodKind.year, False)
    )


def _rule(rule: s.PointRule, path: Path_, visible: Visible) -> Iterator[tuple[Path_, str]]:
    if rule.points is not None and (points_of(rule.points) or 0) <= 0:
        yield (*path, "points"), "points are a number above 0"
    for at, node in enumerate(rule.holds):
        if not _known(node, visible):
            yield (*path, "holds", at), f"no node {node}"
    if rule.register_ is not None and rule.register_ not in _registers(visible):
        yield (*path, "register"), f"no register kind {rule.register_}"
    if rule.fact is not None:
        yield from _bands(rule, _fact_unit(rule.fact, visible), path)


def _bands(rule: s.PointRule, unit: Unit | None, path: Path_) -> Iterator[tuple[Path_, str]]:
    if unit is None:
        yield (*path, "fact"), f"no fact {rule.fact} that may earn points"
        return
    try:
        for at in _unreachable(rule.bands, unit):
            yield (*path, "bands", at), "can never be reached"
    except QuantityError as error:
        yield (*path, "bands"), str(error)
    for at, band in enumerate(rule.bands):
        if (points_of(band.points) or 0) <= 0:
            yield (*path, "bands", at, "points"), "points are a number above 0"
