"""A plan over columns agrees with the explained engine case by case: results, outcomes and the leaf that decided."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from enterprise_registry.ladders.fact_columns import FactColumns
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.impact import Outcome, counted, impact_columns, leaf_of, outcome
from enterprise_registry.ladders.needs import needed_words
from enterprise_registry.ladders.plan import LadderPlan, Verdict, judge, plan_of
from enterprise_registry.ladders.results import Result
from enterprise_registry.ladders.tables import fact_columns
from kechuang_packs import Pack, Packs
from kechuang_packs.packs import load_folders

from .companies import ON, SOUND
from .test_columns_agree import CODES, value

ROOT = Path(__file__).parents[5]
CASES = 500
Row = dict[FactRef, Filed]


@pytest.fixture(scope="module")
def packs() -> Packs:
    """The national packs and the invented city, whose ladder has every relation between nodes."""
    folders = sorted((ROOT / "deploy/policy-packs").glob("national-*"))
    return load_folders([*folders, ROOT / "tests/packs/sixth-city"], ROOT)


def version(packs: Packs, pack_id: str) -> Pack:
    return packs.versions(pack_id)[-1]


def population(
    old: LadderPlan, plan: LadderPlan, rng: random.Random, unknown: float
) -> tuple[list[Row], list[set[str]]]:
    """Enterprises at and about the thresholds; some facts unknown, some recognitions held."""
    codes = {**CODES, "trial_measure": ["lines", "trials", "none"]}
    words = needed_words(plan, old)
    nodes = sorted({node.name for node in plan.nodes} | set(plan.relations.requires))
    rows: list[Row] = []
    for _ in range(CASES):
        row: Row = {}
        sound = rng.random() < 0.6
        for key, fact in words.facts.items():
            for year in range(ON.year - 5, ON.year + 1) if fact.yearly else [None]:
                if rng.random() < unknown:
                    continue
                usual = SOUND.get(key, SOUND.get(f"{key}@{year}")) if sound else None
                made = rng.choice(codes[key]) if key in codes else value(key, fact.unit, rng)
                row[key, year] = Filed(made if usual is None else usual)  # type: ignore[arg-type]
        rows.append(row)
    return rows, [{node for node in nodes if rng.random() < 0.25} for _ in rows]


def table(plan: LadderPlan, rows: list[Row], held: list[set[str]]) -> FactColumns:
    masks = {node: np.array([node in mine for mine in held]) for node in set().union(*held)}
    filed = fact_columns(plan.vocabulary, rows, len(rows))
    return FactColumns(plan.vocabulary, plan.on, len(rows), filed, masks)


@pytest.mark.parametrize("unknown", [0.0, 0.02, 0.3])
@pytest.mark.parametrize(
    ("pack_id", "before_on", "after_on"),
    [
        ("yunlan", ON, ON),
        ("national-srdi", dt.date(2026, 3, 1), dt.date(2026, 6, 1)),
        ("national-labels", ON, ON),
    ],
)
def test_no_case_differs(
    packs: Packs, pack_id: str, before_on: dt.date, after_on: dt.date, unknown: float
) -> None:
    """The city's rules of today against those with one threshold moved; the SRDI rules of 2022 against 2026."""
    pack = version(packs, pack_id)
    old, new = plan_of(packs, pack, ON, before_on), plan_of(packs, pack, ON, after_on)
    if pack_id == "yunlan":
        drafted, draft = packs.with_draft(
            {
                name: text.replace("2024.1", "2024.2")
                .replace("threshold: 1亿元", "threshold: 5000万元")
                .replace('{at_most: 1000万元, threshold: "6%"}', '{at_most: 2000万元, threshold: "5%"}')
                .replace("requires: [hnte]", "requires: [tech_sme]")
                for name, text in files(ROOT / "tests/packs/sixth-city").items()
            }
        )
        new = plan_of(drafted, draft, ON)
    rng = random.Random(f"{pack_id} {unknown}")
    rows, held = population(old, new, rng, unknown)
    seen = Counter[Outcome]()
    one = [
        (
            judge(old, FactBase(old.vocabulary, ON, row), mine),
            judge(new, FactBase(new.vocabulary, ON, row), mine),
        )
        for row, mine in zip(rows, held, strict=True)
    ]
    for each in impact_columns(old, table(old, rows, held), new, table(new, rows, held)):
        pairs = [(was.get(each.node), will.get(each.node)) for was, will in one]
        assert each.before.tolist() == [result(was) for was, _ in pairs], each.node
        assert each.after.tolist() == [result(will) for _, will in pairs], each.node
        expected = [outcome(result(was), result(will)) for was, will in pairs]
        assert each.outcome.tolist() == expected
        listed = np.arange(len(rows))
        assert each.leaves(listed) == [leaf_of(was, will) for was, will in pairs], each.node
        cells = counted(each, np.zeros(len(rows), np.intp), 1)
        assert sum(cells.values()) == len(rows)
        seen += Counter(expected)
    if pack_id == "yunlan" and unknown == 0.02:
        assert {Outcome.stays, Outcome.gains, Outcome.loses, Outcome.outside} <= seen.keys()


def result(verdict: Verdict | None) -> Result:
    return Result.not_applicable if verdict is None else verdict.result


def files(folder: Path) -> dict[str, str]:
    """A pack's files by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.yaml"))
    }
