from typing import Any

import nats
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kechuang.db.tables import inbox
from kechuang.messaging import dead_letters, replay
from kechuang.messaging.consumer import Consumer, handle
from kechuang.messaging.events import Envelope, Unreadable
from kechuang.messaging.faults import NotYet, Poison, describe, is_outage
from kechuang.messaging.handlers import Handler, handlers_by_type, latest_wins
from kechuang.worker import behind, consequences

WRONG_PAYLOAD = (
    '{"specversion":"1.0","id":"x","source":"/x","type":"%s","subject":"e-1",'
    '"time":"2024-03-01T00:00:00Z","aggregateversion":1,"data":{"title":null}}'
)


def keep_list(world: Any, *, fail: Any = None, derives: tuple[Any, ...] = ()) -> Handler[Any]:
    """The listener's handler: keeps the newest title of each enterprise and notes each effect."""

    async def on_listed(uow: Any, event: Any) -> None:
        if fail is not None:
            await fail(event)
        await latest_wins(
            uow,
            world.enterprises,
            key={"id": event.aggregate},
            version=event.version,
            values={"title": event.data.title},
        )
        await uow.execute(sa.insert(world.effects).values(what=f"{event.aggregate} v{event.version}"))

    return Handler(world.Listed, on_listed, name="list", derives=derives)


@pytest.fixture
async def pair(world: Any) -> Any:
    """A registry that publishes, and a maker of listeners."""
    registry = await world.database()
    relay, conn = await world.relay(registry), await world.connection(registry)

    class Pair:
        database: Any
        broker: Any

        async def tell(self, number: int, version: int = 1, **values: Any) -> None:
            await world.list_enterprise(registry, number, version, **values)
            await relay.step(conn)

        async def tell_raw(self, data: bytes, subject: str = world.Listed.subject()) -> None:
            user = await nats.connect(**world.engines.nats.options("enterprise-registry"))
            await user.jetstream().publish(subject, data)
            await user.close()

        async def listener(self, *handlers: Any) -> Any:
            self.database = await world.database("indicators", handlers=handlers)
            self.broker = await world.broker("indicators", self.database)
            return self.database

        def consumer(self, *, back_off: tuple[float, ...] = (0.01, 0.01)) -> Any:
            return Consumer(self.database, self.broker, "enterprise-registry", back_off=back_off).run()

        async def effects(self) -> Any:
            return await world.column(self.database, world.effects.c.what)

        async def idle(self) -> bool:
            return sum((await behind(self.broker, self.database.service)).values()) == 0

        async def letters(self) -> list[Any]:
            async with dead_letters.letters(self.broker) as found:
                return [(each.subject, each.consumer, each.tries, each.error) for each in found]

    return Pair()


async def test_each_event_takes_effect_once_although_it_is_delivered_twice(world: Any, pair: Any) -> None:
    await pair.listener(keep_list(world))
    for number in range(1, 6):
        await pair.tell(number)
    _, envelope = (await world.in_stream())[0]
    async with world.running(pair.consumer(), pair.consumer()):
        await world.until(pair.idle)
        assert await handle(pair.database, envelope) == 0  # the same event once more
    assert await pair.effects() == [f"e-{n} v1" for n in range(1, 6)]
    assert await world.column(pair.database, inbox.c.consumer) == ["list"] * 5


async def test_what_piled_up_is_handled_together_and_one_poisoned_event_spoils_nothing(
    world: Any, pair: Any
) -> None:
    transactions: set[int] = set()

    async def fail(event: Any) -> None:
        if event.aggregate == "e-17":
            raise Poison("nobody can handle this")

    async def note_transaction(uow: Any, _: Any) -> None:
        found = await uow.execute(sa.text("SELECT pg_current_xact_id()::text::bigint"))
        transactions.add(found.scalar_one())

    for number in range(1, 41):
        await pair.tell(number)
    await pair.listener(keep_list(world, fail=fail), Handler(world.Listed, note_transaction, name="note"))
    async with world.running(pair.consumer()):
        await world.until(pair.idle)
    assert sorted(await pair.effects()) == sorted(f"e-{n} v1" for n in range(1, 41) if n != 17)
    assert [consumer for _, consumer, _, _ in await pair.letters()] == ["list"]
    # Far fewer transactions than the eighty that one by one would have taken.
    assert len(transactions) < 40


