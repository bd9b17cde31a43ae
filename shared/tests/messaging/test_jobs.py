import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from kechuang.access import Actor
from kechuang.db.tables import chunk as chunks
from kechuang.db.tables import job as jobs
from kechuang.db.unit import UnitOfWork
from kechuang.job_runner import JobRunner
from kechuang.jobs import Chunk, Job, JobKind, cancel_job, start_job

CLERK = Actor(subject="clerk", roles=frozenset({"enterprise_clerk"}), organisation="91440700MA00000007")


class Work:
    """A service with one kind of job: each chunk notes what it did, the end counts."""

    def __init__(self, effects: sa.Table) -> None:
        self.effects = effects
        self.database: Any = None
        self.blocked: asyncio.Event | None = None  # the next chunk waits for it …
        self.entered = asyncio.Event()  # … and says that it does
        self.fail: tuple[int, ...] = ()

    async def run_chunk(self, uow: Any, job: Job, chunk: Chunk) -> dict[str, Any]:
        await uow.execute(sa.insert(self.effects).values(what=f"{chunk.args['row']:03} {uow.actor.subject}"))
        if self.blocked is not None:
            held, self.blocked = self.blocked, None
            self.entered.set()
            await held.wait()
        if chunk.n in self.fail:
            raise RuntimeError("张三")
        return {"rows": 1}

    async def finish(self, uow: Any, job: Job) -> dict[str, Any]:
        await uow.execute(sa.insert(self.effects).values(what="end"))
        return {"rows": job.done}

    async def start(self, size: int) -> str:
        async with self.database.unit(CLERK) as uow:
            plan = [{"row": n} for n in range(size)]
            return await start_job(uow, "import", chunks=plan, resource="needs", sight=["public"])

    async def run(self) -> None:
        runner = JobRunner(self.database)
        while await runner.step():
            pass

    async def job(self, job_id: str) -> Any:
        async with self.database.read.connect() as conn:
            return (await conn.execute(sa.select(jobs).where(jobs.c.id == job_id))).one()

    async def chunk(self, job_id: str, n: int) -> Any:
        async with self.database.read.connect() as conn:
            found = sa.select(chunks).where(chunks.c.job == job_id, chunks.c.n == n)
            return (await conn.execute(found)).one()

    async def let_lease_end(self) -> None:
        ended = sa.update(chunks).where(chunks.c.done_at.is_(None))
        async with self.database.write.connect() as conn:
            await conn.execute(ended.values(lease_until=sa.func.now() - timedelta(seconds=1)))


@pytest.fixture
async def work(world: Any) -> Work:
    made = Work(world.effects)
    kind = JobKind(made.run_chunk, made.finish, attempts=2, lease=timedelta(seconds=20))
    made.database = await world.database(jobs={"import": kind})
    return made


async def test_a_job_runs_its_chunks_once_for_its_actor_and_ends_once(world: Any, work: Work) -> None:
    job_id = await work.start(12)
    assert job_id.startswith("er_")
    await asyncio.gather(work.run(), work.run(), work.run())
    job = await work.job(job_id)
    assert (job.state, job.done, job.chunks, job.result) == ("succeeded", 12, 12, {"rows": 12})
    assert job.finished_at is not None
    effects = await world.column(work.database, world.effects.c.what)
    assert effects == [*(f"{n:03} clerk" for n in range(12)), "end"]


async def test_a_job_without_chunks_ends(work: Work) -> None:
    job_id = await work.start(0)
    await work.run()
    assert (await work.job(job_id)).state == "succeeded"


async def test_a_plan_that_is_rolled_back_leaves_nothing(work: Work) -> None:
    async def plan_and_fail() -> None:
        async with work.database.unit(CLERK) as uow:
            await start_job(uow, "import", chunks=[{"row": 1}])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await plan_and_fail()
    async with work.database.read.connect() as conn:
        assert (await conn.execute(sa.select(sa.func.count()).select_from(jobs))).scalar() == 0


