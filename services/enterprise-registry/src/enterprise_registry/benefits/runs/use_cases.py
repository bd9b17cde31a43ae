"""What can be done with a run: compute its list, read it, issue it, discard it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from enterprise_registry.benefits.rules import benefit
from enterprise_registry.benefits.runs.domain import BenefitRun
from enterprise_registry.benefits.runs.jobs import COMPUTE, ISSUE, candidates, chunk_starts, spans
from enterprise_registry.benefits.runs.schemas import BenefitRunCreate
from enterprise_registry.benefits.runs.store import item, runs
from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import library, stamp
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang.ids import new_id
from kechuang.jobs import start_job

_NOTHING: dict[str, Any] = dict.fromkeys(
    ("evaluated", "beneficiaries", "unknown", "excluded", "unmet", "total", "issued", "dropped"), 0
)


async def compute(uow: UnitOfWork, body: BenefitRunCreate) -> BenefitRun:
    """Begin a run over the city's organisations, with what is known at the end of `as_of`; nobody gets anything."""
    day = body.as_of or uow.today
    if day > uow.today:
        raise invalid("/as_of", "in_the_future", "日期不能晚于今天。", "Not in the future.")
    shelf = library(uow)
    pack = shelf.require_city_pack(body.city, day)
    found = benefit(shelf, pack, body.rule, day)
    run_id = new_id()
    made = await runs.create(
        uow, record_id=run_id, city=body.city, division=body.city, pack=stamp(pack), rule=found.model.code,
        rule_version=found.model.version, fund=found.model.fund, as_of=day, handlers=[uow.actor.subject],
        **_NOTHING,
    )  # fmt: skip
    starts = await chunk_starts(uow, await candidates(uow, made, found), parties.table.c.uscc)
    job = await start_job(
        uow, COMPUTE, chunks=spans(starts), resource="benefit-runs", sight=made.sight, input={"run": run_id}
    )
    return await _with_job(uow, made, job)


async def _with_job(uow: UnitOfWork, run: BenefitRun, job: str) -> BenefitRun:
    """Note the job on the run: part of the same act, and no change of its own."""
    table = runs.table
    await uow.execute(sa.update(table).where(table.c.id == run.id).values(job=job))
    found = await runs.lookup_one(uow, id=run.id)
    if found is None:
        raise LookupError(f"no run {run.id}")
    return found


async def issue(uow: UnitOfWork, record_id: str, document_no: str) -> BenefitRun:
    """Decide the list, as somebody who did not compute it: each organisation on it is offered its benefit."""
    run = await runs.load(uow, record_id, "issue")
    issuing = await runs.change(uow, run, "issue", document_no=document_no, issued_on=uow.today)
    conditions = [item.c.run == run.id, item.c.outcome == "beneficiary"]
    starts = await chunk_starts(uow, conditions, item.c.organisation)
    job = await start_job(
        uow, ISSUE, chunks=spans(starts), resource="benefit-runs", sight=run.sight, input={"run": run.id}
    )
    return await _with_job(uow, issuing, job)


async def discard(uow: UnitOfWork, record_id: str, reason: str | None) -> BenefitRun:
    """Put the list aside; it stays readable."""
    run = await runs.load(uow, record_id, "discard")
    uow.reason = reason
    return await runs.change(uow, run, "discard")


async def listed(unit: ReadUnit, run: str, outcome: str | None, after: str, limit: int) -> Sequence[Any]:
    """Rows of a list in order of credit codes, after one of them."""
    conditions = [item.c.run == run, item.c.organisation > after]
    if outcome is not None:
        conditions.append(item.c.outcome == outcome)
    statement = sa.select(item).where(*conditions).order_by(item.c.organisation).limit(limit)
    return list(await unit.execute(statement))
