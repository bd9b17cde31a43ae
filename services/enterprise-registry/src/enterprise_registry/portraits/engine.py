"""Scores of one organisation by a model: each indicator from what is known on the day, unknown staying unknown.

Scores are whole hundredths of a point, 0 to 10,000; weights whole hundredths that sum to 10,000. What depends on
peers (percentiles) is left open here as a `raw` number and settled in `standing`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from enterprise_registry.ladders.factbase import FactBase, FactRef
from enterprise_registry.ladders.vocabulary import RATES, Span, Vocabulary, number, span
from kechuang_packs.models.facts import Unit
from kechuang_packs.models.scoring import ScoringModelDimension, ScoringModelMeasure
from kechuang_packs.quantities import PPM, parse_points
from kechuang_packs.scalar import Missing, Value

FULL = 10_000
"""A full score, and the sum of all weights, in hundredths."""

Kind = Literal["fact", "holds", "register", "register_group", "event"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to an indicator's score. `what`: the fact, register, group or event; `nodes` for `holds`."""

    kind: Kind
    what: str
    unit: Unit
    years_ago: int = 0
    months: int = 0
    nodes: frozenset[str] = frozenset()
    bands: tuple[tuple[Span, int], ...] = ()
    line: tuple[Value, Value] | None = None
    percentile: bool = False

    def score(self, value: Value) -> int | None:
        """Turn a known value into a score; None where peers decide."""
        if self.percentile:
            return None
        if self.kind == "holds":
            return FULL if value else 0
        if self.line is not None:
            low, high = Fraction(self.line[0]), Fraction(self.line[1])
            return half_up(min(Fraction(1), max(Fraction(0), (Fraction(value) - low) / (high - low))) * FULL)
        return next((points for interval, points in self.bands if interval.holds(value)), 0)


@dataclass(frozen=True, slots=True)
class Indicator:
    """A line of the model; the best of its measures counts."""

    code: str
    name: Mapping[str, str]
    weight: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """An axis of the portrait."""

    code: str
    name: Mapping[str, str]
    weight: int
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A compiled model."""

    dimensions: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Keep the indicators of all dimensions in their order."""
        object.__setattr__(
            self, "indicators", tuple(one for each in self.dimensions for one in each.indicators)
        )


def half_up(value: Fraction) -> int:
    """Round half up, the same on every machine."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def compile_model(
    dimensions: Sequence[ScoringModelDimension], words: Vocabulary, canonical: Callable[[str], str]
) -> Model:
    """Compile a model that was found sound; `canonical` gives a node its one name across packs."""

    def measure(model: ScoringModelMeasure) -> Measure:
        kind, what, unit = _source(model, words)
        return Measure(
            kind, what, unit,
            years_ago=model.years_ago, months=model.within_months,
            nodes=frozenset(canonical(each) for each in model.holds),
            bands=tuple((span(band, unit), parse_points(band.score)) for band in model.bands),
            line=None if model.line is None else (number(model.line.zero_at, unit), number(model.line.full_at, unit)),
            percentile=model.percentile,
        )  # fmt: skip

    return Model(
        tuple(
            Dimension(
                each.code, _name(each.name), parse_points(each.weight),
                tuple(
                    Indicator(one.code, _name(one.name), parse_points(one.weight), tuple(map(measure, one.measures)))
                    for one in each.indicators
                ),
            )
            for each in dimensions
        )
    )  # fmt: skip


def _name(name: Any) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


def _source(model: ScoringModelMeasure, words: Vocabulary) -> tuple[Kind, str, Unit]:
    if model.fact is not None:
        return "fact", words[model.fact].key, words[model.fact].unit
    if model.register_ is not None:
        return "register", model.register_, Unit.item
    if model.register_group is not None:
        return "register_group", model.register_group, Unit.item
    if model.event is not None:
        return "event", model.event, Unit.item
    return "holds", "", Unit.flag


@dataclass(frozen=True, slots=True)
class Origin:
    """The record that a value was read from."""

    kind: Literal["filing", "organisation", "recognition", "register_record", "event"]
    id: str
    number: str | None
    label: str


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is known of one organisation on the day, with its origins.

    `held`: canonical node → recognition. `counted(kind, what, months)` counts records and events.
    """

    organisation: str
    facts: FactBase
    origins: Mapping[FactRef, Origin]
    held: Mapping[str, Origin]
    counted: Callable[[Kind, str, int], Sequence[Origin]]


@dataclass(frozen=True, slots=True)
class Mark:
    """What one measure gave: a score, or a `raw` number that peers decide, or neither where facts are missing."""

    score: int | None
    raw: int | None
    value: Value | None
    missing: tuple[FactRef, ...]
    origins: tuple[Origin, ...]


Reading = tuple[int | None, int | None]
"""(score, raw) of a measure: all that peers need of one another."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The readings of one organisation, indicator by indicator, measure by measure.

    `known`: at least one filed fact could be read, so that it is a peer to compare with.
    """

    organisation: str
    readings: tuple[tuple[Reading, ...], ...]
    known: bool


def marks(model: Model, known: Known) -> tuple[tuple[Mark, ...], ...]:
    """Read every measure of every indicator."""
    return tuple(tuple(_mark(measure, known) for measure in each.measures) for each in model.indicators)


def sheet(model: Model, known: Known) -> Sheet:
    """The readings alone, as peers are compared by."""
    return sheet_of(model, known.organisation, marks(model, known))


def sheet_of(model: Model, organisation: str, found: Sequence[Sequence[Mark]]) -> Sheet:
    """Make the sheet of marks that were read before."""
    filed = [
        mark.value is not None
        for indicator, line in zip(model.indicators, found, strict=True)
        for measure, mark in zip(indicator.measures, line, strict=True)
        if measure.kind == "fact"
    ]
    readings = tuple(tuple((mark.score, mark.raw) for mark in line) for line in found)
    return Sheet(organisation, readings, any(filed) or not filed)


def _mark(measure: Measure, known: Known) -> Mark:
    if measure.kind == "holds":
        held = tuple(known.held[node] for node in sorted(measure.nodes & known.held.keys()))
        return Mark(measure.score(bool(held)), None, bool(held), (), held)
    if measure.kind != "fact":
        origins = tuple(known.counted(measure.kind, measure.what, measure.months))
        return _valued(measure, len(origins), (), origins)
    base = known.facts.fresh()
    value = base.lookup(measure.what, measure.years_ago)
    if isinstance(value, Missing):
        gaps = tuple(sorted((base.year_of(gap) for gap in value.keys), key=str))
        return Mark(None, None, None, gaps, ())
    used = {known.origins[ref] for ref in base.used if ref in known.origins}
    return _valued(measure, value, (), tuple(sorted(used, key=lambda each: (each.kind, each.label, each.id))))


def _valued(measure: Measure, value: Value, gaps: tuple[FactRef, ...], origins: tuple[Origin, ...]) -> Mark:
    raw = None
    if measure.percentile:
        scaled = Fraction(value) * PPM if measure.unit in RATES else Fraction(value)
        raw = int(scaled // 1)
    return Mark(measure.score(value), raw, value, gaps, origins)
