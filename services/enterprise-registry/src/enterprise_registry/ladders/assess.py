"""Assesses one organisation against one rule and says why: value, threshold, result and clause of every leaf."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from enterprise_registry.ladders.conditions import (
    BandedThreshold,
    CompiledRule,
    FactTest,
    Group,
    HoldsTest,
    JudgedTest,
    Part,
    ScoreTest,
    Source,
)
from enterprise_registry.ladders.factbase import FactBase, FactRef
from enterprise_registry.ladders.results import Result, at_least, waived
from enterprise_registry.ladders.scores import ScoreResult, score
from kechuang_packs.models.conditions import Comparator, Occasion
from kechuang_packs.scalar import COMPARE, Missing, Value

Evidence = Literal["verified", "submitted", "none"]
OccasionName = Literal["first", "review"]


@dataclass(frozen=True, slots=True)
class Observed:
    """The fact as it was seen for one year, with the threshold that held for it."""

    year: int | None
    value: Value | None
    threshold: Value | frozenset[str] | None
    result: Result


@dataclass(frozen=True, slots=True)
class PartResult:
    """One part of the condition with its result and the results below it."""

    source: Source
    kind: Literal["all_of", "any_of", "at_least", "fact", "holds", "judged", "score"]
    result: Result
    part: Part
    parts: tuple[PartResult, ...] = ()
    waiver: PartResult | None = None
    waived: bool = False
    fact: str | None = None
    comparator: str | None = None
    threshold: str | None = None
    observed: tuple[Observed, ...] = ()
    holds: frozenset[str] = frozenset()
    score: ScoreResult | None = None
    missing: tuple[FactRef, ...] = ()
    used: frozenset[FactRef] = frozenset()
    evidence: Evidence = "none"

    @property
    def wanted(self) -> int:
        """How many parts a group asks for; 1 for a leaf."""
        return (self.part.test.n or len(self.parts)) if isinstance(self.part.test, Group) else 1

    @property
    def points_short(self) -> int:
        """Points (hundredths) between the sure total and the pass mark of a score."""
        if (
            self.score is None
            or not isinstance(self.part.test, ScoreTest)
            or self.part.test.pass_mark is None
        ):
            return 0
        return max(0, self.part.test.pass_mark + self.part.test.strict - self.score.low)

    def leaves(self) -> list[PartResult]:
        """All leaves below, those of waivers after the part they stand in for."""
        found = [] if self.kind in ("all_of", "any_of", "at_least") else [self]
        for part in self.parts:
            found += part.leaves()
        return found + (self.waiver.leaves() if self.waiver else [])


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer for one rule on one day."""

    rule: CompiledRule
    on: dt.date
    occasion: OccasionName
    result: Result
    root: PartResult

    def leaf(self, id_: str) -> PartResult:
        """The leaf with this id; KeyError when the rule has none."""
        for leaf in self.root.leaves():
            if leaf.source.id == id_:
                return leaf
        raise KeyError(id_)

    @property
    def missing(self) -> tuple[FactRef, ...]:
        """The facts that unknown leaves lack."""
        refs = {r for leaf in self.root.leaves() if leaf.result is Result.unknown for r in leaf.missing}
        return tuple(sorted(refs, key=str))


def assess(
    rule: CompiledRule, facts: FactBase, held: Collection[str], on: dt.date, occasion: OccasionName = "first"
) -> Assessment:
    """Assess the rule. `held`: canonical names (`pack-id/code`) of the recognitions valid on the day.

    `on` is the day of the assessment; hypothetical facts are passed as `facts.with_facts(…)`.
    """
    root = _part(rule.root, facts.on_day(on), frozenset(held), Occasion(occasion))
    # A veto stands beside the whole tree: unmet it fails the rule, and while it is open nothing is met for sure.
    result = min([root.result, *(veto.result for veto in vetoes(root))])
    return Assessment(rule, on, occasion, result, root)


def evaluate_part(part: Part, facts: FactBase, held: frozenset[str], occasion: Occasion) -> PartResult:
    """One part by itself, as within `assess`."""
    return _part(part, facts, held, occasion)


def vetoes(part: PartResult) -> Iterator[PartResult]:
    """The vetoes that apply, in the order of the text."""
    if part.result is Result.not_applicable:
        return
    if part.part.veto:
        yield part
    for child in part.parts:
        yield from vetoes(child)


def _part(part: Part, facts: FactBase, held: frozenset[str], occasion: Occasion) -> PartResult:
    base = facts.fresh()
    found = _test(part, base, held, occasion)
    if part.applies_to not in (Occasion.both, occasion):
        return _replace(found, result=Result.not_applicable)
    if part.waived_by is None:
        return found
    waiver = _part(part.waived_by, facts, held, occasion)
    result = waived(found.result, waiver.result)
    return _replace(found, result=result, waiver=waiver, waived=result is not found.result)


