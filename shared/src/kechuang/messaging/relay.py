"""The relay: publishes sealed outbox rows to JetStream, in order, once in effect.

One publisher at a time (an advisory lock that ends with the transaction) reads rows behind its cursor and
publishes them as one batch, of which the broker takes all in their order or none. Where it takes none (it knows
one of them from before a crash, must not have one, lost one on the way, or is too old for batches), they go
one by one without waiting for each acknowledgement, and the cursor moves over the acknowledged prefix. A crash
before the cursor moves repeats messages; the broker drops what it knows by `Nats-Msg-Id`, the consumers' inbox
drops the rest.

One by one, order survives a message that is lost while later ones arrive: every message but the first says
which one must stand before it (`Nats-Expected-Last-Msg-Id`), so the broker refuses the later ones, and all of
them are sent again.

Sealing goes on while the broker is away, and so do the requests: nobody waits for the broker.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import nats.errors
import structlog

from kechuang.clock import Clock
from kechuang.messaging import metrics
from kechuang.messaging.bell import DATABASE_AWAY, Ring
from kechuang.messaging.broker import Broker
from kechuang.messaging.events import MEDIA_TYPE
from kechuang.messaging.faults import describe
from kechuang.messaging.publisher import Message, Publisher, RefusedError
from kechuang.messaging.sealer import BATCH, PUBLISHER_LOCK, oldest_unsealed, seal_batch

CURSOR = "outbox"
POLL_SECONDS = 1.0
ACK_SECONDS = 5.0
_BACK_OFF = (0.1, 0.25, 0.5, 1.0, 2.0)
_MEASURE_SECONDS = 1.0
_UNANSWERED = "no acknowledgement in time"
_log = structlog.get_logger(__name__)

# Its queries take a few rows from the end of an index. Planned once, while the tables are small or not yet
# counted, they would read whole tables ever after.
_SETTINGS = {"jit": "off", "enable_seqscan": "off"}

_UNSENT = """
FROM outbox
WHERE position > COALESCE((SELECT position FROM relay_cursor WHERE name = $1), 0) AND parked_at IS NULL
"""
_ANYTHING = f"SELECT EXISTS (SELECT {_UNSENT})"
_OLDEST = f"SELECT event_id {_UNSENT} ORDER BY position LIMIT 1"
# Lock and rows in one round trip. The snapshot may be older than the lock, and the rows those that another relay has
# just published: the broker knows them. So does it those of a cursor that a crash sets back: its commit waits for no disk.
_NEXT = f"""
WITH turn AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock($2) AS taken, set_config('synchronous_commit', 'off', true)
)
SELECT seq, position, event_id, subject, envelope::text AS envelope
{_UNSENT} AND (SELECT taken FROM turn) ORDER BY position LIMIT $3
"""  # noqa: S608  of constants
_MOVE = """
INSERT INTO relay_cursor AS c (name, position) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE c.position < excluded.position
"""
_PARK = "UPDATE outbox SET parked_at = $2, parked_reason = $3 WHERE seq = $1"
# A parked event goes to the end of the queue; what came after it has gone already.
_UNPARK = """
UPDATE outbox SET parked_at = NULL, parked_reason = NULL, position = NULL WHERE parked_at IS NOT NULL
RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: how many rows from its start are done, and which one cannot be."""

    acknowledged: int
    refused: asyncpg.Record | None = None
    reason: str = ""
    failure: str = ""


class Relay:
    """Seals and publishes for one service; any number may run, one works at a time."""

    def __init__(self, dsn: str, broker: Broker, clock: Clock, ring: Ring) -> None:
        self._dsn = dsn
        self._broker = broker
        self._clock = clock
        self._ring = ring
        self._publisher = Publisher(broker)
        self._measured = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        failures = 0
        conn: asyncpg.Connection | None = None
        try:
            while True:
                try:
                    if conn is None or conn.is_closed():
                        conn = await connect(self._dsn)
                    progress = await self.step(conn)
                except (*DATABASE_AWAY, nats.errors.Error) as error:
                    if conn is not None:
                        conn.terminate()
                        conn = None
                    metrics.failures.labels("relay").inc()
                    _log.warning("the relay failed and tries again", error=describe(error))
                    await asyncio.sleep(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
                    failures += 1
                    continue
                if progress is None:  # the broker is away or did not answer in time
                    await asyncio.sleep(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
                    failures += 1
                    continue
                failures = 0
                if not progress:
                    await self._ring.wait(POLL_SECONDS)
        finally:
            if conn is not None:
                conn.terminate()

    async def step(self, conn: asyncpg.Connection) -> bool | None:
        """Seal and publish one batch; tells whether there may be more, None when the broker failed."""
        await self._measure(conn)
        sealed = await seal_batch(conn)
        if not (sealed.outbox or await conn.fetchval(_ANYTHING, CURSOR)):
            return sealed.full  # most wakes of a service that only listens
        if not self._broker.ready:
            return True if sealed.full else None
        published = await self.publish(conn)
        if published is None:
            return None
        return sealed.full or published

    async def publish(self, conn: asyncpg.Connection) -> bool | None:
        """Publish one batch of sealed rows in one transaction; the answer as in `step`."""
        async with conn.transaction():
            rows = await conn.fetch(_NEXT, CURSOR, PUBLISHER_LOCK, BATCH)
            if not rows:
                return False  # or another publishes
            outcome = await self.send(rows)
            done = outcome.acknowledged
            if outcome.refused is not None:
                await self._park(conn, outcome.refused, outcome.reason)
            if done:
                await conn.execute(_MOVE, CURSOR, rows[done - 1]["position"])
        metrics.published.inc(done)
        if outcome.failure:
            metrics.failures.labels("publish").inc()
            _log.warning("the broker did not take all events", error=outcome.failure, taken=done)
        return len(rows) == BATCH if done == len(rows) else (True if outcome.refused or done else None)

    async def send(self, rows: Sequence[asyncpg.Record]) -> Outcome:
        """Publish the rows in order and await the acknowledgements, up to the first that is missing."""
        if len(rows) > 1 and self._publisher.takes_batches:
            outcome = await self._send_together(rows)
            if outcome is not None:
                return outcome
        return await self._send_one_by_one(rows)

    async def _send_together(self, rows: Sequence[asyncpg.Record]) -> Outcome | None:
        """Publish the rows as one batch; gives None when they must go one by one."""
        try:
            future = await self._publisher.send_batch([_message(row) for row in rows])
        except RefusedError:
            return None
        except (nats.errors.Error, OSError) as error:
            return Outcome(0, failure=describe(error))
        try:
            answered, _ = await asyncio.wait([future], timeout=ACK_SECONDS)
        finally:
            self._publisher.forget([future])
        if not answered:
            return Outcome(0, failure=_UNANSWERED)
        return Outcome(len(rows)) if future.exception() is None else None

    async def _send_one_by_one(self, rows: Sequence[asyncpg.Record]) -> Outcome:
        futures: list[asyncio.Future[None]] = []
        failure: Exception | None = None
        previous: str | None = None
        try:
            for row in rows:
                futures.append(await self._send_one(row, previous))
                previous = row["event_id"]
        except (nats.errors.Error, RefusedError, OSError) as error:
            failure = error
        try:
            if futures:
                await asyncio.wait(futures, timeout=ACK_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
            return _outcome(rows, futures, failure)
        finally:
            self._publisher.forget(futures)

    async def _send_one(self, row: asyncpg.Record, previous: str | None) -> asyncio.Future[None]:
        return await self._publisher.send(_message(row, previous))

    async def _park(self, conn: asyncpg.Connection, row: asyncpg.Record, reason: str) -> None:
        await conn.execute(_PARK, row["seq"], self._clock.real_now(), reason)
        metrics.parked.labels(row["subject"]).inc()
        _log.error("an event is parked", event_id=row["event_id"], subject=row["subject"], reason=reason)

    async def _measure(self, conn: asyncpg.Connection) -> None:
        now = self._clock.monotonic()
        if now - self._measured < _MEASURE_SECONDS:
            return
        self._measured = now
        for gauge, found in (
            (metrics.sealing_lag, await oldest_unsealed(conn)),
            (metrics.outbox_lag, await conn.fetchval(_OLDEST, CURSOR)),
        ):
            gauge.set(metrics.seconds_since(found) if found else 0)


def _message(row: asyncpg.Record, previous: str | None = None) -> Message:
    headers = {"Nats-Msg-Id": row["event_id"], "Content-Type": MEDIA_TYPE}
    if previous is not None:
        headers["Nats-Expected-Last-Msg-Id"] = previous
    return Message(row["subject"], row["envelope"].encode(), headers)


def _outcome(
    rows: Sequence[asyncpg.Record], futures: Sequence[asyncio.Future[None]], failure: Exception | None
) -> Outcome:
    """Read the answers in order: the acknowledged prefix ends at the first that is not an acknowledgement."""
    for index, future in enumerate(futures):
        error = future.exception() if future.done() else TimeoutError(_UNANSWERED)
        if error is None:
            continue
        if isinstance(error, RefusedError):
            return Outcome(index, rows[index], str(error))
        return Outcome(index, failure=str(error))
    if isinstance(failure, RefusedError):
        return Outcome(len(futures), rows[len(futures)], str(failure))
    return Outcome(len(futures), failure=describe(failure) if failure else "")


async def connect(dsn: str) -> asyncpg.Connection:
    """Open a connection whose plans fit the relay's queries."""
    return await asyncpg.connect(dsn, timeout=5, command_timeout=30, server_settings=_SETTINGS)


async def unpark(conn: asyncpg.Connection) -> int:
    """Give parked events another chance, after the permission or the limit was mended; tells how many."""
    return len(await conn.fetch(_UNPARK))
