"""The explained evaluator and the one over columns agree on every case, unknown facts and huge sums included."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import pytest

from enterprise_registry.ladders.assess import OccasionName, assess
from enterprise_registry.ladders.columns import assess_columns
from enterprise_registry.ladders.conditions import (
    BandedThreshold,
    CompiledRule,
    FactTest,
    Group,
    JudgedTest,
    Part,
    ScoreTest,
)
from enterprise_registry.ladders.fact_columns import FactColumns
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from kechuang_packs.models.facts import Unit

from .companies import ON, WAN
from .conftest import Compile

CASES = 400
NODES = (
    "national-hnte/hnte", "national-tech-sme/tech_sme", "national-srdi/innovative_sme", "national-srdi/srdi_sme",
    "national-srdi/tech_innovative_sme", "national-srdi/little_giant",
)  # fmt: skip
CODES = {
    "industry_size_group": ["industry", "software", "construction", "unheard_of"],
    "hnte_field": ["new_materials", "other"],
    "leading_field": ["six_bases", "old_brand", "key_chain", "other"],
    "rd_institution_level": ["national", "provincial", "municipal", "below", "none"],
}
EDGES = {
    "employees": [10, 20, 100, 300, 500, 501],
    "niche_years": [1, 2, 3, 5, 10],
    "digital_level": [1, 2, 3],
}


def value(key: str, unit: Unit, rng: random.Random) -> object:  # noqa: PLR0911 - one return a unit
    if unit is Unit.flag:
        return rng.random() < 0.5
    if unit is Unit.code:
        return rng.choice(CODES[key])
    if unit is Unit.date:
        return dt.date(2026, 6, 1) - dt.timedelta(days=rng.choice([100, 364, 365, 366, 800, 1500, 6000]))
    if unit is Unit.CNY:
        return rng.choice(
            [0, 1, 50, 100, 300, 500, 1000, 1200, 1500, 2000, 5000, 20_000, 40_000, 10**9]
        ) * WAN + rng.choice([-1, 0, 0, 0, 1]) * (rng.random() < 0.5)
    if unit is Unit.percent:
        return rng.choice([0, 99_999, 100_000, 100_001, 300_000])
    if unit is Unit.point:
        return rng.choice([0, 150, 700, 4999, 5000, 6000, 7000, 7001, 9950])
    return rng.choice(EDGES.get(key, [0, 1, 2, 3, 4, 5, 8]))


def facts_of(part: Part) -> set[str]:
    """The facts that a part of a rule names."""
    match part.test:
        case Group(parts=parts):
            found = set().union(*map(facts_of, parts))
        case FactTest(fact=fact, threshold=threshold):
            found = {fact, *([threshold.by] if isinstance(threshold, BandedThreshold) else [])}
        case JudgedTest(fact=fact):
            found = {fact}
        case ScoreTest(blocks=blocks):
            found = {measure.fact for block in blocks for line in block.lines for measure in line.measures}
        case _:
            found = set()
    return found | (facts_of(part.waived_by) if part.waived_by else set())


def population(rule: CompiledRule, rng: random.Random, unknown: float) -> list[dict[FactRef, Filed]]:
    keys = sorted(set().union(*(rule.vocabulary.filed(key) for key in facts_of(rule.root))))
    filed = [rule.vocabulary[key] for key in keys]
    rows = []
    for _ in range(CASES):
        row: dict[FactRef, Filed] = {}
        for fact in filed:
            for year in range(ON.year - 5, ON.year + 1) if fact.yearly else [None]:
                if rng.random() >= unknown:
                    row[fact.key, year] = Filed(value(fact.key, fact.unit, rng), rng.random() < 0.5)  # type: ignore[arg-type]
        rows.append(row)
    return rows


def columns(rule: CompiledRule, rows: list[dict[FactRef, Filed]], held: list[set[str]]) -> FactColumns:
    filed = {}
    for ref in {ref for row in rows for ref in row}:
        unit = rule.vocabulary[ref[0]].unit
        there = np.array([ref in row for row in rows])
        raw = [row[ref].value if ref in row else None for row in rows]
        if unit is Unit.code:
            values = np.array([v or "" for v in raw], dtype=object)
        elif unit is Unit.flag:
            values = np.array([bool(v) for v in raw])
        else:
            values = np.array(
                [v.toordinal() if isinstance(v, dt.date) else v or 0 for v in raw], dtype=np.int64
            )
        filed[ref] = (values, there)
    masks = {node: np.array([node in one for one in held]) for node in NODES}
    return FactColumns(rule.vocabulary, ON, len(rows), filed, masks)


@pytest.mark.parametrize("unknown", [0.0, 0.03, 0.4])
@pytest.mark.parametrize("occasion", ["first", "review"])
@pytest.mark.parametrize(
    "rule_id",
    [
        "tech-sme-2017", "hnte-2016", "hnte-innovation-capacity", "innovative-2022", "tier1-2026", "srdi-2022", "srdi-2026",
        "giant-2022", "giant-2026", "single-champion-2023", "gazelle-national",
    ],
)  # fmt: skip
def test_no_disagreement(rules: Compile, rule_id: str, occasion: OccasionName, unknown: float) -> None:
    rule = rules(rule_id)
    rng = random.Random(f"{rule_id} {occasion} {unknown}")
    rows = population(rule, rng, unknown)
    held = [{node for node in NODES if rng.random() < 0.5} for _ in rows]
    many = assess_columns(rule, columns(rule, rows, held), occasion)
    single = [
        assess(rule, FactBase(rule.vocabulary, ON, row), mine, ON, occasion).result
        for row, mine in zip(rows, held, strict=True)
    ]
    assert many.tolist() == [int(result) for result in single]


def test_each_leaf_agrees_and_every_result_occurs(rules: Compile) -> None:
    """Whole rules are mostly unmet at random, so single leaves are compared too, and each value must turn up."""
    from dataclasses import replace

    seen: set[int] = set()
    for rule_id in (
        "tech-sme-2017",
        "hnte-2016",
        "hnte-innovation-capacity",
        "srdi-2022",
        "giant-2022",
        "giant-2026",
    ):
        rule, rng = rules(rule_id), random.Random(rule_id)
        rows = population(rule, rng, 0.1)
        held = [{node for node in NODES if rng.random() < 0.5} for _ in rows]
        table = columns(rule, rows, held)
        first = assess(rule, FactBase(rule.vocabulary, ON, rows[0]), held[0], ON)
        for leaf in first.root.leaves():
            one = replace(rule, root=leaf.part)
            many = assess_columns(one, table)
            single = [
                int(assess(one, FactBase(rule.vocabulary, ON, row), mine, ON).result)
                for row, mine in zip(rows[:150], held, strict=False)
            ]
            assert many.tolist()[:150] == single, (rule_id, leaf.source.id)
            seen |= set(single)
    assert seen == {-1, 0, 1, 2, 3}