async def test_a_killed_worker_s_chunk_is_taken_again(world: Any, work: Work) -> None:
    work.blocked = asyncio.Event()
    job_id = await work.start(3)
    killed = asyncio.create_task(work.run())
    await work.entered.wait()
    await work.run()  # another worker does the rest; the first chunk is under its lease
    assert (await work.job(job_id)).done == 2
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    await work.let_lease_end()
    await work.run()
    assert (await work.job(job_id)).state == "succeeded"
    assert (await work.chunk(job_id, 0)).attempts == 2
    assert len(await world.column(work.database, world.effects.c.what)) == 4


async def test_a_worker_that_was_thought_dead_cannot_commit(world: Any, work: Work) -> None:
    work.blocked = held = asyncio.Event()
    job_id = await work.start(1)
    slow = asyncio.create_task(JobRunner(work.database).step())
    await work.entered.wait()
    await work.let_lease_end()
    await work.run()
    assert (await work.job(job_id)).state == "succeeded"
    held.set()
    await slow
    job = await work.job(job_id)
    assert (job.done, job.state) == (1, "succeeded")
    assert await world.column(work.database, world.effects.c.what) == ["000 clerk", "end"]


async def test_a_chunk_that_fails_for_the_last_time_fails_the_job_after_the_others(
    world: Any, work: Work
) -> None:
    work.fail = (1,)
    job_id = await work.start(3)
    await work.run()
    assert (await work.job(job_id)).done == 2
    await work.let_lease_end()  # the wait before the second try
    await work.run()
    job, chunk = await work.job(job_id), await work.chunk(job_id, 1)
    assert (job.state, job.result) == ("failed", {"failed_chunks": 1, "first_failed_chunk": 1})
    assert chunk.error.startswith("RuntimeError")
    assert "张三" not in chunk.error
    assert await world.column(work.database, world.effects.c.what) == ["000 clerk", "002 clerk"]


async def test_a_cancelled_job_begins_no_further_chunk(world: Any, work: Work) -> None:
    job_id = await work.start(5)
    runner = JobRunner(work.database)
    await runner.step()
    async with work.database.unit(CLERK) as uow:
        assert await cancel_job(uow, job_id)
    await work.run()
    job = await work.job(job_id)
    assert (job.state, job.done) == ("cancelled", 1)
    async with work.database.unit(CLERK) as uow:
        assert not await cancel_job(uow, job_id)


async def test_who_waits_for_a_job_hears_that_it_failed_or_was_cancelled(world: Any, work: Work) -> None:
    async def ended(unit: UnitOfWork, job: Job, state: str) -> None:
        await unit.execute(sa.insert(world.effects).values(what=f"{state} {unit.actor.subject}"))

    kind = JobKind(work.run_chunk, work.finish, ended=ended, attempts=1)
    work.database = await world.database(jobs={"import": kind})
    await work.start(1)
    work.fail = (0,)
    await work.run()
    stopped = await work.start(1)
    async with work.database.unit(CLERK) as uow:
        assert await cancel_job(uow, stopped)
    await work.run()
    said = await world.column(work.database, world.effects.c.what)
    assert sorted(said) == ["cancelled service:enterprise-registry", "failed service:enterprise-registry"]


async def test_a_small_job_is_not_kept_waiting_by_a_large_one(work: Work) -> None:
    large, small = await work.start(50), await work.start(2)
    runner = JobRunner(work.database)
    for _ in range(6):
        await runner.step()
    assert (await work.job(small)).done == 2
    assert (await work.job(large)).done < 6


async def test_a_long_chunk_s_lease_is_renewed(world: Any, work: Work) -> None:
    kind = JobKind(work.run_chunk, lease=timedelta(milliseconds=60))
    database = await world.database(jobs={"import": kind})
    work.database = database
    work.blocked = held = asyncio.Event()
    job_id = await work.start(1)
    running = asyncio.create_task(JobRunner(database).step())

    async def renewed() -> bool:
        chunk = await work.chunk(job_id, 0)
        return chunk.lease_until is not None and chunk.lease_until > first + timedelta(milliseconds=100)

    first = database.clock.real_now()
    await world.until(renewed)
    held.set()
    await running
    assert (await work.chunk(job_id, 0)).attempts == 1
