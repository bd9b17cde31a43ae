"""Rule impact over a million enterprises beside the same rules by hand; one explained assessment, many times.

`make bench A="--only rules"` runs this section alone; it needs no stack.
"""

import datetime as dt
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from enterprise_registry.ladders.assess import assess
from enterprise_registry.ladders.fact_columns import Coded, FactColumns
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.impact import Outcome, counted, impact_columns
from enterprise_registry.ladders.needs import needed_words
from enterprise_registry.ladders.plan import LadderPlan, PlanColumns, judge, plan_of
from kechuang_embedded.bench import rule_impact_numpy as by_hand
from kechuang_embedded.bench.report import Figure
from kechuang_embedded.bench.rule_impact_numpy_facts import Ladder
from kechuang_embedded.bench.synthetic_facts import Population, population
from kechuang_embedded.layout import CHECKOUT
from kechuang_packs import load_packs

ON = dt.date(2027, 6, 1)
PACKS = CHECKOUT / "deploy" / "policy-packs"
TOTAL, CHUNK, CORES, AREAS = 1_000_000, 1 << 15, 2, 7
BATCH = 8 * CHUNK
RATIO_GOAL, SECONDS_GOAL = 1.5, 5.0
_HEADER = """id: bench
kind: national
title: {zh: 全部国家梯次, en: All national ladders}
version: "1"
in_force_from: 2000-01-01
documents: [{id: none, title: {zh: 无, en: none}}]
refers_to:
"""
# What the draft changes, as in `by_hand.DRAFT`: (file, text, its new text).
_CHANGES = (
    ("national-hnte/rules/recognition.yaml", 'id: H4, fact: st_staff_share, comparator: ">=", threshold: "10%"',
     'id: H4, fact: st_staff_share, comparator: ">=", threshold: "12%"'),
    ("national-hnte/rules/recognition.yaml", 'fact: hightech_income_share, comparator: ">=", threshold: "60%"',
     'fact: hightech_income_share, comparator: ">=", threshold: "55%"'),
    ("national-srdi/rules/srdi-sme.yaml", 'id: debt, fact: debt_ratio, comparator: "<=", threshold: "80%"',
     'id: debt, fact: debt_ratio, comparator: "<=", threshold: "75%"'),
)  # fmt: skip


def plans(folder: Path) -> tuple[LadderPlan, LadderPlan]:
    """The national ladder in force and a draft of it."""
    return _plan(folder / "in_force", ()), _plan(folder / "draft", _CHANGES)


def _plan(folder: Path, changes: tuple[tuple[str, str, str], ...]) -> LadderPlan:
    header = _HEADER
    for each in sorted(PACKS.glob("national-*")):
        shutil.copytree(each, folder / each.name)
    for pack in load_packs(folder):
        header += f'  - {{pack: {pack.id}, version: "{pack.version}"}}\n'
    for name, old, new in changes:
        text = (folder / name).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise LookupError(f"{name} has no single {old!r}: the hand-written rules must follow the pack")
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    (folder / "bench").mkdir()
    (folder / "bench/pack.yaml").write_text(header, encoding="utf-8")
    packs = load_packs(folder)
    return plan_of(packs, packs.version("bench", "1"), ON)


Found = dict[str, list[int]]
"""node → how many have each outcome, area by area"""
Work = Callable[[Population], Found]


def engine(old: LadderPlan, new: LadderPlan, people: Population, *, leaves: bool = False) -> Found:
    """The rule impact of one chunk by the engine."""
    facts = FactColumns(old.vocabulary, ON, people.size, people.filed, people.held)
    found: Found = {}
    for each in impact_columns(old, facts, new, facts):
        cells = counted(each, people.areas, AREAS)
        found[each.node] = [cells.get((area, one), 0) for area in range(AREAS) for one in Outcome]
        if leaves:
            each.leaves(np.flatnonzero(np.isin(each.outcome, (Outcome.gains, Outcome.loses))))
    return found


# before × after, each unmet, unknown, for a person to judge, met
_OUTCOME = np.array([[0, 4, 4, 2], [0, 5, 5, 2], [0, 5, 5, 2], [3, 4, 4, 1]], np.int8)


def once(plan: LadderPlan, people: Population) -> Found:
    """One version of the ladder by the engine: how many have each result."""
    columns = PlanColumns(plan, FactColumns(plan.vocabulary, ON, people.size, people.filed, people.held))
    results = {node.name: columns.judge(node).result for node in plan.nodes}
    return {node: np.bincount(each, minlength=4).tolist() for node, each in results.items()}


def once_by_hand(people: Population) -> Found:
    """The same by hand."""
    results = by_hand.ladder(Ladder(people.by_hand(), people.held, ON), by_hand.IN_FORCE)
    return {node: np.bincount(each, minlength=4).tolist() for node, each in results.items()}


def hand(people: Population) -> Found:
    """The same by hand."""
    ladder = Ladder(people.by_hand(), people.held, ON)
    before = by_hand.ladder(ladder, by_hand.IN_FORCE)
    after = before | by_hand.changing(ladder, by_hand.DRAFT)
    found: Found = {}
    for node, was in before.items():
        outcome = _OUTCOME[was, after[node]]
        cells = np.bincount(people.areas * len(Outcome) + outcome, minlength=AREAS * len(Outcome))
        found[node] = cells.tolist()
    return found


