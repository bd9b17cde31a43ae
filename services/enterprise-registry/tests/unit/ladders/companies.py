"""Organisations made of a few words, for the rules of the national packs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from enterprise_registry.ladders.assess import Assessment, assess
from enterprise_registry.ladders.conditions import CompiledRule
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.scores import ScoreResult

ON = dt.date(2026, 6, 1)
YUAN = 100
WAN = 1_000_000  # 万元 in fen


def base(
    rule: CompiledRule, facts: Mapping[str, object], on: dt.date = ON, *, verified: bool = True
) -> FactBase:
    """A fact base: `key` for the last full year or the day, `key@2024` for another year."""
    filed: dict[FactRef, Filed] = {}
    for name, value in facts.items():
        key, _, year = name.partition("@")
        yearly = rule.vocabulary[key].yearly
        filed[key, (int(year) if year else on.year - 1) if yearly else None] = Filed(value, verified)  # type: ignore[arg-type]
    return FactBase(rule.vocabulary, on, filed)


def score_of(found: Assessment, leaf: str) -> ScoreResult:
    """The score of a leaf that has one."""
    score = found.leaf(leaf).score
    assert score is not None
    return score


def run(
    rule: CompiledRule, facts: Mapping[str, object], held: tuple[str, ...] = (), **kwargs: object
) -> Assessment:
    on = kwargs.pop("on", ON)
    return assess(rule, base(rule, facts, on), held, on, **kwargs)  # type: ignore[arg-type]


# What every applicant of the national rules has unless a test says otherwise.
SOUND: dict[str, object] = {
    "resident_mainland": True, "independent_legal_person": True, "product_allowed": True, "on_abnormal_list": False,
    "on_dishonest_list": False, "major_incident@2026": False, "major_incident@2025": False,
    "larger_incident@2025": False, "larger_incident@2024": False, "larger_incident@2023": False,
    "industry_size_group": "industry", "establishment_date": dt.date(2015, 3, 2),
}  # fmt: skip
