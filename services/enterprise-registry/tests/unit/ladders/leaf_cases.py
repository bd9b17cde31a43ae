"""Facts for one leaf: at its threshold, a step before, a step after. The oracle beside the engine is a table of words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from enterprise_registry.ladders.conditions import (
    CompiledRule,
    Group,
    Part,
    compile_condition,
    compile_rule,
)
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.needs import facts_named
from enterprise_registry.ladders.vocabulary import RATES, Fact, Span, Vocabulary
from kechuang_packs import Pack, Packs, load_packs
from kechuang_packs.models.conditions import Condition
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import PPM
from kechuang_packs.scalar import Value

PACKS = Path(__file__).parents[5] / "deploy" / "policy-packs"
ON = dt.date(2027, 6, 1)
# (a step before, at, a step after) for every comparator of numbers: who is met.
WORDS = {
    ">=": (False, True, True), ">": (False, False, True), "<=": (True, True, False), "<": (True, False, False),
    "==": (False, True, False), "!=": (True, False, True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeafCase:
    """A leaf with the rule that it is part of."""

    rule: CompiledRule
    part: Part

    @property
    def label(self) -> str:
        return f"{self.rule.pack}/{self.rule.id}/{self.part.source.id}"

    @property
    def alone(self) -> CompiledRule:
        """The leaf as a rule of its own, over facts that are all filed, without its waiver."""
        return replace(
            self.rule, root=replace(self.part, waived_by=None), vocabulary=flat(self.rule, self.part)
        )


def flat(rule: CompiledRule, part: Part) -> Vocabulary:
    """The facts that a part names, each filed as it is: a formula has tests of its own."""
    facts = {}
    for name in facts_named(part):
        fact = rule.vocabulary[name]
        facts[fact.key] = Fact(fact.key, fact.unit, fact.period)
    return Vocabulary(facts, dict(rule.vocabulary.aliases))


def conditions(packs: Packs) -> Iterator[CompiledRule]:
    """Every rule and every condition of every pack: of derived nodes, size tiers, benefits."""
    for pack in packs:
        for rule in pack.rules:
            yield compile_rule(packs, pack, rule)
        for condition, name in _beside(pack):
            yield compile_condition(packs, pack, condition, name)


def _beside(pack: Pack) -> Iterator[tuple[Condition, str]]:
    if pack.ladder is not None:
        for node in pack.ladder.ladder.nodes:
            if node.condition is not None:
                yield node.condition, node.code
        for tier in pack.ladder.ladder.size_tiers:
            if tier.members is not None:
                yield tier.members, tier.code
    for benefit in pack.services.benefits:
        condition = getattr(benefit, "condition", None)
        if condition is not None:
            yield condition, benefit.code


def parts(part: Part) -> Iterator[Part]:
    """The part and all below it, waivers included."""
    yield part
    if isinstance(part.test, Group):
        for child in part.test.parts:
            yield from parts(child)
    if part.waived_by is not None:
        yield from parts(part.waived_by)


def every_part() -> list[LeafCase]:
    """Every part of every condition of the deployed packs."""
    return [LeafCase(rule, part) for rule in conditions(load_packs(PACKS)) for part in parts(rule.root)]


# -- values ------------------------------------------------------------------------------------------


def stored(unit: Unit, value: Value) -> int | bool | str | dt.date:
    """An evaluator's number as it is stored."""
    if unit is Unit.date:
        assert isinstance(value, int)
        return dt.date.fromordinal(value)
    if unit in RATES:
        assert isinstance(value, int | Fraction)
        return int(value * PPM)
    return value if isinstance(value, bool | str) else int(value)


def step(unit: Unit) -> Value:
    """The least difference between two stored values."""
    return Fraction(1, PPM) if unit in RATES else 1


def refs(rule: CompiledRule, fact: str, years_ago: tuple[int, ...]) -> list[FactRef]:
    """Where the leaf reads the fact, the latest year first."""
    found = rule.vocabulary[fact]
    return [(found.key, ON.year - ago) for ago in years_ago] if found.yearly else [(found.key, None)]


def base(rule: CompiledRule, facts: dict[FactRef, int | bool | str | dt.date]) -> FactBase:
    """A fact base of stored values."""
    return FactBase(rule.vocabulary, ON, {ref: Filed(value) for ref, value in facts.items()})


def inside(span: Span, unit: Unit) -> list[Value]:
    """Values at the ends of a span, within it."""
    if span.code is not None:
        return [span.code == "true" if unit is Unit.flag else span.code]
    least = step(unit)
    found: list[Value] = []
    if span.low is not None:
        found.append(span.low + least if span.low_open else span.low)  # type: ignore[operator]  # numbers
    if span.high is not None:
        found.append(span.high - least if span.high_open else span.high)  # type: ignore[operator]  # numbers
    return found or [0]


def first_span(spans: list[Span], value: Value) -> int | None:
    """Which interval is the first to hold the value, by reading the words anew."""
    for index, span in enumerate(spans):
        if span.code is not None:
            if str(value).lower() == span.code.lower():
                return index
            continue
        low = span.low is None or (value > span.low if span.low_open else value >= span.low)  # type: ignore[operator]  # numbers
        high = span.high is None or (value < span.high if span.high_open else value <= span.high)  # type: ignore[operator]  # numbers
        if low and high:
            return index
    return None


def facts_of(part: Part) -> set[str]:
    """The facts a leaf names."""
    return set(facts_named(replace(part, waived_by=None)))
