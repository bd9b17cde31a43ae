"""Durable jobs: long work as a plan of chunks; the plan is the queue.

A use case writes the job and all its chunks in its own unit of work (`start_job`). Workers take chunks under
a lease on the real clock; a chunk's effect and its done mark are one transaction, fenced by the number of
attempts, so a worker that was thought dead and comes back can no longer commit. A killed worker's chunk is
taken again when its lease ends. When all chunks are done, `finish` runs exactly once.

States: `running` → `succeeded`; `failed` when a chunk failed for the last time (the others are done all the
same, `finish` is not run); `cancelled` when that was asked for and no chunk is in work any more.

The workers' side is `kechuang.job_runner`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kechuang.access import Actor
from kechuang.db.tables import chunk as chunks_table
from kechuang.db.tables import job as jobs_table
from kechuang.db.unit import UnitOfWork
from kechuang.ids import new_id


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its chunks see it."""

    id: str
    kind: str
    resource: str | None
    input: Mapping[str, Any]
    actor: Actor
    sight: tuple[str, ...]
    chunks: int
    done: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a job: `n` counts from 0, `attempts` from 1."""

    n: int
    args: Any
    attempts: int


RunChunk = Callable[[UnitOfWork, Job, Chunk], Awaitable[Mapping[str, Any] | None]]
Finish = Callable[[UnitOfWork, Job], Awaitable[Mapping[str, Any] | None]]
Ended = Callable[[UnitOfWork, Job, str], Awaitable[None]]


@dataclass(frozen=True)
class JobKind:
    """What a kind of job does; `run_chunk` and `finish` run on behalf of the actor who started the job.

    `ended` hears of a job that ends without `finish`, as `failed` or `cancelled`: in the transaction that ends it, on
    behalf of the service itself. A record that waits for the job is closed there.
    A long chunk's lease is renewed while its coroutine lets the event loop breathe; work that computes for
    longer than `lease` belongs into a thread or into smaller chunks.
    """

    run_chunk: RunChunk
    finish: Finish | None = None
    ended: Ended | None = None
    attempts: int = 5
    lease: timedelta = timedelta(seconds=30)


class LeaseLostError(Exception):
    """Another worker has this chunk now, or the job has ended; the effect is rolled back."""


async def start_job(
    unit: UnitOfWork,
    kind: str,
    *,
    chunks: Iterable[Any],
    resource: str | None = None,
    sight: Iterable[str] = (),
    input: Mapping[str, Any] | None = None,  # noqa: A002  the column's name
) -> str:
    """Write the plan; gives the job's id, `<service code>_<UUIDv7>`. `chunks` are JSON-ready arguments."""
    service = unit.database.service
    if kind not in service.jobs:
        raise LookupError(f"{service.name} has no job {kind!r}")
    job_id = f"{service.code}_{new_id()}"
    plan = _plan(job_id, chunks)
    await unit.execute(
        sa.insert(jobs_table).values(
            id=job_id,
            kind=kind,
            state="running",
            resource=resource,
            subject=unit.actor.subject,
            actor=unit.actor.claims(),
            sight=list(sight),
            input=dict(input or {}),
            chunks=len(plan),
            created_at=unit.database.clock.real_now(),
        )
    )
    if plan:
        await unit.execute(sa.insert(chunks_table), plan)
    unit.wakes = True
    return job_id


async def plan_chunks(unit: UnitOfWork, job_id: str, chunks: Iterable[Any], input: Mapping[str, Any]) -> None:  # noqa: A002  the column's name
    """Give a job that was started without chunks its plan and its input, in the transaction that started it.

    For work whose size is known only when its data, which name the job, were written.
    """
    plan = _plan(job_id, chunks)
    values = {"chunks": len(plan), "input": dict(input)}
    await unit.execute(sa.update(jobs_table).where(jobs_table.c.id == job_id).values(**values))
    if plan:
        await unit.execute(sa.insert(chunks_table), plan)


def _plan(job_id: str, chunks: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"job": job_id, "n": n, "args": args} for n, args in enumerate(chunks)]


async def cancel_job(unit: UnitOfWork, job_id: str) -> bool:
    """Ask a running job to stop: no further chunk begins. False when it has ended already."""
    asked = (
        sa.update(jobs_table)
        .where(jobs_table.c.id == job_id, jobs_table.c.state == "running")
        .values(
            cancel_requested_at=sa.func.coalesce(
                jobs_table.c.cancel_requested_at, unit.database.clock.real_now()
            )
        )
    )
    return (await unit.execute(asked)).rowcount == 1
