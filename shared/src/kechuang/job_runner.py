"""The workers' side of durable jobs (see `kechuang.jobs`): takes chunks, ends jobs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Row

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.tables import chunk as chunks
from kechuang.db.tables import job as jobs
from kechuang.db.unit import UnitOfWork
from kechuang.jobs import Chunk, Job, JobKind, LeaseLostError
from kechuang.messaging import metrics
from kechuang.messaging.bell import Ring
from kechuang.messaging.faults import describe, is_outage

POLL_SECONDS = 1.0
_SPACING_SECONDS = 0.05  # between looks while commits ring the bell
_BACK_OFF = (1, 5, 30, 120, 600)  # seconds
_FINISH_ATTEMPTS = 10
_log = structlog.get_logger(__name__)


def _free(real_now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(chunks.c.lease_until.is_(None), chunks.c.lease_until <= real_now)


def _claim(kinds: dict[str, JobKind], real_now: datetime) -> sa.Update:
    """Take the next chunk of the running job that has got the least so far: small jobs overtake large ones."""
    candidate = (
        sa.select(chunks.c.n)
        .where(chunks.c.job == jobs.c.id, chunks.c.done_at.is_(None), _free(real_now))
        .order_by(chunks.c.n)
        .limit(1)
        .with_for_update(skip_locked=True)
        .lateral("candidate")
    )
    chosen = (
        sa.select(jobs.c.id, jobs.c.kind, candidate.c.n)
        .select_from(jobs.join(candidate, sa.true()))
        .where(
            jobs.c.state == "running", jobs.c.cancel_requested_at.is_(None), jobs.c.kind.in_(sorted(kinds))
        )
        .order_by(jobs.c.done, jobs.c.created_at)
        .limit(1)
        .cte("chosen")
        .prefix_with("MATERIALIZED")
    )
    leases = sa.case({name: kind.lease for name, kind in kinds.items()}, value=chosen.c.kind)
    return (
        sa.update(chunks)
        .where(chunks.c.job == chosen.c.id, chunks.c.n == chosen.c.n)
        .values(attempts=chunks.c.attempts + 1, lease_until=sa.literal(real_now, sa.DateTime(True)) + leases)
        .returning(chunks)
    )


def _fence(row: Row[Any]) -> sa.ColumnElement[bool]:
    """Match the chunk only while this worker's claim is the last one."""
    return sa.and_(
        chunks.c.job == row.job,
        chunks.c.n == row.n,
        chunks.c.attempts == row.attempts,
        chunks.c.done_at.is_(None),
    )


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        resource=row.resource,
        input=row.input,
        actor=Actor.from_claims(row.actor),
        sight=tuple(row.sight),
        chunks=row.chunks,
        done=row.done,
    )


