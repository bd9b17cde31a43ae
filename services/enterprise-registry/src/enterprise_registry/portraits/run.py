"""Portraits of a whole city as durable jobs, in flat memory: two passes, since all are read before any is compared.

The first job lays the readings of every enterprise by, some hundreds a chunk; its end starts the second, which
compares and stores, group by group. What a chunk holds in memory is one group's readings.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from enterprise_registry.policy.library import library
from enterprise_registry.portraits.engine import Reading, Sheet, sheet
from enterprise_registry.portraits.population import CHUNK, PeerGroup, Profile, members, widening
from enterprise_registry.portraits.reading import Reader
from enterprise_registry.portraits.schemas import PortraitRun
from enterprise_registry.portraits.standing import FEWEST_PEERS
from enterprise_registry.portraits.store import PORTRAITS, sheets
from enterprise_registry.portraits.use_cases import chosen, day, keep
from enterprise_registry.scoring_models.domain import ScoringModel
from enterprise_registry.scoring_models.store import scoring_models
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.errors import NotPermitted, invalid
from kechuang.jobs import Chunk, Job, JobKind, start_job
from kechuang.text import Text

READ, COMPARE = "portraits.read", "portraits.compare"


async def start(uow: UnitOfWork, body: PortraitRun) -> str:
    """Plan the first pass; gives the job's id."""
    city = body.city or next(iter(uow.actor.areas), None)
    if not uow.permissions.permits(uow.actor, "portraits:run", access.place(city)):
        raise NotPermitted(
            Text("您不能为该城市批量生成画像。", "You cannot run the portraits of this city."),
            extra={"action": "portraits:run"},
        )
    on = day(uow, body.as_of)
    library(uow).require_city_pack(city, uow.today)
    model = await chosen(uow, city, on, body.model)
    everybody = members(uow, PeerGroup(city or ""), on)
    plan = [[each.uscc for each in found] async for found in everybody]
    if not plan:
        raise invalid(
            "/city", "nobody_there", "该城市在截止日没有正常状态的企业。", "No active enterprise on the day."
        )
    uow.audit("portraits:run", resource=PORTRAITS.name, reason=f"{city} {on}")
    given = {"city": city, "as_of": on.isoformat(), "model": model.id}
    return await start_job(
        uow, READ, chunks=plan, resource=PORTRAITS.name, sight=access.place(city), input=given
    )


async def _model(uow: UnitOfWork, job: Job) -> ScoringModel:
    found = await scoring_models.lookup_one(uow, id=job.input["model"])
    assert found is not None  # a published model is never deleted
    return found


async def _chunk_of(uow: UnitOfWork, job: Job, usccs: list[str]) -> list[Profile]:
    group, on = PeerGroup(job.input["city"]), date.fromisoformat(job.input["as_of"])
    return [each async for found in members(uow, group, on, usccs) for each in found]


async def read(uow: UnitOfWork, job: Job, chunk: Chunk) -> Mapping[str, Any] | None:
    """Lay the readings of some enterprises by."""
    reader = Reader.of(library(uow), await _model(uow, job))
    profiles = await _chunk_of(uow, job, chunk.args)
    on = date.fromisoformat(job.input["as_of"])
    rows = [
        {
            "run": job.id, "organisation": profile.uscc, "industry": profile.industry_division,
            "scale": profile.scale, "known": made.known, "readings": made.readings,
        }
        for profile, known in zip(profiles, await reader.read(uow, profiles, on), strict=True)
        for made in [sheet(reader.model, known)]
    ]  # fmt: skip
    if rows:
        await uow.execute(insert(sheets).on_conflict_do_nothing(), rows)
    return None


async def then_compare(uow: UnitOfWork, job: Job) -> Mapping[str, Any]:
    """All are read: plan the second pass by industry division and size, so that a chunk compares within one group."""
    statement = (
        sa.select(sheets.c.organisation, sheets.c.industry, sheets.c.scale)
        .where(sheets.c.run == job.id)
        .order_by(sheets.c.industry, sheets.c.scale, sheets.c.organisation)
    )
    groups: dict[tuple[str | None, str | None], list[str]] = {}
    for row in await uow.execute(statement):
        groups.setdefault((row.industry, row.scale), []).append(row.organisation)
    plan = [usccs[at : at + CHUNK] for usccs in groups.values() for at in range(0, len(usccs), CHUNK)]
    following = await start_job(
        uow,
        COMPARE,
        chunks=plan,
        resource=PORTRAITS.name,
        sight=job.sight,
        input={**job.input, "run": job.id},
    )
    return {"organisations": sum(map(len, groups.values())), "next_job": following}


async def compare(uow: UnitOfWork, job: Job, chunk: Chunk) -> Mapping[str, Any] | None:
    """Compare and store the portraits of some enterprises of one industry division and size."""
    model = await _model(uow, job)
    reader = Reader.of(library(uow), model)
    profiles = await _chunk_of(uow, job, chunk.args)
    if not profiles:
        return None
    on, run = date.fromisoformat(job.input["as_of"]), job.input["run"]
    found: dict[PeerGroup, list[Sheet]] = {}
    for profile, known in zip(profiles, await reader.read(uow, profiles, on), strict=True):
        own_known = sheet(reader.model, known).known
        for group in widening(profile):
            if group not in found:
                found[group] = await _laid_by(uow, run, group)
            if len(found[group]) - own_known >= FEWEST_PEERS:
                break
        await keep(uow, reader, model, profile, known, group, found[group], on)
    return None


async def _laid_by(uow: UnitOfWork, run: str, group: PeerGroup) -> list[Sheet]:
    statement = sa.select(sheets.c.organisation, sheets.c.readings).where(sheets.c.run == run, sheets.c.known)
    if group.industry is not None:
        statement = statement.where(sheets.c.industry == group.industry)
    if group.scale is not None:
        statement = statement.where(sheets.c.scale == group.scale)

    def readings(rows: Any) -> tuple[tuple[Reading, ...], ...]:
        return tuple(tuple((score, raw) for score, raw in line) for line in rows)

    return [
        Sheet(row.organisation, readings(row.readings), known=True) for row in await uow.execute(statement)
    ]


async def done(uow: UnitOfWork, job: Job) -> Mapping[str, Any]:
    """Remove what was laid by."""
    await uow.execute(sa.delete(sheets).where(sheets.c.run == job.input["run"]))
    return {"as_of": job.input["as_of"], "model": job.input["model"]}


JOBS = {READ: JobKind(read, then_compare), COMPARE: JobKind(compare, done)}