@dataclass
class Clocked:
    """Seconds on the clock and of the processor, summed over batches."""

    wall: float = 0.0
    processor: float = 0.0
    found: Found = field(default_factory=dict)

    def run(self, pool: ThreadPoolExecutor, work: Work, people: list[Population]) -> None:
        """Run over the chunks on all cores."""
        wall, processor = time.perf_counter(), time.process_time()
        results = list(pool.map(work, people))
        self.wall += time.perf_counter() - wall
        self.processor += time.process_time() - processor
        for each in results:
            for node, cells in each.items():
                mine = self.found.setdefault(node, [0] * len(cells))
                self.found[node] = [a + b for a, b in zip(mine, cells, strict=True)]


def measure(total: int = TOTAL) -> list[Figure]:
    """All figures of this section."""
    with tempfile.TemporaryDirectory(prefix="kechuang-bench-") as folder:
        old, new = plans(Path(folder))
    words = needed_words(old, new)
    ours, theirs, named, one, one_hand = (Clocked() for _ in range(5))
    peak_before = 0.0
    with ThreadPoolExecutor(CORES) as pool:
        seeds = iter(range(total // CHUNK + 1))
        left = total
        while left > 0:
            people = [
                population(words, ON, min(CHUNK, left - start), next(seeds), AREAS)
                for start in range(0, min(BATCH, left), CHUNK)
            ]
            left -= sum(each.size for each in people)
            runs: list[tuple[Clocked, Work]] = [
                (ours, partial(engine, old, new)), (theirs, hand), (one, partial(once, old)), (one_hand, once_by_hand),
                (named, partial(engine, old, new, leaves=True)),
            ]  # fmt: skip
            # Who comes first pays for fresh memory: engine and NumPy take turns.
            for clocked, work in runs if left // BATCH % 2 else reversed(runs):
                clocked.run(pool, work, people)
            people.clear()  # before the next batch is made, or memory would hold two
            peak_before = peak_before or _peak()
    if ours.found != theirs.found:
        raise AssertionError(
            f"the engine and the rules by hand disagree: {_difference(ours.found, theirs.found)}"
        )
    if one.found != one_hand.found:
        raise AssertionError(f"results differ: {_difference(one.found, one_hand.found)}")
    return [
        _beside(f"rule impact: two versions of 7 nodes over {total:,} enterprises", ours, theirs),
        _beside("one version of them", one, one_hand),
        Figure(
            "the same with the leaf that decided for who gains or loses", f"{named.wall:.2f} s",
            f"without: {ours.wall:.2f} s", f"{named.processor / ours.processor:.2f}", "–", None,
        ),
        Figure(
            "memory from the first batch to the last", f"{_peak() - peak_before:+.0f} MB at the peak",
            f"first batch: {peak_before:.0f} MB", "–", "flat", _peak() - peak_before < 0.1 * peak_before,
        ),
        *single(new, population(words, ON, 2000, 7, AREAS)),
    ]  # fmt: skip


def _beside(name: str, ours: Clocked, theirs: Clocked) -> Figure:
    """Ours beside the rules by hand. Others may use the machine: processor time makes the ratio."""
    ratio = ours.processor / theirs.processor
    return Figure(
        name, f"{ours.wall:.2f} s ({ours.processor:.2f} s of processor)",
        f"NumPy by hand: {theirs.wall:.2f} s ({theirs.processor:.2f} s)", f"{ratio:.2f}",
        f"≤ {RATIO_GOAL}, < {SECONDS_GOAL:.0f} s",
        ratio <= RATIO_GOAL and min(ours.wall, ours.processor / CORES) < SECONDS_GOAL,
    )  # fmt: skip


def single(plan: LadderPlan, people: Population) -> list[Figure]:
    """One enterprise: an explained assessment against one node, and the whole ladder."""
    rule = next(node.first for node in plan.nodes if node.name == "national-srdi/srdi_sme")
    assert rule is not None
    one: list[float] = []
    whole: list[float] = []
    for row in range(people.size):
        held = {node for node, mask in people.held.items() if mask[row]}
        facts = FactBase(plan.vocabulary, ON, _facts_of(people, row))
        start = time.perf_counter()
        assess(rule, facts, held, ON)
        between = time.perf_counter()
        judge(plan, facts, held)
        one.append(between - start)
        whole.append(time.perf_counter() - between)
    return [
        Figure(name, f"p50 {_at(times, 0.5):.2f} ms, p99 {_at(times, 0.99):.2f} ms", "–", "–", "p99 ≤ 5 ms",
               _at(times, 0.99) <= limit)
        for name, times, limit in (("one explained assessment (SRDI)", one, 5.0),)
    ] + [
        Figure("one enterprise against the whole ladder, explained",
               f"p50 {_at(whole, 0.5):.2f} ms, p99 {_at(whole, 0.99):.2f} ms", "–", "–", "–", None)
    ]  # fmt: skip


def _facts_of(people: Population, row: int) -> dict[FactRef, Filed]:
    found: dict[FactRef, Filed] = {}
    for ref, (values, known) in people.filed.items():
        if not known[row]:
            continue
        if isinstance(values, Coded):
            found[ref] = Filed(values.labels[values.places[row]])
        elif ref[0] == "establishment_date":
            found[ref] = Filed(dt.date.fromordinal(int(values[row])))
        else:
            found[ref] = Filed(values[row].item())
    return found


def _at(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1000


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _difference(ours: Found, theirs: Found) -> str:
    return "; ".join(node for node in ours.keys() | theirs.keys() if ours.get(node) != theirs.get(node))
