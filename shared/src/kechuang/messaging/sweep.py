"""Sweeps away what has served its purpose: stored answers, and published events in the outbox.

Small batches, so that no transaction is long. The inbox is kept: a durable consumer that has to be made
anew delivers everything again. Streams, feeds and replay do not read the outbox.
"""

import asyncio
from datetime import timedelta

import sqlalchemy as sa
import structlog

from kechuang.db.engines import Database
from kechuang.db.tables import idempotency, outbox, relay_cursor
from kechuang.messaging import metrics
from kechuang.messaging.faults import describe

EVERY_SECONDS = 600.0
OUTBOX_DAYS = 14
BATCH = 1000
_log = structlog.get_logger(__name__)


async def sweep(database: Database) -> int:
    """Remove what is old enough; gives the number of rows."""
    now = database.clock.real_now()
    answers = (
        sa.select(idempotency.c.caller, idempotency.c.operation, idempotency.c.key)
        .where(idempotency.c.created_at < now - timedelta(days=database.settings.idempotency_days))
        .limit(BATCH)
    )
    old_answers = sa.delete(idempotency).where(
        sa.tuple_(idempotency.c.caller, idempotency.c.operation, idempotency.c.key).in_(answers)
    )
    published = sa.select(relay_cursor.c.position).where(relay_cursor.c.name == "outbox").scalar_subquery()
    events = (
        sa.select(outbox.c.seq)
        .where(
            outbox.c.position <= published,
            outbox.c.parked_at.is_(None),
            outbox.c.event_id < _first_id_of((now - timedelta(days=OUTBOX_DAYS)).timestamp()),
        )
        .limit(BATCH)
    )
    old_events = sa.delete(outbox).where(outbox.c.seq.in_(events))
    removed = 0
    for statement in (old_answers, old_events):
        count = BATCH
        while count == BATCH:
            async with database.write.connect() as conn:
                count = (await conn.execute(statement)).rowcount
            removed += count
    return removed


def _first_id_of(seconds: float) -> str:
    """Give the text that every UUIDv7 made from this Unix time on is greater than."""
    digits = f"{int(seconds * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"


async def run_sweep(database: Database) -> None:
    """Sweep until cancelled."""
    while True:
        try:
            await sweep(database)
        except Exception as error:  # noqa: BLE001  a worker's loop outlives every failure
            metrics.failures.labels("sweep").inc()
            _log.warning("the sweep failed and tries again", error=describe(error))
        await asyncio.sleep(EVERY_SECONDS)
