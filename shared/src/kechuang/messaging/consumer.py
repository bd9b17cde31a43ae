"""Consumers: events of other services come in, each takes effect once.

Per stream that the service hears there is one durable pull consumer, made by the deploy step. Messages go
into lanes by aggregate: one aggregate's events are handled one after the other within this process, others
beside each other. What has piled up in a lane is handled in one transaction, event by event; when any of it
fails, nothing of that transaction stays and each event is handled in one of its own. An event is acknowledged
after its effect is committed.

A failure is told apart: what no retry can mend (an unreadable envelope, a payload against its model,
`Poison`) is put aside at once; while a dependency is away the event waits in its lane and costs no try;
anything else is tried again after 1, 2, 5, 15, 60 … seconds and put aside after the last try. "Put aside"
is a message on `kechuang.dlq.…` (`kechuang.messaging.dead_letters` shows, replays and drops them): nothing
is dropped silently.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import nats.errors
import structlog
from nats.aio.msg import Msg
from pydantic import ValidationError

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.unit import Cause, UnitOfWork
from kechuang.messaging import metrics
from kechuang.messaging.broker import Broker, durable_of
from kechuang.messaging.events import Envelope, Received, Unreadable, dead_letter_subject, stream_of
from kechuang.messaging.faults import Poison, describe, is_outage
from kechuang.messaging.handlers import (
    AnyHandler,
    Handler,
    claim,
    handlers_by_type,
    heard_services,
    latest_wins,
)
from kechuang.messaging.pull import Pull
from kechuang.tasks import end
from kechuang.telemetry import parse_traceparent, span

__all__ = ["Consumer", "Handler", "Received", "consumers_of", "handle", "latest_wins"]

BACK_OFF_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0)
LANES = 8
BATCH = 128
TOGETHER = 32  # events of one lane in one transaction
_OUTAGE_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0)
_FINAL = (Unreadable, ValidationError, Poison)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    message: Msg
    envelope: Envelope


class Consumer:
    """One stream's events for one service."""

    def __init__(
        self,
        database: Database,
        broker: Broker,
        source: str,
        *,
        back_off: Sequence[float] = BACK_OFF_SECONDS,
    ) -> None:
        """`source` is the service whose stream is read; `back_off` has the seconds before each new try."""
        self._database = database
        self._broker = broker
        self._service = database.service.name
        self._actor = Actor.system(self._service)
        self._by_type = handlers_by_type(database.service)
        self._back_off = back_off
        self.stream = stream_of(source)

    async def run(self) -> None:
        """Work until cancelled; what is in hand is finished, what waits is given back."""
        lanes: list[asyncio.Queue[_Job]] = [asyncio.Queue(TOGETHER) for _ in range(LANES)]
        async with _workers([self._work(lane) for lane in lanes]):
            while True:
                try:
                    await self._feed(lanes)
                except (nats.errors.Error, OSError) as error:
                    _log.warning("the consumer failed and tries again", error=describe(error))
                    await asyncio.sleep(_OUTAGE_SECONDS[1])

    async def _feed(self, lanes: Sequence[asyncio.Queue[_Job]]) -> None:
        pull = Pull(self._broker, self.stream, durable_of(self._service), BATCH)
        async for message in pull.messages():
            try:
                envelope = Envelope.parse(message.data)
            except Unreadable as error:
                await self._put_aside(message, error, "envelope")
                continue
            if envelope.event_type not in self._by_type:
                metrics.handled.labels("unknown", "ignored").inc()
                await message.ack()
                continue
            await lanes[crc32(envelope.aggregate.encode()) % len(lanes)].put(_Job(message, envelope))

    async def _work(self, lane: asyncio.Queue[_Job]) -> None:
        while True:
            jobs = [await lane.get()]
            while not lane.empty() and len(jobs) < TOGETHER:
                jobs.append(lane.get_nowait())
            try:
                # Shielded: a stop lets the events in hand end, and with them their transaction.
                await _finish(self._several(jobs))
            except (nats.errors.Error, OSError) as error:
                _log.warning("an event could not be answered; it will come again", error=describe(error))

    async def _several(self, jobs: Sequence[_Job]) -> None:
        """Handle what one lane holds: together if that goes well, else one by one."""
        if len(jobs) > 1:
            try:
                await self._together(jobs)
            except Exception as error:  # noqa: BLE001  whatever it is, one by one shows whose it is
                _log.info("events are handled one by one", events=len(jobs), error=describe(error))
            else:
                for job in jobs:
                    await job.message.ack()
                return
        for job in jobs:
            await self._one(job)

    async def _together(self, jobs: Sequence[_Job]) -> None:
        """Handle several events in one unit of work: a fraction of the round trips and of the commits."""
        wanted = [(each, job.envelope) for job in jobs for each in self._by_type[job.envelope.event_type]]
        async with self._database.unit(self._actor) as unit:
            claimed = await claim(unit, wanted)
            # Keyed, so that a message that came twice runs once.
            fresh = {key: each for each in wanted if (key := (each[0].key, each[1].id)) in claimed}
            for handler, envelope in fresh.values():
                await _run(unit, handler, envelope)
        for handler, envelope in wanted:
            _count(envelope, fresh=(handler.key, envelope.id) in fresh)

    async def _one(self, job: _Job) -> None:
        """Run all handlers of one event and answer the broker."""
        for handler in self._by_type[job.envelope.event_type]:
            error = await self._try(job, handler)
            if error is None:
                continue
            tries = job.message.metadata.num_delivered
            if isinstance(error, _FINAL) or tries > len(self._back_off):
                await self._put_aside(job.message, error, handler.key)
                return
            metrics.handled.labels(job.envelope.event_type, "retried").inc()
            _log.warning(
                "an event will be tried again", event_id=job.envelope.id, tries=tries, error=describe(error)
            )
            await job.message.nak(delay=self._back_off[tries - 1])
            return
        await job.message.ack()

    async def _try(self, job: _Job, handler: AnyHandler) -> Exception | None:
        """Run one handler; waits out a dependency that is away. Gives the failure, if it is the event's."""
        outages = 0
        while True:
            try:
                await self.handle(handler, job.envelope)
            except Exception as error:  # noqa: BLE001  the whole point: any failure has its way out
                if not is_outage(error):
                    return error
                _log.warning("a dependency is away; the event waits", error=describe(error))
                await job.message.in_progress()
                await asyncio.sleep(_OUTAGE_SECONDS[min(outages, len(_OUTAGE_SECONDS) - 1)])
                outages += 1
            else:
                return None

    async def handle(self, handler: AnyHandler, envelope: Envelope) -> None:
        """Handle one event in one unit of work."""
        fresh = await _in_unit(self._database, self._actor, handler, envelope)
        _count(envelope, fresh=fresh)

    async def _put_aside(self, message: Msg, error: Exception, handler: str) -> None:
        """Publish to the dead letters; only when that is stored is the broker told to stop delivering."""
        sequence = message.metadata.sequence.stream
        reason = describe(error).encode("ascii", "backslashreplace").decode()
        await self._broker.jetstream.publish(
            dead_letter_subject(self._service, message.subject),
            message.data,
            headers={
                # One failure is one letter, however often the answer to the broker gets lost.
                "Nats-Msg-Id": f"{self.stream}:{sequence}:{self._service}:{message.metadata.num_delivered}",
                "Kechuang-Error": reason,
                "Kechuang-Consumer": handler,
                "Kechuang-Tries": str(message.metadata.num_delivered),
                "Kechuang-Subject": message.subject,
                "Kechuang-Stream": self.stream,
                "Kechuang-Sequence": str(sequence),
            },
        )
        await message.term()
        metrics.handled.labels(message.subject, "dead").inc()
        _log.error("an event was put aside", subject=message.subject, sequence=sequence, error=reason)


