"""Dead letters: events that no try could handle, with the reason.

    python -m kechuang.messaging.dead_letters list   <package>
    python -m kechuang.messaging.dead_letters replay <package> [--letter N …]
    python -m kechuang.messaging.dead_letters drop   <package> --letter N … --reason "…"

`replay` hands the event to the handler that failed, in this service alone: nothing is published again, so no
other service hears it twice. A letter that succeeds is gone; one that fails again stays. `drop` leaves an
audit row with the reason. All of it runs with the service's own settings and rights.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.msg import Msg

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.messaging.broker import Broker, durable_of
from kechuang.messaging.consumer import handle
from kechuang.messaging.events import Envelope, Unreadable
from kechuang.messaging.faults import describe
from kechuang.serve import load
from kechuang.settings import Settings

STREAM = "DLQ"
_FETCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter; `number` is its place in the stream."""

    number: int
    subject: str
    error: str
    consumer: str
    tries: int
    data: bytes
    message: Msg

    @classmethod
    def read(cls, message: Msg) -> "Letter":
        """Read a message of the dead letters' stream."""
        headers = message.headers or {}
        return cls(
            number=message.metadata.sequence.stream,
            subject=headers.get("Kechuang-Subject", message.subject),
            error=headers.get("Kechuang-Error", ""),
            consumer=headers.get("Kechuang-Consumer", ""),
            tries=int(headers.get("Kechuang-Tries", "0")),
            data=message.data,
            message=message,
        )

    @property
    def event_id(self) -> str:
        """The event's id, as far as the letter can be read."""
        try:
            return Envelope.parse(self.data).id
        except Unreadable:
            return "unreadable"


@asynccontextmanager
async def letters(broker: Broker) -> AsyncIterator[list[Letter]]:
    """Take all of the service's letters in hand; those not acknowledged are given back at the end."""
    await broker.connected()
    durable = durable_of(broker.service)
    info = await broker.jetstream.consumer_info(STREAM, durable)
    waiting = (info.num_pending or 0) + (info.num_ack_pending or 0)
    subscription = await broker.jetstream.pull_subscribe_bind(durable, stream=STREAM)
    taken: list[Letter] = []
    try:
        while len(taken) < waiting:
            try:
                messages = await subscription.fetch(waiting - len(taken), timeout=_FETCH_SECONDS)
            except (TimeoutError, nats.errors.TimeoutError):
                break  # the rest is in somebody else's hand
            if not messages:
                break
            taken += [Letter.read(each) for each in messages]
        yield sorted(taken, key=lambda each: each.number)
    finally:
        for each in taken:
            if not each.message.is_acked:
                await each.message.nak()
        await subscription.unsubscribe()


async def replay(database: Database, letter: Letter) -> str | None:
    """Hand the letter's event to the handler that failed; gives what went wrong, if anything did."""
    try:
        envelope = Envelope.parse(letter.data)
        await handle(database, envelope.fields, only=letter.consumer or None)
    except Exception as error:  # noqa: BLE001  told to the operator; the letter stays
        return describe(error)
    await letter.message.ack_sync(timeout=5)
    return None


async def drop(database: Database, letter: Letter, reason: str) -> None:
    """Throw the letter away, with an audit row."""
    async with database.unit(Actor.system(database.service.name)) as unit:
        unit.audit("dead-letter:drop", resource="dead-letter", record_id=letter.event_id, reason=reason)
    await letter.message.ack_sync(timeout=5)


async def _run(asked: argparse.Namespace) -> int:
    service = load(asked.package)
    settings = Settings()
    database, broker = Database(settings, service), Broker(settings, service.name)
    await database.start()
    await broker.start()
    try:
        async with letters(broker) as found:
            return await _each(database, found, asked)
    finally:
        await broker.stop()
        await database.stop()


async def _each(database: Database, found: list[Letter], asked: argparse.Namespace) -> int:
    chosen: Collection[int] = asked.letter or [each.number for each in found]
    failed = 0
    for each in found:
        line = f"{each.number}\t{each.subject}\t{each.event_id}\ttries={each.tries}\t{each.consumer}\t{each.error}"
        if asked.command == "list" or each.number not in chosen:
            _say(line)
        elif asked.command == "drop":
            await drop(database, each, asked.reason)
            _say(f"{line}\tdropped")
        else:
            wrong = await replay(database, each)
            failed += wrong is not None
            _say(f"{line}\t{'failed again: ' + wrong if wrong else 'handled'}")
    _say(f"{len(found)} dead letters")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m kechuang.messaging.dead_letters")
    parser.add_argument("command", choices=["list", "replay", "drop"])
    parser.add_argument("package")
    parser.add_argument(
        "--letter", type=int, action="append", default=[], help="a letter's number; repeatable"
    )
    parser.add_argument("--reason", default="")
    asked: Any = parser.parse_args(arguments)
    if asked.command == "drop" and not (asked.letter and asked.reason):
        parser.error("drop needs --letter and --reason")
    return asyncio.run(_run(asked))


if __name__ == "__main__":
    sys.exit(main())