async def test_the_newest_version_wins_in_whatever_order_events_come(world: Any, pair: Any) -> None:
    await pair.listener(keep_list(world))
    for version in (3, 1, 2):
        await pair.tell(1, version, title=f"第{version}版")
    async with world.running(pair.consumer()):
        await world.until(pair.idle)
    assert await world.column(pair.database, world.enterprises.c.title) == ["第3版"]
    assert len(await pair.effects()) == 3


async def test_an_effect_and_its_claim_are_one_transaction(world: Any, pair: Any) -> None:
    calls = 0

    async def fail_once(_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("a blip")

    await pair.listener(keep_list(world, fail=fail_once))
    await pair.tell(1)
    async with world.running(pair.consumer()):
        await world.until(pair.idle)
    assert calls == 2
    assert await pair.effects() == ["e-1 v1"]
    assert await pair.letters() == []


async def test_a_handler_waits_for_what_belongs_before(world: Any, pair: Any) -> None:
    seen: list[int] = []

    async def in_order(event: Any) -> None:
        if event.version != len(seen) + 1:
            raise NotYet("an earlier version has not come")
        seen.append(event.version)

    await pair.listener(keep_list(world, fail=in_order))
    for version in (2, 1):
        await pair.tell(1, version)
    async with world.running(pair.consumer(back_off=(0.01,) * 20)):
        await world.until(pair.idle)
    assert seen == [1, 2]


async def test_after_the_last_try_an_event_becomes_a_dead_letter_that_can_be_replayed(
    world: Any, pair: Any
) -> None:
    broken = True

    async def fail(event: Any) -> None:
        if broken and event.aggregate == "e-2":
            raise RuntimeError("张三 13800000000")

    await pair.listener(keep_list(world, fail=fail))
    for number in (1, 2, 3):
        await pair.tell(number)
    async with world.running(pair.consumer()):
        await world.until(pair.letters)
        await world.until(pair.idle)
    assert await pair.effects() == ["e-1 v1", "e-3 v1"]
    ((subject, consumer, tries, error),) = await pair.letters()
    assert (subject, consumer, tries) == (world.Listed.subject(), "list", 3)
    assert error.startswith("RuntimeError")
    assert "138" not in error  # an error's message may quote personal data
    async with dead_letters.letters(pair.broker) as found:
        assert await dead_letters.replay(pair.database, found[0]) is not None  # still broken: stays
    broken = False
    async with dead_letters.letters(pair.broker) as found:
        assert await dead_letters.replay(pair.database, found[0]) is None
    assert await pair.letters() == []
    assert await pair.effects() == ["e-1 v1", "e-2 v1", "e-3 v1"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff not json", "Unreadable"),
        (b"[]", "Unreadable"),
        (WRONG_PAYLOAD, "ValidationError /title"),
    ],
)
async def test_what_no_retry_can_mend_is_put_aside_at_once(
    world: Any, pair: Any, data: Any, why: str
) -> None:
    await pair.listener(keep_list(world))
    raw = (data % world.Listed.subject()).encode() if isinstance(data, str) else data
    await pair.tell_raw(raw)
    await pair.tell(1)
    async with world.running(pair.consumer()):
        await world.until(pair.letters)
        await world.until(pair.idle)
    ((_, _, tries, error),) = await pair.letters()
    assert tries == 1
    assert error.startswith(why)
    assert await pair.effects() == ["e-1 v1"]


async def test_a_dropped_letter_leaves_an_audit_row(world: Any, pair: Any) -> None:
    async def refuse(_: Any) -> None:
        raise Poison("no such indicator")

    await pair.listener(keep_list(world, fail=refuse))
    await pair.tell(1)
    async with world.running(pair.consumer()):
        await world.until(pair.letters)
    async with dead_letters.letters(pair.broker) as found:
        assert "no such indicator" in found[0].error
        await dead_letters.drop(pair.database, found[0], "测试数据，无须处理")
    assert await pair.letters() == []
    async with pair.database.read.connect() as conn:
        row = (await conn.execute(sa.text("SELECT action, reason FROM audit"))).one()
    assert tuple(row) == ("dead-letter:drop", "测试数据，无须处理")


