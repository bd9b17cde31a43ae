import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.tables import clock_offset
from kechuang.db.tables import timer as timers
from kechuang.timers import Timer, count_due, fire_due, fire_next, run_timers


@pytest.fixture
async def due(world: Any) -> Any:
    """A service with one kind of timer that notes what fired; `fail` makes a record's timers fail."""

    class Due:
        fail: tuple[str, ...] = ()
        database: Any

        async def handler(self, uow: Any, timer: Timer) -> None:
            await uow.execute(sa.insert(world.effects).values(what=f"{timer.record_id} {timer.payload['n']}"))
            if timer.record_id in self.fail:
                raise RuntimeError("张三")

        async def set(self, days: float, record: str = "call-1", n: int = 1) -> None:
            async with self.database.unit(Actor.system("enterprise-registry")) as uow:
                uow.schedule("deadline", uow.now + timedelta(days=days), record, 1, {"n": n})

        async def fired(self) -> list[str]:
            async with self.database.read.connect() as conn:
                found = await conn.execute(sa.select(world.effects.c.what).order_by(world.effects.c.id))
                return list(found.scalars())

        async def jump(self, days: int) -> None:
            async with self.database.write.connect() as conn:
                await conn.execute(sa.delete(clock_offset))
                await conn.execute(sa.insert(clock_offset).values(seconds=days * 86_400))
            self.database.clock.refreshed_at = None
            await self.database.refresh_clock()

    made = Due()
    made.database = await world.database(timers={"deadline": made.handler})
    return made


async def test_a_timer_fires_when_the_business_clock_reaches_it(due: Any) -> None:
    await due.set(days=20)
    assert await fire_due(due.database) == 0
    await due.jump(days=21)
    assert await count_due(due.database) == 1
    assert await fire_due(due.database) == 1
    assert await due.fired() == ["call-1 1"]
    assert await fire_due(due.database) == 0


async def test_however_many_workers_look_each_timer_fires_once(world: Any, due: Any) -> None:
    for n in range(30):
        await due.set(days=-1 - n, record=f"call-{n}", n=n)
    twin = await world.copy(Database(due.database.settings, due.database.service))
    await asyncio.gather(*(fire_due(each) for each in (due.database, twin, due.database, twin)))
    assert sorted(await due.fired()) == sorted(f"call-{n} {n}" for n in range(30))


async def test_a_jump_of_two_years_is_caught_up_in_the_order_of_the_dates(due: Any) -> None:
    for n, days in enumerate((700, 30, 365, 90)):
        await due.set(days=days, record=f"call-{n}", n=days)
    await due.jump(days=730)
    assert await fire_due(due.database) == 4
    assert await due.fired() == ["call-1 30", "call-3 90", "call-2 365", "call-0 700"]


async def test_a_failure_rolls_back_waits_and_does_not_stop_others(due: Any) -> None:
    due.fail = ("call-2",)
    for n, record in enumerate(("call-1", "call-2", "call-3")):
        await due.set(days=-10 + n, record=record, n=n)
    assert await fire_due(due.database) == 3
    assert await due.fired() == ["call-1 0", "call-3 2"]
    async with due.database.write.connect() as conn:
        row = (await conn.execute(sa.select(timers).where(timers.c.fired_at.is_(None)))).one()
        assert (row.record_id, row.attempts) == ("call-2", 1)
        assert row.error.startswith("RuntimeError")
        assert "张三" not in row.error
        assert row.not_before > due.database.clock.real_now()
        due.fail = ()
        assert not await fire_next(due.database)  # its time to wait is not over
        await conn.execute(sa.update(timers).values(not_before=None))
    assert await fire_next(due.database)
    assert "call-2 1" in await due.fired()


async def test_a_record_s_timers_fire_in_order_although_another_worker_has_the_first(
    world: Any, due: Any
) -> None:
    await due.set(days=-2, n=1)
    await due.set(days=-1, n=2)
    other = await world.connection(due.database)
    async with other.transaction():
        await other.execute("SELECT 1 FROM timer WHERE (payload->>'n')::int = 1 FOR UPDATE")
        assert not await fire_next(due.database)
    assert await fire_due(due.database) == 2
    assert await due.fired() == ["call-1 1", "call-1 2"]


async def test_a_worker_wakes_for_a_timer_that_a_commit_left(world: Any, due: Any) -> None:
    from kechuang.messaging.bell import Bell

    bell = Bell(due.database.settings.database_url.get_secret_value())
    ring = bell.ring()
    await bell.start()
    try:
        async with world.running(run_timers(due.database, ring)):
            await due.set(days=-1)
            assert await world.until(due.fired) == ["call-1 1"]
    finally:
        await bell.stop()
