"""The two jobs of a run: evaluate every organisation of the city, then offer to those on the list.

A chunk is one transaction. Computing is repeatable: a chunk that is taken again writes the same rows. Issuing
evaluates each organisation once more under its lock, since other grants and sanctions came in between.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from enterprise_registry.benefits.applying import NOTHING, stored
from enterprise_registry.benefits.evaluation import Finding, evaluate
from enterprise_registry.benefits.handling import eligible, offered
from enterprise_registry.benefits.rules import Benefit, demanded, stamped_benefit
from enterprise_registry.benefits.runs.domain import BenefitRun
from enterprise_registry.benefits.runs.store import item, runs
from enterprise_registry.benefits.store import grants
from enterprise_registry.ladders.nodes import derived_nodes
from enterprise_registry.ladders.relations import relations_of
from enterprise_registry.metadata import alone, parties
from enterprise_registry.policy.library import library
from enterprise_registry.recognitions.counts import held_on
from enterprise_registry.recognitions.store import table as recognition
from kechuang.db.tables import chunk as chunks
from kechuang.db.unit import UnitOfWork
from kechuang.jobs import Chunk, Job, JobKind

COMPUTE = "benefit-runs.compute"
ISSUE = "benefit-runs.issue"
CHUNK = 100


def population(run: BenefitRun, benefit: Benefit) -> list[sa.ColumnElement[bool]]:
    """The organisations that a run asks about: active, of the city, of a kind that the benefit is open to."""
    table = parties.table
    return [
        table.c.city == run.city,
        table.c.state == "active",
        table.c.kind.in_(benefit.model.open_to),
    ]


async def candidates(uow: UnitOfWork, run: BenefitRun, benefit: Benefit) -> list[sa.ColumnElement[bool]]:
    """Those of the population who can meet the rule at all, so that nobody else is evaluated.

    Where it demands a recognition that nobody has without a record, only holders of one are asked.
    """
    everybody = population(run, benefit)
    nodes = demanded(benefit.condition.root)
    packs, pack = library(uow).packs, benefit.pack
    relations = relations_of(packs, pack.id, pack.version)
    derived = derived_nodes(packs, pack.id, pack.version)
    if nodes is None or any(relations.closed([each]) & nodes for each in derived):
        return everybody
    held = (await uow.execute(sa.select(recognition.c.node).distinct())).scalars()
    giving = [each for each in held if relations.closed([each]) & nodes]
    holders = sa.select(recognition.c.organisation).where(recognition.c.node.in_(giving), held_on(run.as_of))
    return [*everybody, parties.table.c.uscc.in_(holders)]


async def chunk_starts(uow: UnitOfWork, conditions: Sequence[Any], column: Any) -> list[str]:
    """Give every hundredth code in order: where the chunks begin."""
    ranked = (
        sa.select(column.label("code"), sa.func.row_number().over(order_by=column).label("n"))
        .where(*conditions)
        .subquery()
    )
    found = await uow.execute(
        sa.select(ranked.c.code).where((ranked.c.n - 1) % CHUNK == 0).order_by(ranked.c.code)
    )
    return list(found.scalars())


def spans(starts: Sequence[str]) -> list[dict[str, str | None]]:
    """Give the chunks between their beginnings, the last one open.

    >>> spans(["A", "F"])
    [{'from': 'A', 'to': 'F'}, {'from': 'F', 'to': None}]
    """
    return [{"from": first, "to": after} for first, after in zip(starts, [*starts[1:], None], strict=True)]


def _within(column: Any, args: Mapping[str, str | None]) -> list[Any]:
    return [column >= args["from"], *([column < args["to"]] if args["to"] is not None else [])]


async def _run_of(uow: UnitOfWork, job: Job) -> tuple[BenefitRun, Benefit]:
    run = await runs.lookup_one(uow, id=job.input["run"])
    if run is None:
        raise LookupError(f"no run {job.input['run']}")
    return run, stamped_benefit(library(uow), run.pack or "", run.rule, run.rule_version)


async def _compute(uow: UnitOfWork, job: Job, chunk: Chunk) -> Mapping[str, Any]:
    run, benefit = await _run_of(uow, job)
    table = parties.table
    statement = (
        sa.select(table.c.uscc, table.c.title, table.c.division)
        .where(*await candidates(uow, run, benefit), *_within(table.c.uscc, chunk.args))
        .order_by(table.c.uscc)
    )
    counted: Counter[str] = Counter()
    rows = []
    for each in list(await uow.execute(statement)):
        finding = await evaluate(uow, benefit, each.uscc, run.as_of)
        counted[finding.outcome] += 1
        if finding.outcome != "unmet":
            rows.append(_row(run, each, finding))
    if rows:
        await uow.execute(sa.insert(item), rows)
    return dict(counted)


def _row(run: BenefitRun, party: Any, finding: Finding) -> dict[str, Any]:
    return {
        "run": run.id, "organisation": party.uscc, "name": party.title, "division": party.division,
        "outcome": finding.outcome, "amount": finding.amount, "reasons": list(finding.reasons),
        "finding": finding.shown,
    }  # fmt: skip


async def _computed(uow: UnitOfWork, job: Job) -> Mapping[str, Any]:
    """Count the list. Whoever was not evaluated, since the rule cannot be met without a recognition, is unmet."""
    run = await runs.lookup_one(uow, lock=True, id=job.input["run"])
    if run is None or run.state != "computing":
        return {"run": job.input["run"], "state": run.state if run else None}
    _, benefit = await _run_of(uow, job)
    asked = sa.select(sa.func.count()).select_from(parties.table).where(*population(run, benefit))
    everybody: int = (await uow.execute(asked)).scalar_one()
    counted: Counter[str] = Counter()
    for result in (await uow.execute(sa.select(chunks.c.result).where(chunks.c.job == job.id))).scalars():
        counted.update(result or {})
    total = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(item.c.amount), 0), sa.BigInteger)).where(
        item.c.run == run.id, item.c.outcome == "beneficiary"
    )
    done = await runs.change(
        uow, run, "finish", implied=True, evaluated=everybody,
        beneficiaries=counted["beneficiary"], unknown=counted["unknown"], excluded=counted["excluded"],
        unmet=everybody - counted["beneficiary"] - counted["unknown"] - counted["excluded"], total=(await uow.execute(total)).scalar_one(),
    )  # fmt: skip
    return {"run": done.id, "evaluated": done.evaluated, "beneficiaries": done.beneficiaries}


async def _issue(uow: UnitOfWork, job: Job, chunk: Chunk) -> Mapping[str, Any]:
    run, benefit = await _run_of(uow, job)
    statement = (
        sa.select(item.c.organisation)
        .where(
            item.c.run == run.id, item.c.outcome == "beneficiary", *_within(item.c.organisation, chunk.args)
        )
        .order_by(item.c.organisation)
    )
    counted: Counter[str] = Counter()
    for uscc in list((await uow.execute(statement)).scalars()):
        counted[await _issue_one(uow, run, benefit, uscc)] += 1
    return dict(counted)


async def _issue_one(uow: UnitOfWork, run: BenefitRun, benefit: Benefit, uscc: str) -> str:
    await alone(uow, "benefit", uscc)
    finding = await evaluate(uow, benefit, uscc, run.as_of)
    party = await parties.find(uow, uscc)
    mine = sa.update(item).where(item.c.run == run.id, item.c.organisation == uscc)
    if finding.outcome != "beneficiary" or party is None:
        await uow.execute(mine.values(dropped=list(finding.reasons)))
        return "dropped"
    made = await grants.create(
        uow, verb="issue", origin="run", run=run.id, handlers=list(run.handlers), as_of=run.as_of,
        amount=finding.amount,
        **{**NOTHING, **eligible(party, benefit.pack, benefit, run.as_of.year), **stored(finding)},
    )  # fmt: skip
    await offered(uow, made, run.document_no, implied=True)
    await uow.execute(mine.values(grant=made.id))
    return "issued"


async def _concluded(uow: UnitOfWork, job: Job) -> Mapping[str, Any]:
    run = await runs.lookup_one(uow, lock=True, id=job.input["run"])
    if run is None or run.state != "issuing":
        return {"run": job.input["run"], "state": run.state if run else None}
    statement = sa.select(
        sa.func.count(item.c.grant).label("issued"), sa.func.count(item.c.dropped).label("dropped")
    ).where(item.c.run == run.id)
    row = (await uow.execute(statement)).one()
    done = await runs.change(uow, run, "conclude", implied=True, issued=row.issued, dropped=row.dropped)
    return {"run": done.id, "issued": done.issued, "dropped": done.dropped}


COMPUTE_JOB = JobKind(_compute, _computed)
ISSUE_JOB = JobKind(_issue, _concluded)
