"""Rebuilds what a service derived from events, from the streams' first event on.

    python -m kechuang.messaging.replay <package> [--handler KEY …] [--resume]

Only handlers that say what they derive (`Handler.derives`) take part; the tables are emptied and the
handlers' inbox rows removed in one transaction, then the same handlers read everything again. The inbox
makes that safe beside a running worker: an event that the worker handles meanwhile is skipped here, and the
other way round. A handler that needs order must not run beside it: stop the worker first.

After an interruption, `--resume` goes on without emptying anything.
"""

import argparse
import asyncio
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import nats.errors
import sqlalchemy as sa
import structlog
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.tables import inbox
from kechuang.messaging.broker import Broker
from kechuang.messaging.consumer import handle
from kechuang.messaging.events import Envelope, stream_of
from kechuang.messaging.faults import describe
from kechuang.messaging.handlers import AnyHandler
from kechuang.serve import load
from kechuang.settings import Settings

_BATCH = 200
_FETCH_SECONDS = 5.0
_IDLE_SECONDS = 60.0
_log = structlog.get_logger(__name__)


@dataclass
class Rebuilt:
    """What a replay did: events read, effects made, and the events that failed with their reasons."""

    events: int = 0
    effects: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def replayable(database: Database, keys: Collection[str] = ()) -> list[AnyHandler]:
    """Give the handlers that can run again; `keys` choose among them.

    Handlers that fill a common table must be rebuilt together: raises `ValueError` for a part of them.
    """
    able = [each for each in database.service.handlers if each.derives]
    chosen = [each for each in able if not keys or each.key in keys]
    if missing := set(keys) - {each.key for each in able}:
        raise ValueError(f"not handlers that derive tables: {sorted(missing)}")
    tables = {table.name for each in chosen for table in each.derives}
    for each in able:
        if each not in chosen and tables & {table.name for table in each.derives}:
            raise ValueError(f"{each.key} fills the same tables and must be rebuilt as well")
    return chosen


async def forget(database: Database, handlers: Sequence[AnyHandler]) -> None:
    """Empty the derived tables and the handlers' inbox rows, in one transaction."""
    tables = {table.name: table for each in handlers for table in each.derives}
    async with database.unit(Actor.system(database.service.name)) as unit:
        for name in sorted(tables):
            await unit.execute(sa.delete(tables[name]))
        await unit.execute(sa.delete(inbox).where(inbox.c.consumer.in_([each.key for each in handlers])))
        unit.audit("derived-data:rebuild", reason=", ".join(sorted(tables)))


async def read_again(database: Database, broker: Broker, handlers: Sequence[AnyHandler]) -> Rebuilt:
    """Run the handlers over all events of the streams that they hear."""
    rebuilt = Rebuilt()
    keys = {each.key for each in handlers}
    types = {each.event.subject() for each in handlers}
    for source in sorted({each.event.service for each in handlers}):
        await _stream(database, broker, source, types, keys, rebuilt)
    return rebuilt


async def _stream(
    database: Database, broker: Broker, source: str, types: set[str], keys: set[str], rebuilt: Rebuilt
) -> None:
    await broker.connected()
    jetstream, stream, name = broker.jetstream, stream_of(source), f"{broker.service}_replay"
    with suppress(NotFoundError):
        await jetstream.delete_consumer(stream, name)  # left by a replay that was killed
    wanted = ConsumerConfig(
        name=name,
        filter_subject=f"kechuang.{source}.>",
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        inactive_threshold=_IDLE_SECONDS,
    )
    info = await jetstream.add_consumer(stream, wanted)
    left = info.num_pending or 0
    subscription = await jetstream.pull_subscribe_bind(name, stream=stream)
    try:
        while left:
            try:
                messages = await subscription.fetch(min(_BATCH, left), timeout=_FETCH_SECONDS)
            except (TimeoutError, nats.errors.TimeoutError):
                continue
            for message in messages:
                if message.metadata.num_delivered == 1:
                    left -= 1
                await _one(database, message.data, types, keys, rebuilt)
                await message.ack()
    finally:
        await subscription.unsubscribe()
        await jetstream.delete_consumer(stream, name)


async def _one(database: Database, data: bytes, types: set[str], keys: set[str], rebuilt: Rebuilt) -> None:
    rebuilt.events += 1
    event_id = "unreadable"
    try:
        envelope = Envelope.parse(data)
        event_id = envelope.id
        if envelope.event_type in types:
            for key in sorted(keys):
                rebuilt.effects += await handle(database, envelope.fields, only=key)
    except Exception as error:  # noqa: BLE001  one bad event must not end the rebuild; it is reported
        rebuilt.failed.append((event_id, describe(error)))
        _log.error("an event failed in the replay", event_id=event_id, error=describe(error))


async def _run(asked: argparse.Namespace) -> int:
    service, settings = load(asked.package), Settings()
    database, broker = Database(settings, service), Broker(settings, service.name)
    handlers = replayable(database, asked.handler)
    await database.start()
    await broker.start()
    try:
        if not asked.resume:
            await forget(database, handlers)
        rebuilt = await read_again(database, broker, handlers)
    finally:
        await broker.stop()
        await database.stop()
    for event_id, reason in rebuilt.failed:
        sys.stdout.write(f"{event_id}\t{reason}\n")
    sys.stdout.write(f"{rebuilt.events} events, {rebuilt.effects} effects, {len(rebuilt.failed)} failed\n")
    return 1 if rebuilt.failed else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m kechuang.messaging.replay")
    parser.add_argument("package")
    parser.add_argument("--handler", action="append", default=[], help="a handler's key; repeatable")
    parser.add_argument("--resume", action="store_true", help="go on after an interruption")
    asked: Any = parser.parse_args(arguments)
    return asyncio.run(_run(asked))


if __name__ == "__main__":
    sys.exit(main())