async def handle(database: Database, envelope: Mapping[str, Any], *, only: str | None = None) -> int:
    """Run the handlers of one event outside a consumer; gives how many it was new to.

    For dead letters, replays and tests. `envelope` is the parsed CloudEvents form, `only` a handler's key.
    """
    opened = Envelope(envelope)
    handlers = handlers_by_type(database.service).get(opened.event_type, ())
    actor = Actor.system(database.service.name)
    fresh = 0
    for each in handlers:
        if only is None or each.key == only:
            fresh += await _in_unit(database, actor, each, opened)
    return fresh


async def _in_unit(database: Database, actor: Actor, handler: AnyHandler, envelope: Envelope) -> bool:
    """Handle one event in one unit of work; False if it was done before."""
    async with database.unit(actor) as unit:
        if not await claim(unit, [(handler, envelope)]):
            return False
        await _run(unit, handler, envelope)
        return True


async def _run(unit: UnitOfWork, handler: AnyHandler, envelope: Envelope) -> None:
    """Run one handler, in the trace that its event came from."""
    received: Received[Any] = envelope.open(handler.event)
    parent = parse_traceparent(received.traceparent)
    with span(f"{envelope.event_type} process", kind="consumer", parent=parent, event=envelope.id) as step:
        unit.cause = Cause(traceparent=step.context.traceparent, event_id=received.id)
        await handler.handle(unit, received)


def _count(envelope: Envelope, *, fresh: bool) -> None:
    metrics.handled.labels(envelope.event_type, "done" if fresh else "repeated").inc()
    if fresh:
        metrics.delay.observe(metrics.seconds_since(envelope.id))


def consumers_of(database: Database, broker: Broker) -> list[Consumer]:
    """Make a consumer for each stream that the service hears."""
    return [Consumer(database, broker, source) for source in heard_services(database.service)]


@asynccontextmanager
async def _workers(work: Sequence[Any]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        await end(*tasks)


async def _finish(work: Any) -> None:
    """Await to the end even when cancelled meanwhile; the cancellation takes effect afterwards."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await task
        raise
