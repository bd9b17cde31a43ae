"""Compiles a checked rule of a pack into the tree that both evaluators run (规则编译)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from enterprise_registry.ladders.vocabulary import Span, Vocabulary, number, span, vocabulary
from kechuang_packs import Pack, Packs
from kechuang_packs.models import conditions as c
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import parse_points
from kechuang_packs.scalar import Value


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part of the rule comes from, for the explanation."""

    id: str | None
    name: Mapping[str, str] | None
    clause: tuple[str, ...]
    document: str | None
    confidence: str | None
    policy: bool
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BandedThreshold:
    """A threshold by another fact."""

    by: str
    bands: tuple[tuple[Span, Value], ...]


@dataclass(frozen=True, slots=True)
class FactTest:
    """A fact against a threshold, for one year or several."""

    fact: str
    unit: Unit
    comparator: c.Comparator
    threshold: Value | frozenset[str] | BandedThreshold | None
    shown_threshold: str
    years_ago: tuple[int, ...]
    """the years asked for, the latest first; one for a fact that is not yearly"""
    every_year: bool


@dataclass(frozen=True, slots=True)
class HoldsTest:
    """Holds one of the nodes, by canonical name."""

    nodes: frozenset[str]
    negate: bool


@dataclass(frozen=True, slots=True)
class JudgedTest:
    """An expert's judgement against a threshold."""

    fact: str
    unit: Unit
    comparator: c.Comparator
    threshold: Value | None
    shown_threshold: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a line. Points in hundredths."""

    id: str
    fact: str
    unit: Unit
    years_ago: int
    brackets: tuple[tuple[Span, int, int], ...]
    points_per: int | None
    judged: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a score."""

    id: str
    name: Mapping[str, str] = field(hash=False)
    clause: tuple[str, ...]
    max: int
    choose: Literal["best", "sum", "chosen"]
    chosen_by: str | None
    nonzero: bool
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a score."""

    id: str
    name: Mapping[str, str] = field(hash=False)
    max: int
    minimum: int | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """A score against its pass mark."""

    blocks: tuple[Block, ...]
    total: int
    strict: bool
    """the pass mark itself fails"""
    pass_mark: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """At least n of the parts; None: all of them."""

    n: int | None
    parts: tuple[Part, ...]


Test = FactTest | HoldsTest | JudgedTest | ScoreTest | Group


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition: what it tests, when it is looked at, what may stand in for it."""

    test: Test
    source: Source
    applies_to: c.Occasion
    veto: bool
    waived_by: Part | None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One version of a rule, ready to run. `node` is the canonical name `pack-id/code`."""

    pack: str
    pack_version: str
    id: str
    version: str
    node: str | None
    root: Part
    vocabulary: Vocabulary


def compile_rule(packs: Packs, pack: Pack, rule: c.Rule) -> CompiledRule:
    """Compile a rule of a loaded pack; do it once for each pack version, never for each enterprise."""
    compiler = _Compiler(packs, pack)
    node = None if rule.node is None else packs.canonical(pack, rule.node)
    return CompiledRule(
        pack.id, pack.version, rule.id, rule.version, node, compiler.part(rule.condition), compiler.vocabulary
    )


def compile_condition(packs: Packs, pack: Pack, condition: c.Condition, id_: str) -> CompiledRule:
    """Compile a condition that stands outside a rule: of a derived node, a benefit, a programme."""
    compiler = _Compiler(packs, pack)
    return CompiledRule(
        pack.id, pack.version, id_, pack.version, None, compiler.part(condition), compiler.vocabulary
    )


class _Compiler:
    def __init__(self, packs: Packs, pack: Pack) -> None:
        self._packs, self._pack = packs, pack
        self.vocabulary = vocabulary(packs, pack.id, pack.version)

    def part(self, model: c.Condition) -> Part:
        waiver = None if model.waived_by is None else self.part(model.waived_by)
        return Part(self._test(model), _source(model), model.applies_to, model.veto, waiver)

    def _test(self, model: c.Condition) -> Test:  # noqa: PLR0911 - one case a kind
        match model:
            case c.AllOf():
                return Group(None, tuple(map(self.part, model.all_of)))
            case c.AnyOf():
                return Group(1, tuple(map(self.part, model.any_of)))
            case c.AtLeast():
                return Group(model.at_least, tuple(map(self.part, model.of)))
            case c.FactLeaf():
                return self._fact(model)
            case c.HoldsLeaf():
                nodes = frozenset(self._packs.canonical(self._pack, ref) for ref in model.holds)
                return HoldsTest(nodes, model.negate)
            case c.JudgedLeaf():
                unit = self.vocabulary[model.judged].unit
                threshold = None if model.threshold is None else number(model.threshold, unit)
                return JudgedTest(model.judged, unit, model.comparator, threshold, str(model.threshold or ""))
            case c.ScoreLeaf():
                return self.score(model.score)

    def _fact(self, leaf: c.FactLeaf) -> FactTest:
        fact = self.vocabulary[leaf.fact]
        threshold: Value | frozenset[str] | BandedThreshold | None = None
        if isinstance(leaf.threshold, tuple):
            threshold, shown = frozenset(leaf.threshold), ", ".join(leaf.threshold)
        elif leaf.threshold is not None:
            threshold, shown = number(leaf.threshold, fact.unit), str(leaf.threshold)
        elif leaf.bands is not None:
            by = self.vocabulary[leaf.bands.by].unit
            bands = tuple((span(band, by), number(band.threshold, fact.unit)) for band in leaf.bands.bands)
            threshold, shown = (
                BandedThreshold(leaf.bands.by, bands),
                " / ".join(str(b.threshold) for b in leaf.bands.bands),
            )
        else:
            shown = ""
        length = leaf.each_of_years or leaf.any_of_years or 1
        years = tuple(range(leaf.years_ago, leaf.years_ago + length))
        return FactTest(
            leaf.fact, fact.unit, leaf.comparator, threshold, shown, years, leaf.any_of_years is None
        )

    def score(self, spec: c.ScoreSpec) -> ScoreTest:
        blocks = tuple(
            Block(
                block.id,
                block.name.model_dump(),
                parse_points(block.max),
                None if block.minimum is None else parse_points(block.minimum),
                tuple(self._line(line) for line in block.lines),
            )
            for block in spec.blocks
        )
        mark = None if spec.pass_mark is None else parse_points(spec.pass_mark)
        return ScoreTest(blocks, parse_points(spec.total), spec.comparator == ">", mark)

    def _line(self, line: c.ScoreLine) -> Line:
        return Line(
            line.id,
            line.name.model_dump(),
            line.clause,
            parse_points(line.max),
            line.choose,
            line.chosen_by,
            line.nonzero,
            tuple(self._measure(measure) for measure in line.measures),
        )

    def _measure(self, measure: c.Measure) -> Measure:
        unit = self.vocabulary[measure.fact].unit
        brackets = tuple(
            (
                span(bracket, unit),
                parse_points(bracket.points),
                parse_points(bracket.points if bracket.points_to is None else bracket.points_to),
            )
            for bracket in measure.brackets
        )
        per = None if measure.points_per is None else parse_points(measure.points_per)
        return Measure(measure.id, measure.fact, unit, measure.years_ago, brackets, per, measure.judged)


def _source(model: c.Condition) -> Source:
    return Source(
        model.id,
        None if model.name is None else {"zh": model.name.zh, "en": model.name.en},
        model.clause,
        model.document,
        model.confidence,
        model.source.value == "policy",
        getattr(model, "evidence", ()),
    )
