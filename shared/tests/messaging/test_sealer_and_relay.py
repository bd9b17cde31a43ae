import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import nats
import pytest
import sqlalchemy as sa
from nats.aio.client import Client

from kechuang.access import Actor
from kechuang.db.tables import feed, outbox
from kechuang.messaging.relay import _NEXT, _OLDEST, CURSOR, connect, unpark
from kechuang.messaging.sealer import _SEAL, Sealed, seal, seal_batch

EVENT = "INSERT INTO outbox (event_id, subject, aggregate, aggregate_version, envelope) VALUES ($1, 's', 'a', 1, '{}')"
FEED = """INSERT INTO feed (resource, record_id, version, ever_sight) VALUES ('needs', $1, 1, '{}')
ON CONFLICT (resource, record_id) DO UPDATE SET version = feed.version + 1, seq = nextval('feed_seq'), position = NULL"""


async def _seen(conn: asyncpg.Connection, cursor: int) -> list[asyncpg.Record]:
    return list(
        await conn.fetch(
            "SELECT position, event_id FROM outbox WHERE position > $1 ORDER BY position", cursor
        )
    )


async def test_a_writer_that_commits_late_is_not_skipped_and_delays_nobody(world: Any) -> None:
    database = await world.database()
    slow, reader = await world.connection(database), await world.connection(database)
    late = slow.transaction()
    await late.start()
    await slow.execute(EVENT, "late")  # draws the smaller seq
    await reader.execute(EVENT, "early")
    await seal_batch(reader)
    first = await _seen(reader, 0)
    assert [row["event_id"] for row in first] == ["early"]  # nobody waited for the open writer
    await late.commit()
    await seal_batch(reader)
    rest = await _seen(reader, first[-1]["position"])
    assert [row["event_id"] for row in rest] == ["late"]
    by_seq = await reader.fetch("SELECT event_id FROM outbox ORDER BY seq")
    assert [row["event_id"] for row in by_seq] == ["late", "early"]  # remembering the last seq would skip it


async def test_overtaking_writers_and_two_sealers_skip_and_repeat_nothing(world: Any) -> None:
    database = await world.database()
    chance = random.Random(20240301)
    pauses = [[chance.choice((0, 0, 0, 0.004, 0.02)) for _ in range(25)] for _ in range(8)]
    written: set[str] = set()
    writing = True

    async def write(number: int) -> None:
        conn = await world.connection(database)
        for turn, pause in enumerate(pauses[number]):
            async with conn.transaction():
                await conn.execute(EVENT, f"{number}-{turn}")
                await asyncio.sleep(pause)
            written.add(f"{number}-{turn}")

    async def keep_sealing() -> None:
        conn = await world.connection(database)
        while writing:
            await seal_batch(conn)

    seen: list[str] = []

    async def follow() -> None:
        conn, cursor = await world.connection(database), 0
        while (
            writing
            or await conn.fetchval("SELECT count(*) FROM outbox WHERE position IS NULL")
            or await _seen(conn, cursor)
        ):
            for row in await _seen(conn, cursor):
                cursor = row["position"]
                seen.append(row["event_id"])
            if not writing:
                await seal_batch(conn)

    followers = [asyncio.create_task(each) for each in (follow(), keep_sealing(), keep_sealing())]
    await asyncio.gather(*(write(number) for number in range(8)))
    writing = False
    await asyncio.gather(*followers)
    assert len(seen) == len(set(seen)) == 200
    assert set(seen) == written
    for number in range(8):  # one writer's rows stand for one aggregate's: their order is kept
        turns = [int(each.split("-")[1]) for each in seen if each.startswith(f"{number}-")]
        assert turns == sorted(turns)


async def test_a_sealer_that_looked_before_it_got_the_lock_seals_nothing_twice(world: Any) -> None:
    database = await world.database()
    first, second = await world.connection(database), await world.connection(database)
    await first.execute(EVENT, "one")
    await first.execute(FEED, "need-1")
    # The second one's statement takes its snapshot, then waits for us, and only then asks for the sealer's lock.
    admin = await world.admin_connection(database)
    await admin.execute("""
        CREATE SCHEMA slow;
        GRANT USAGE ON SCHEMA slow TO PUBLIC;
        CREATE FUNCTION slow.pg_try_advisory_xact_lock(bigint) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_catalog.pg_advisory_xact_lock(7);
          RETURN pg_catalog.pg_try_advisory_xact_lock($1);
        END $$""")
    await admin.execute("SELECT pg_advisory_lock(7)")
    await second.execute("SET search_path = slow, public, pg_catalog")
    late = asyncio.create_task(seal_batch(second))

    async def waits() -> bool:
        return bool(await admin.fetchval("SELECT count(*) FROM pg_locks WHERE objid = 7 AND NOT granted"))

    await world.until(waits)
    assert await seal_batch(first) == Sealed(outbox=1, feed=1)
    before = await _seen(first, 0)
    await admin.close()
    assert await late == Sealed()
    assert await _seen(first, 0) == before


