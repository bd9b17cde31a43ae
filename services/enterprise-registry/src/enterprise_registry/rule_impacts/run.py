"""The job of a rule impact: each chunk reads some enterprises, runs both versions over them and names the changes."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from enterprise_registry.assessments.factbases import form_reader
from enterprise_registry.ladders.impact import LISTED, NodeImpact, Outcome, counted, impact_columns
from enterprise_registry.ladders.plan import LadderPlan, plan_of
from enterprise_registry.pack_versions.use_cases import named
from enterprise_registry.policy.library import Library, library
from enterprise_registry.rule_impacts.domain import RuleImpact
from enterprise_registry.rule_impacts.population import Chunk as Read
from enterprise_registry.rule_impacts.population import columns_of, read_chunk
from enterprise_registry.rule_impacts.store import cases, rule_impacts
from kechuang.db.tables import chunk as chunks
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.jobs import Chunk, Job, JobKind
from kechuang.text import Text

KIND = "rule-impacts:run"
CHUNK_SIZE = 2000
"""Enterprises in a chunk: a second of work, and memory that does not grow with the population."""
_KEPT_PLANS = 4


@dataclass(frozen=True, slots=True)
class Plans:
    """Both versions, compiled."""

    old: LadderPlan
    new: LadderPlan


_plans: dict[tuple[Any, ...], Plans] = {}


async def plans(uow: UnitOfWork, found: RuleImpact) -> Plans:
    """Compile both versions, once for all chunks that this process works on."""
    shelf = library(uow)
    key = (shelf, found.baseline, found.candidate, found.digest, found.as_of, found.candidate_on)
    if key not in _plans:
        before, old, _ = await named(uow, shelf, found.baseline, found.city or "", "/baseline")
        after, new, _ = await named(uow, shelf, found.candidate, found.city or "", "/candidate")
        if after.digests[new.id, new.version] != found.digest:
            raise Conflict(
                Text("测算期间该版本被修改，请重新测算。", "The version was changed meanwhile; run it anew."),
                code="version_changed",
            )
        while len(_plans) >= _KEPT_PLANS:
            _plans.pop(next(iter(_plans)))
        _plans[key] = Plans(
            plan_of(before, old, found.as_of), plan_of(after, new, found.as_of, found.candidate_on)
        )
    return _plans[key]


async def _run(uow: UnitOfWork, job: Job, chunk: Chunk) -> Mapping[str, Any]:
    found = await rule_impacts.lookup_one(uow, id=job.input["impact"])
    assert found is not None, "the record and its job are written together"
    both = await plans(uow, found)
    read = await read_chunk(uow, found.city or "", found.as_of, chunk.args["after"], chunk.args["last"])
    # Numbers are work of the processor: the lease is renewed meanwhile.
    rows, counts = await asyncio.to_thread(judged, library(uow), both, read, found.id)
    await uow.copy(cases, rows)
    return {
        "organisations": len(read.organisations),
        "counts": [[*cell, number] for cell, number in sorted(counts.items(), key=str)],
    }


Cell = tuple[str, str | None, str]
"""(node, division, outcome)"""


def judged(
    shelf: Library, both: Plans, read: Read, impact: str
) -> tuple[list[dict[str, Any]], Counter[Cell]]:
    """Judge one chunk: the enterprises to name, and the counts by node, division and outcome."""
    forms = form_reader(shelf)
    if both.old.vocabulary == both.new.vocabulary:
        before = after = columns_of(read, forms, both.old, both.new)
    else:
        before, after = columns_of(read, forms, both.old), columns_of(read, forms, both.new)
    areas = list(dict.fromkeys(read.divisions))
    place = {area: index for index, area in enumerate(areas)}
    where = np.array([place[each] for each in read.divisions], np.intp)
    counts: Counter[Cell] = Counter()
    rows: list[dict[str, Any]] = []
    for each in impact_columns(both.old, before, both.new, after):
        for (area, outcome), number in counted(each, where, len(areas)).items():
            counts[each.node, areas[area], Outcome(outcome).name] += number
        rows += _named(each, read, impact)
    return rows, counts


def _named(each: NodeImpact, read: Read, impact: str) -> list[dict[str, Any]]:
    listed = np.flatnonzero(np.isin(each.outcome, LISTED))
    return [
        {
            "impact": impact, "node": each.node, "outcome": int(each.outcome[row]),
            "organisation": read.organisations[row], "division": read.divisions[row],
            "before": int(each.before[row]), "after": int(each.after[row]), "leaf": leaf,
            "holds": bool(each.holders[row]),
        }
        for row, leaf in zip(listed.tolist(), each.leaves(listed), strict=True)
    ]  # fmt: skip


async def _finish(uow: UnitOfWork, job: Job) -> Mapping[str, Any]:
    """Add the chunks' counts up."""
    found = await rule_impacts.lookup_one(uow, lock=True, id=job.input["impact"])
    assert found is not None, "the record and its job are written together"
    results = await uow.execute(sa.select(chunks.c.result).where(chunks.c.job == job.id))
    population, counts = 0, Counter[Cell]()
    for result in results.scalars():
        population += result["organisations"]
        for node, division, outcome, number in result["counts"]:
            counts[node, division, outcome] += number
    listed = [
        {"node": node, "division": division, "outcome": outcome, "organisations": number}
        for (node, division, outcome), number in sorted(counts.items(), key=str)
    ]
    await rule_impacts.change(uow, found, "complete", population=population, counts=listed)
    return {"impact": found.id, "population": population}


async def _ended(uow: UnitOfWork, job: Job, state: str) -> None:
    """Without all chunks there is no result: what some of them named is thrown away."""
    found = await rule_impacts.lookup_one(uow, lock=True, id=job.input["impact"])
    assert found is not None, "the record and its job are written together"
    await uow.execute(sa.delete(cases).where(cases.c.impact == found.id))
    await rule_impacts.change(uow, found, "stop" if state == "cancelled" else "fail")


JOB = JobKind(run_chunk=_run, finish=_finish, ended=_ended)