def _replace(found: PartResult, **changes: object) -> PartResult:
    return replace(found, **changes)  # type: ignore[arg-type]  # the fields are given by name


def _test(part: Part, facts: FactBase, held: frozenset[str], occasion: Occasion) -> PartResult:
    match part.test:
        case Group(n=n, parts=parts):
            results = tuple(_part(child, facts, held, occasion) for child in parts)
            kind: Literal["all_of", "any_of", "at_least"] = (
                "all_of" if n is None else "any_of" if n == 1 else "at_least"
            )
            return PartResult(part.source, kind, at_least(n, [r.result for r in results]), part, results)
        case HoldsTest(nodes=nodes, negate=negate):
            met = bool(nodes & held) != negate
            return PartResult(
                part.source,
                "holds",
                Result.met if met else Result.unmet,
                part,
                holds=nodes,
                evidence="verified",
            )
        case JudgedTest() as test:
            return _judged(part, test, facts)
        case ScoreTest() as test:
            outcome = score(test, facts)
            gaps = tuple(sorted({gap for line in outcome.lines for gap in line.missing}, key=str))
            return PartResult(
                part.source, "score", outcome.result, part, score=outcome, missing=gaps, used=frozenset(facts.used),
                evidence=_evidence(facts),
            )  # fmt: skip
        case FactTest() as test:
            return _fact(part, test, facts)


def _fact(part: Part, test: FactTest, facts: FactBase) -> PartResult:
    yearly = facts.vocabulary[test.fact].yearly
    years = test.years_ago if yearly else test.years_ago[:1]
    observed = tuple(_observe(test, facts, ago, yearly=yearly) for ago in years)
    results = [one.result for one in observed]
    return PartResult(
        part.source,
        "fact",
        min(results) if test.every_year else max(results),
        part,
        fact=test.fact,
        comparator=test.comparator.value,
        threshold=test.shown_threshold,
        observed=observed,
        missing=tuple(sorted((ref for ref in facts.used if ref not in facts.filed), key=str)),
        used=frozenset(facts.used),
        evidence=_evidence(facts),
    )


def _observe(test: FactTest, facts: FactBase, years_ago: int, *, yearly: bool) -> Observed:
    year = facts.on.year - years_ago if yearly else None
    value = facts.lookup(test.fact, years_ago)
    threshold = test.threshold
    if isinstance(threshold, BandedThreshold):
        by = facts.lookup(threshold.by, years_ago)
        if isinstance(by, Missing):
            return Observed(year, None if isinstance(value, Missing) else value, None, Result.unknown)
        chosen = next((limit for span, limit in threshold.bands if span.holds(by)), None)
        if chosen is None:
            return Observed(year, None if isinstance(value, Missing) else value, None, Result.not_applicable)
        threshold = chosen
    if isinstance(value, Missing):
        return Observed(year, None, threshold, Result.unknown)
    met = compare(test.comparator, value, threshold)
    return Observed(year, value, threshold, Result.met if met else Result.unmet)


def compare(comparator: Comparator, value: Value, threshold: Value | frozenset[str] | None) -> bool:
    """One comparison of a leaf, exact."""
    match comparator:
        case Comparator.is_true:
            return value is True
        case Comparator.is_false:
            return value is False
        case Comparator.in_:
            return value in _codes(threshold)
        case Comparator.not_in:
            return value not in _codes(threshold)
        case _:
            return COMPARE[comparator.value](value, threshold)


def _codes(threshold: Value | frozenset[str] | None) -> frozenset[str]:
    return threshold if isinstance(threshold, frozenset) else frozenset({str(threshold)})


def _judged(part: Part, test: JudgedTest, facts: FactBase) -> PartResult:
    value = facts.lookup(test.fact, 1)
    if isinstance(value, Missing):
        result, seen = Result.manual_review, None
    else:
        result, seen = Result.met if compare(test.comparator, value, test.threshold) else Result.unmet, value
    return PartResult(
        part.source,
        "judged",
        result,
        part,
        fact=test.fact,
        comparator=test.comparator.value,
        threshold=test.shown_threshold,
        observed=(Observed(None, seen, test.threshold, result),),
        used=frozenset(facts.used),
        evidence=_evidence(facts),
    )


def _evidence(facts: FactBase) -> Evidence:
    """Verified when every fact that was there and looked at is verified."""
    seen = [facts.filed[ref].verified for ref in facts.used if ref in facts.filed]
    return "none" if not seen else "verified" if all(seen) else "submitted"