@pytest.mark.parametrize("query", [_SEAL, _OLDEST, _NEXT], ids=["seal", "oldest", "next"])
async def test_the_relay_s_queries_read_no_whole_table_though_planned_on_empty_ones(
    world: Any, query: str
) -> None:
    database = await world.database()
    conn = await connect(database.settings.database_url.get_secret_value())
    values = {_SEAL: (1000, 1), _OLDEST: ("c",), _NEXT: ("c", 1, 1000)}[query]
    plan = await conn.fetch("EXPLAIN " + query, *values)
    await conn.close()
    assert not [row[0] for row in plan if "Seq Scan" in row[0]]


async def test_a_feed_row_that_is_being_changed_does_not_stop_the_sealer(world: Any) -> None:
    database = await world.database()
    slow, conn = await world.connection(database), await world.connection(database)
    await conn.execute(FEED, "need-1")
    await conn.execute(FEED, "need-2")
    change = slow.transaction()
    await change.start()
    await slow.execute(FEED, "need-1")
    async with asyncio.timeout(2):
        sealed = await seal_batch(conn)
    assert sealed.feed == 1
    await change.commit()
    assert (await seal_batch(conn)).feed == 1
    order = await conn.fetch("SELECT record_id FROM feed ORDER BY position")
    assert [row["record_id"] for row in order] == ["need-2", "need-1"]


async def test_a_change_moves_its_record_to_the_end_of_the_feed(world: Any) -> None:
    database = await world.database()
    conn = await world.connection(database)
    for record in ("need-1", "need-2"):
        await conn.execute(FEED, record)
    await seal(database)
    before = await conn.fetchval("SELECT max(position) FROM feed")
    await conn.execute(FEED, "need-1")
    await seal(database)
    behind = await conn.fetch("SELECT record_id, version FROM feed WHERE position > $1", before)
    assert [tuple(row) for row in behind] == [("need-1", 2)]


async def test_two_relays_publish_every_event_once_and_in_order(world: Any) -> None:
    database = await world.database()
    relays = [await world.relay(database) for _ in range(2)]
    async with world.running(*(relay.run() for relay in relays)):
        for version in range(1, 31):
            await asyncio.gather(*(world.list_enterprise(database, number, version) for number in range(4)))

        async def all_out() -> bool:
            return len(await world.in_stream()) >= 120

        await world.until(all_out)
    found = await world.in_stream()
    assert len({event_id for event_id, _ in found}) == len(found) == 120
    for number in range(4):
        versions = [e["aggregateversion"] for _, e in found if e["subject"] == f"e-{number}"]
        assert versions == list(range(1, 31))


async def test_a_crash_between_publishing_and_moving_the_cursor_repeats_nothing(world: Any) -> None:
    database = await world.database()
    relay, conn = await world.relay(database), await world.connection(database)
    for version in range(1, 6):
        await world.list_enterprise(database, 1, version)
    await seal(database)
    crash = conn.transaction()
    await crash.start()
    assert await relay.publish(conn) is False  # all sent, nothing left
    await crash.rollback()  # the cursor's move is lost with the connection
    assert await conn.fetchval("SELECT count(*) FROM relay_cursor") == 0
    await world.list_enterprise(database, 1, 6)
    await relay.step(conn)
    assert [e["aggregateversion"] for _, e in await world.in_stream()] == [1, 2, 3, 4, 5, 6]


@pytest.fixture
async def five_sealed(world: Any) -> Any:
    database = await world.database()
    relay, conn = await world.relay(database), await world.connection(database)
    for version in range(1, 6):
        await world.list_enterprise(database, 1, version)
    await seal(database)
    return database, relay, conn


def _versions(found: Sequence[tuple[str, Mapping[str, Any]]]) -> list[int]:
    return [envelope["aggregateversion"] for _, envelope in found]