class JobRunner:
    """Runs chunks of one service's jobs; any number of runners may work."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kinds = dict(database.service.jobs)
        self._system = Actor.system(database.service.name)

    async def run(self, ring: Ring) -> None:
        """Work until cancelled. A chunk in hand is given up and taken again by another after its lease."""
        if not self._kinds:
            return
        while True:
            try:
                worked = await self.step()
            except Exception as error:  # noqa: BLE001  a worker's loop outlives every failure
                metrics.failures.labels("jobs").inc()
                _log.warning("the jobs' loop failed and tries again", error=describe(error))
                await asyncio.sleep(POLL_SECONDS)
                continue
            if not worked:
                await asyncio.sleep(_SPACING_SECONDS)
                await ring.wait(POLL_SECONDS)

    async def step(self) -> bool:
        """Run one chunk or end one job; False when there is nothing to do."""
        clock = self._database.clock
        async with self._database.unit(self._system) as unit:
            row = (await unit.execute(_claim(self._kinds, clock.real_now()))).one_or_none()
        if row is not None:
            await self._run_chunk(row)
            return True
        return await self._end_one()

    async def _run_chunk(self, row: Row[Any]) -> None:
        async with self._database.write.connect() as conn:
            found = (await conn.execute(sa.select(jobs).where(jobs.c.id == row.job))).one()
        job, chunk = _job(found), Chunk(row.n, row.args, row.attempts)
        kind = self._kinds[job.kind]
        try:
            async with self._heartbeat(row, kind.lease) as beat, self._database.unit(job.actor) as unit:
                result = await kind.run_chunk(unit, job, chunk)
                beat.cancel()  # it would wait for the row that is marked now
                await self._mark_done(unit, row, result)
        except LeaseLostError:
            metrics.chunks_done.labels(job.kind, "lost").inc()
            _log.warning("a chunk was taken over by another worker", job=job.id, chunk=chunk.n)
        except Exception as error:  # noqa: BLE001  every failure of a chunk is noted with it
            await self._note_failure(row, job, kind, error)
        else:
            metrics.chunks_done.labels(job.kind, "done").inc()

    async def _mark_done(self, unit: UnitOfWork, row: Row[Any], result: Mapping[str, Any] | None) -> None:
        done = {
            "done_at": self._database.clock.real_now(),
            "result": result,
            "error": None,
            "lease_until": None,
        }
        marked = await unit.execute(sa.update(chunks).where(_fence(row)).values(**done))
        # The job's row is locked last and for a moment only, since all its workers meet here.
        counted = await unit.execute(
            sa.update(jobs)
            .where(jobs.c.id == row.job, jobs.c.state == "running")
            .values(done=jobs.c.done + 1)
        )
        if marked.rowcount != 1 or counted.rowcount != 1:
            raise LeaseLostError

    async def _note_failure(self, row: Row[Any], job: Job, kind: JobKind, error: Exception) -> None:
        now = self._database.clock.real_now()
        last = row.attempts >= kind.attempts and not is_outage(error)
        wait = timedelta(seconds=_BACK_OFF[min(row.attempts - 1, len(_BACK_OFF) - 1)])
        values: dict[str, Any] = {"error": describe(error), "lease_until": None if last else now + wait}
        if last:
            values["done_at"] = now
        async with self._database.unit(self._system) as unit:
            noted = await unit.execute(sa.update(chunks).where(_fence(row)).values(**values))
            if last and noted.rowcount == 1:
                await unit.execute(sa.update(jobs).where(jobs.c.id == job.id).values(done=jobs.c.done + 1))
        metrics.chunks_done.labels(job.kind, "failed" if last else "retried").inc()
        _log.error("a chunk failed", job=job.id, chunk=row.n, attempts=row.attempts, error=values["error"])

    @asynccontextmanager
    async def _heartbeat(self, row: Row[Any], lease: timedelta) -> AsyncIterator["asyncio.Task[None]"]:
        """Renew the lease while the chunk is in work."""
        task = asyncio.create_task(self._renew(row, lease))
        try:
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _renew(self, row: Row[Any], lease: timedelta) -> None:
        while True:
            await asyncio.sleep(lease.total_seconds() / 3)
            until = self._database.clock.real_now() + lease
            try:
                async with self._database.write.connect() as conn:
                    await conn.execute(sa.update(chunks).where(_fence(row)).values(lease_until=until))
            except Exception as error:  # noqa: BLE001  the lease may end; the fence keeps that harmless
                _log.warning("a chunk's lease was not renewed", job=row.job, error=describe(error))

    async def _end_one(self) -> bool:
        """End one job: all chunks done, or cancelled with none in work."""
        real_now = self._database.clock.real_now()
        in_work = sa.exists().where(
            chunks.c.job == jobs.c.id, chunks.c.done_at.is_(None), chunks.c.lease_until > real_now
        )
        endable = (
            sa.select(jobs)
            .where(
                jobs.c.state == "running",
                jobs.c.kind.in_(sorted(self._kinds)),
                sa.or_(jobs.c.not_before.is_(None), jobs.c.not_before <= real_now),
                sa.or_(
                    jobs.c.done == jobs.c.chunks,
                    sa.and_(jobs.c.cancel_requested_at.is_not(None), ~in_work),
                ),
            )
            .order_by(jobs.c.created_at)
            .limit(1)
            .with_for_update(of=jobs, skip_locked=True)
        )
        async with self._database.unit(self._system) as unit:
            row = (await unit.execute(endable)).one_or_none()
            if row is None:
                return False
            if row.done < row.chunks:
                await unit.execute(_end(row, "cancelled", real_now))
                await self._tell(unit, row, "cancelled")
                return True
            failed = (
                sa.select(chunks.c.n)
                .where(chunks.c.job == row.id, chunks.c.error.is_not(None))
                .order_by(chunks.c.n)
            )
            numbers = list((await unit.execute(failed)).scalars())
            if numbers:
                result = {"failed_chunks": len(numbers), "first_failed_chunk": numbers[0]}
                await unit.execute(_end(row, "failed", real_now, result=result))
                await self._tell(unit, row, "failed")
                return True
        await self._finish(row)
        return True

    async def _tell(self, unit: UnitOfWork, row: Row[Any], state: str) -> None:
        ended = self._kinds[row.kind].ended
        if ended is not None:
            await ended(unit, _job(row), state)

    async def _finish(self, row: Row[Any]) -> None:
        """Run `finish` and mark the job, in one transaction on behalf of who started it."""
        job, kind = _job(row), self._kinds[row.kind]
        try:
            async with self._database.unit(job.actor) as unit:
                mine = sa.select(jobs.c.id).where(jobs.c.id == job.id, jobs.c.state == "running")
                if (await unit.execute(mine.with_for_update(skip_locked=True))).scalar() is None:
                    return
                result = await kind.finish(unit, job) if kind.finish else None
                now = self._database.clock.real_now()
                await unit.execute(_end(row, "succeeded", now, result=result))
        except Exception as error:  # noqa: BLE001  noted with the job
            now = self._database.clock.real_now()
            wait = timedelta(seconds=_BACK_OFF[min(row.attempts, len(_BACK_OFF) - 1)])
            last = row.attempts + 1 >= _FINISH_ATTEMPTS and not is_outage(error)
            ended = {"state": "failed", "finished_at": now} if last else {}
            async with self._database.unit(self._system) as unit:
                await unit.execute(
                    sa.update(jobs)
                    .where(jobs.c.id == job.id, jobs.c.state == "running")
                    .values(
                        attempts=jobs.c.attempts + 1, not_before=now + wait, error=describe(error), **ended
                    )
                )
                if last:
                    await self._tell(unit, row, "failed")
            _log.error("the end of a job failed", job=job.id, error=describe(error))


def _end(row: Row[Any], state: str, now: datetime, result: Any = None) -> sa.Update:
    return (
        sa.update(jobs)
        .where(jobs.c.id == row.id, jobs.c.state == "running")
        .values(state=state, finished_at=now, result=result)
    )