async def test_an_event_that_nobody_handles_is_passed_over(world: Any, pair: Any) -> None:
    await pair.listener(keep_list(world))
    await pair.tell_raw(
        b'{"id":"x","source":"/x","type":"kechuang.enterprise-registry.enterprise.later.v9",'
        b'"subject":"e","time":"2024-03-01T00:00:00Z","aggregateversion":1}',
        "kechuang.enterprise-registry.enterprise.later.v9",
    )
    async with world.running(pair.consumer()):
        await world.until(pair.idle)
    assert await pair.letters() == []


async def test_while_the_database_is_away_an_event_waits_and_costs_no_try(
    world: Any, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pair.listener(keep_list(world))
    await pair.tell(1)
    unit, away = pair.database.unit, 0

    def sometimes(*args: Any, **options: Any) -> Any:
        nonlocal away
        away += 1
        if away <= 2:
            raise ConnectionRefusedError
        return unit(*args, **options)

    monkeypatch.setattr(pair.database, "unit", sometimes)
    async with world.running(pair.consumer(back_off=())):  # not a single retry is allowed
        await world.until(pair.idle)
    assert await pair.effects() == ["e-1 v1"]
    assert await pair.letters() == []


async def test_derived_tables_are_rebuilt_from_the_stream_s_start(world: Any, pair: Any) -> None:
    await pair.listener(keep_list(world, derives=(world.enterprises, world.effects)))
    for number in (1, 2):
        for version in (1, 2):
            await pair.tell(number, version)
    async with world.running(pair.consumer()):
        await world.until(pair.idle)

    async def picture() -> Any:
        return [
            await world.column(pair.database, column)
            for column in (world.enterprises.c.id, world.enterprises.c.seen_version, world.effects.c.what)
        ]

    before = await picture()
    async with pair.database.write.connect() as conn:
        await spoil(conn, world)
    handlers = replay.replayable(pair.database)
    await replay.forget(pair.database, handlers)
    assert await picture() == [[], [], []]
    rebuilt = await replay.read_again(pair.database, pair.broker, handlers)
    assert (rebuilt.events, rebuilt.effects, rebuilt.failed) == (4, 4, [])
    assert await picture() == before
    again = await replay.read_again(pair.database, pair.broker, handlers)  # --resume
    assert again.effects == 0
    with pytest.raises(ValueError, match="not handlers"):
        replay.replayable(pair.database, ["unknown"])


async def spoil(conn: AsyncConnection, world: Any) -> None:
    await conn.execute(sa.update(world.enterprises).values(title="坏"))


async def test_consequences_are_zero_when_everything_has_followed(world: Any, pair: Any) -> None:
    await pair.listener(keep_list(world))
    await pair.tell(1)
    waiting = {"timers_due": 0, "outbox_pending": 0, "consumers_behind": 1}
    assert await consequences(pair.database) == waiting
    async with world.running(pair.consumer()):
        await world.until(pair.idle)
    assert set((await consequences(pair.database)).values()) == {0}


def test_two_handlers_of_an_event_need_different_names(world: Any) -> None:
    class Twice:
        handlers = (keep_list(world), keep_list(world))

    with pytest.raises(ValueError, match="are named list"):
        handlers_by_type(Twice())  # type: ignore[arg-type]


def test_an_envelope_is_cloudevents(world: Any) -> None:
    from datetime import UTC, datetime

    at = datetime(2024, 3, 1, tzinfo=UTC)
    made = world.Listed(title="江门光学厂").envelope(
        event_id="1", aggregate="e-1", version=2, time=at, traceparent="00-1", cause=None
    )
    assert made["specversion"] == "1.0"
    assert made["type"] == "kechuang.enterprise-registry.enterprise.listed.v1"
    assert made["time"] == "2024-03-01T00:00:00Z"
    assert "causationid" not in made
    opened = Envelope(made).open(world.Listed)
    assert (opened.version, opened.time, opened.data.title) == (2, at, "江门光学厂")
    with pytest.raises(Unreadable):
        Envelope.parse(b'{"id": 7}')


def test_an_outage_is_told_from_a_fault() -> None:
    assert is_outage(ConnectionRefusedError())
    assert is_outage(TimeoutError())
    assert not is_outage(ValueError("x"))
    assert describe(ValueError("张三")) == "ValueError"
