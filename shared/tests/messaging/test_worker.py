import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from kechuang import worker as worker_module
from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.tables import idempotency, outbox
from kechuang.messaging.handlers import Handler
from kechuang.messaging.sealer import seal
from kechuang.messaging.sweep import sweep
from kechuang.worker import Worker, consequences


@pytest.fixture
async def two_services(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    async def always(_: Database) -> bool:
        return True

    monkeypatch.setattr(worker_module, "is_current", always)  # the toy has no migrations

    async def on_listed(uow: Any, event: Any) -> None:
        await uow.execute(sa.insert(world.effects).values(what=event.aggregate))
        uow.schedule("remind", uow.now + timedelta(days=30), event.aggregate, event.version)

    async def remind(uow: Any, timer: Any) -> None:
        await uow.execute(sa.insert(world.effects).values(what=f"remind {timer.record_id}"))

    registry = await world.database()
    listener = await world.database(
        "indicators", handlers=[Handler(world.Listed, on_listed, name="list")], timers={"remind": remind}
    )
    return registry, listener


async def test_a_commit_in_one_service_takes_effect_in_another(world: Any, two_services: Any) -> None:
    registry, listener = two_services
    workers = [Worker(each.service, each.settings) for each in (registry, listener, listener)]
    async with workers[0].running(), workers[1].running(), workers[2].running():
        await asyncio.gather(*(world.list_enterprise(registry, number) for number in range(20)))

        async def followed() -> bool:
            found = [await consequences(each) for each in (registry, listener)]
            return not any(value for each in found for value in each.values())

        await world.until(followed)
        expected = sorted(f"e-{number}" for number in range(20))
        assert await world.column(listener, world.effects.c.what) == expected
        assert await workers[1].missing() == []
        async with listener.write.connect() as conn:
            await conn.execute(sa.text("INSERT INTO clock_offset (seconds) VALUES (2678400)"))
        listener.clock.refreshed_at = None
        listener.wake()
        await world.until(followed)
        assert len(await world.column(listener, world.effects.c.what)) == 40


async def test_readiness_names_what_is_missing(world: Any, two_services: Any) -> None:
    import nats

    _, listener = two_services
    worker = Worker(listener.service, listener.settings)
    assert "broker: no connection" in await worker.missing()
    admin = await nats.connect(**world.engines.nats.options("admin"))
    await admin.jetstream().delete_consumer("ENTERPRISE_REGISTRY", "indicators")
    await admin.close()
    async with worker.running():
        await worker.broker.connected()
        assert await worker.missing() == [
            "broker: durable consumer indicators on stream ENTERPRISE_REGISTRY is missing"
        ]


async def test_an_unreachable_broker_never_counts_as_nothing_to_do(world: Any, two_services: Any) -> None:
    _, listener = two_services
    settings = listener.settings.model_copy(update={"nats_url": "nats://127.0.0.1:1"})
    away = await world.copy(Database(settings, listener.service))
    assert (await consequences(away))["consumers_behind"] > 0


async def test_old_answers_and_published_events_are_swept(world: Any) -> None:
    database = await world.database()
    now = database.clock.real_now()
    answer = {"caller": "c", "operation": "o", "digest": "d"}
    async with database.write.connect() as conn:
        await conn.execute(
            sa.insert(idempotency),
            [
                {**answer, "key": "old", "created_at": now - timedelta(days=8)},
                {**answer, "key": "new", "created_at": now},
            ],
        )
        event = {"subject": "s", "aggregate": "a", "aggregate_version": 1, "envelope": {}}
        ancient = "018df000-0000-7000-8000-000000000000"  # made in February 2024
        await conn.execute(sa.insert(outbox), [{**event, "event_id": ancient}])
    async with database.unit(Actor.system("enterprise-registry")) as unit:
        unit.emit(world.Listed(title="新"), aggregate="e-1", version=1)
    await seal(database)
    assert await sweep(database) == 1  # the answer; nothing is published yet
    async with database.write.connect() as conn:
        await conn.execute(sa.text("INSERT INTO relay_cursor VALUES ('outbox', 1000)"))
    assert await sweep(database) == 1
    assert await world.column(database, idempotency.c.key) == ["new"]
    assert len(await world.column(database, outbox.c.event_id)) == 1