async def test_several_events_go_as_one_batch(
    world: Any, five_sealed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, relay, conn = five_sealed
    monkeypatch.setattr(relay, "_send_one_by_one", None)
    await relay.publish(conn)
    assert _versions(await world.in_stream()) == [1, 2, 3, 4, 5]


async def test_a_message_lost_on_the_way_loses_no_other_of_its_batch(
    world: Any, five_sealed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, relay, conn = five_sealed
    publish = Client.publish

    async def lossy(self: Client, subject: str, *data: Any, **options: Any) -> None:
        if (options.get("headers") or {}).get("Nats-Batch-Sequence") != "3":
            await publish(self, subject, *data, **options)

    monkeypatch.setattr(Client, "publish", lossy)
    assert await relay.publish(conn) is False  # nothing is left: they went one by one
    assert _versions(await world.in_stream()) == [1, 2, 3, 4, 5]
    assert relay._publisher.takes_batches is True


async def test_a_broker_that_knows_no_batches_gets_every_event_once(
    world: Any, five_sealed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, relay, conn = five_sealed
    publish = Client.publish

    async def old(self: Client, subject: str, *data: Any, **options: Any) -> None:
        headers = options.get("headers") or {}
        known = {name: value for name, value in headers.items() if not name.startswith("Nats-Batch-")}
        await publish(self, subject, *data, **{**options, "headers": known or None})

    monkeypatch.setattr(Client, "publish", old)
    assert await relay.publish(conn) is False
    assert _versions(await world.in_stream()) == [1, 2, 3, 4, 5]
    assert relay._publisher.takes_batches is False


async def test_a_stream_without_batches_is_asked_once(world: Any, five_sealed: Any) -> None:
    database, relay, conn = five_sealed
    admin = await nats.connect(**world.engines.nats.options("admin"))
    config = (await admin.jetstream().stream_info("ENTERPRISE_REGISTRY")).config
    await admin.jetstream().update_stream(config.evolve(allow_atomic=False))
    try:
        assert await relay.publish(conn) is False
        assert relay._publisher.takes_batches is False
        for version in range(6, 9):
            await world.list_enterprise(database, 1, version)
        await relay.step(conn)
        assert _versions(await world.in_stream()) == [1, 2, 3, 4, 5, 6, 7, 8]
    finally:
        await admin.jetstream().update_stream(config)
        await admin.close()


async def test_a_message_lost_on_the_way_does_not_change_the_order(
    world: Any, five_sealed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, relay, conn = five_sealed
    relay._publisher.takes_batches = False
    send, sent = relay._send_one, 0

    async def lossy(row: Any, previous: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == 3:
            return asyncio.get_running_loop().create_future()  # went out, never arrived
        return await send(row, previous)

    monkeypatch.setattr(relay, "_send_one", lossy)
    assert await relay.publish(conn) is True
    assert _versions(await world.in_stream()) == [1, 2]
    await relay.publish(conn)
    assert _versions(await world.in_stream()) == [1, 2, 3, 4, 5]


async def test_an_event_that_the_broker_forbids_is_parked_and_the_rest_goes_on(world: Any) -> None:
    database = await world.database()
    relay, conn = await world.relay(database), await world.connection(database)
    await world.list_enterprise(database, 1)
    async with database.unit(Actor.system("enterprise-registry")) as unit:
        unit.emit(world.Foreign(), aggregate="v-1", version=1)
    await world.list_enterprise(database, 2)

    async def both_out() -> bool:
        await relay.step(conn)
        return len(await world.in_stream()) == 2

    await world.until(both_out)
    parked = await conn.fetch("SELECT subject, parked_reason FROM outbox WHERE parked_at IS NOT NULL")
    assert [row["subject"] for row in parked] == ["kechuang.indicators.value.stolen.v1"]
    assert "permissions" in parked[0]["parked_reason"]
    assert await unpark(conn) == 1


async def test_an_event_over_the_broker_s_limit_is_parked(world: Any) -> None:
    database = await world.database()
    relay, conn = await world.relay(database), await world.connection(database)
    await world.list_enterprise(database, 1, title="厂" * 400_000)
    await world.list_enterprise(database, 2)

    async def out() -> bool:
        await relay.step(conn)
        return bool(await world.in_stream())

    await world.until(out)
    assert [e["subject"] for _, e in await world.in_stream()] == ["e-2"]
    assert await conn.fetchval("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL") == 1


async def test_while_the_broker_is_away_rows_are_sealed_and_wait(world: Any) -> None:
    from kechuang.messaging.bell import Ring
    from kechuang.messaging.broker import Broker
    from kechuang.messaging.relay import Relay

    database = await world.database()
    conn = await world.connection(database)
    away = Broker(database.settings, "enterprise-registry")  # never started
    url = database.settings.database_url.get_secret_value()
    await world.list_enterprise(database, 1)
    assert await Relay(url, away, database.clock, Ring()).step(conn) is None
    async with database.read.connect() as reading:
        positions = (await reading.execute(sa.select(outbox.c.position))).scalars().all()
        assert len(positions) == 1
        assert positions[0] is not None
        assert (await reading.execute(sa.select(feed.c.position))).scalars().all() == []
    back = await world.relay(database)
    await back.step(conn)
    assert len(await world.in_stream()) == 1
    assert await conn.fetchval("SELECT position FROM relay_cursor WHERE name = $1", CURSOR) == positions[0]
