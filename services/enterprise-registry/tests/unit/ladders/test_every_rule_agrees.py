"""Both evaluators give the same for every condition of every pack, with its real formulas, over random enterprises.

Facts are drawn about the rule's own thresholds, some are unknown, some sums are beyond 64 bits.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from enterprise_registry.ladders.assess import assess
from enterprise_registry.ladders.columns import Trace, assess_columns
from enterprise_registry.ladders.conditions import (
    BandedThreshold,
    CompiledRule,
    FactTest,
    HoldsTest,
    JudgedTest,
    ScoreTest,
)
from enterprise_registry.ladders.deciding import deciding_columns, deciding_leaf
from enterprise_registry.ladders.fact_columns import FactColumns
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.needs import facts_named
from enterprise_registry.ladders.tables import fact_columns
from enterprise_registry.ladders.vocabulary import Fact, Span
from kechuang_packs import load_packs
from kechuang_packs.models.facts import Unit

from .leaf_cases import ON, PACKS, conditions, parts, stored

CASES = 120
Row = dict[FactRef, Filed]
RULES = [
    pytest.param(rule, id=f"{rule.pack}@{rule.pack_version}/{rule.id}")
    for rule in conditions(load_packs(PACKS))
]
HUGE = 2**62 + 1
DAYS = (0, 100, 364, 365, 366, 800, 1095, 1500, 3650, 6000)


def codes(rule: CompiledRule) -> list[str]:
    """Every code that the rule or a table below it asks for, and one that nobody asks for."""
    found = {"unheard_of"}
    for part in parts(rule.root):
        match part.test:
            case FactTest(threshold=frozenset() as listed):
                found |= listed
            case FactTest(threshold=str(code)):
                found.add(code)
            case FactTest(threshold=BandedThreshold(bands=bands)):
                found |= {span.code for span, _ in bands if span.code}
            case ScoreTest() as score:
                for line in (line for block in score.blocks for line in block.lines):
                    found |= {measure.id for measure in line.measures if line.chosen_by}
                    for measure in line.measures:
                        found |= {span.code for span, _, _ in measure.brackets if span.code}
    for fact in rule.vocabulary.facts.values():
        if fact.table is not None and any(fact.key == name for name in facts_named(rule.root)):
            found |= set(fact.table.rows)
    return sorted(found)


def numbers(rule: CompiledRule) -> list[int]:
    """Stored numbers at and beside the rule's own thresholds; small ones, so that sums and shares meet them too."""

    def spans(bounds: Iterator[Span]) -> Iterator[int | Fraction]:
        for span in bounds:
            yield from (each for each in (span.low, span.high) if isinstance(each, int | Fraction))

    found: set[int] = {0, 1, 2, 3, 5, 10, 100, 7_000, 10_000_000, 100_000_000}
    for part in parts(rule.root):
        match part.test:
            case FactTest(threshold=int() | Fraction() as limit, unit=unit):
                found.add(int(stored(unit, limit)))  # type: ignore[arg-type]  # a number stays one
            case FactTest(threshold=BandedThreshold(bands=bands), unit=unit):
                found |= {int(stored(unit, limit)) for _, limit in bands}  # type: ignore[arg-type]
                found |= {int(each) for each in spans(span for span, _ in bands)}
            case ScoreTest() as score:
                for measure in (m for block in score.blocks for line in block.lines for m in line.measures):
                    found |= {int(each) for each in spans(span for span, _, _ in measure.brackets)}
    return sorted(found | {each + by for each in found for by in (-1, 1)} - {-1})


def filed_facts(rule: CompiledRule) -> list[Fact]:
    """The filed facts that the rule looks at."""
    keys: frozenset[str] = frozenset().union(*map(rule.vocabulary.filed, facts_named(rule.root)))
    return [rule.vocabulary[key] for key in sorted(keys)]


def rows_of(rule: CompiledRule, rng: random.Random, unknown: float) -> list[Row]:
    """Enterprises with random facts."""
    words, amounts = codes(rule), numbers(rule)

    def value(fact: Fact) -> int | bool | str | dt.date:
        match fact.unit:
            case Unit.flag:
                return rng.random() < 0.5
            case Unit.code:
                return rng.choice(words)
            case Unit.date:
                return ON - dt.timedelta(days=rng.choice(DAYS))
            case Unit.CNY if rng.random() < 0.02:
                return HUGE
            case _:
                return rng.choice(amounts)

    years = range(ON.year - 5, ON.year + 1)
    return [
        {
            (fact.key, year): Filed(value(fact), rng.random() < 0.5)
            for fact in filed_facts(rule)
            for year in (years if fact.yearly else [None])
            if rng.random() >= unknown
        }
        for _ in range(CASES)
    ]


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_of_any_pack_differs(rule: CompiledRule) -> None:
    """The result, and the leaf that decided, case by case."""
    rng = random.Random(f"{rule.pack} {rule.id}")
    nodes = sorted(
        {node for part in parts(rule.root) if isinstance(part.test, HoldsTest) for node in part.test.nodes}
    )
    for unknown in (0.0, 0.05, 0.5):
        for occasion in ("first", "review"):
            rows = rows_of(rule, rng, unknown)
            held = [{node for node in nodes if rng.random() < 0.5} for _ in rows]
            masks = {node: np.array([node in mine for mine in held]) for node in nodes}
            table = FactColumns(
                rule.vocabulary, ON, len(rows), fact_columns(rule.vocabulary, rows, len(rows)), masks
            )
            trace: Trace = {}
            many = assess_columns(rule, table, occasion, trace)
            one = [
                assess(rule, FactBase(rule.vocabulary, ON, row), mine, ON, occasion)
                for row, mine in zip(rows, held, strict=True)
            ]
            assert many.tolist() == [int(each.result) for each in one]
            places, ids = deciding_columns(rule, many, trace, np.arange(len(rows)))
            assert [ids[place] for place in places] == [deciding_leaf(each) for each in one]
            for each in one:
                _names_what_is_missing(each.root.leaves())


def _names_what_is_missing(leaves: list) -> None:  # type: ignore[type-arg]
    """A leaf that is unknown names a fact that is not there, or divides by a zero that is."""
    for leaf in leaves:
        if leaf.result.name == "unknown":
            assert leaf.missing or leaf.used, leaf.source.id
        if isinstance(leaf.part.test, JudgedTest):
            assert leaf.result.name != "unknown"


def test_every_pack_is_among_them() -> None:
    assert {"national-hnte", "national-srdi", "national-tech-sme", "national-labels", "jiangmen"} <= {
        str(each.id).split("@")[0].rsplit("-20", 1)[0] for each in RULES
    }
