"""Closes audit batches: no row stays outside a closed, signed and published batch for a minute.

Audit rows are plain inserts in the business transaction, so no writer waits for another; the relay gives
them positions, and one worker at a time closes a batch over the positions behind the last one. The root
leaves the database twice: as an event, and as a line in a file (`KECHUANG_AUDIT_ROOTS`) that belongs on
another machine or medium.
"""

import asyncio
import fcntl
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kechuang.access import Actor
from kechuang.audit import batches
from kechuang.db.engines import Database
from kechuang.db.tables import audit as audit_rows
from kechuang.db.tables import audit_batch
from kechuang.messaging import metrics
from kechuang.messaging.events import Event
from kechuang.messaging.faults import describe
from kechuang.messaging.sealer import AUDIT_LOCK

EVERY_SECONDS = 20.0
LARGEST_BATCH = 2000
_log = structlog.get_logger(__name__)


class AuditBatchClosed(Event):
    """A batch of audit rows was closed; the root outlives the database (审计批次已封存)."""

    aggregate_kind = "audit-batch"
    name = "closed"

    number: int
    first_position: int
    last_position: int
    rows: int
    previous_root: str
    root: str
    signature: str


@lru_cache
def batch_closed_event(service: str) -> type[AuditBatchClosed]:
    """Give the event class of one service."""
    return type("AuditBatchClosed", (AuditBatchClosed,), {"service": service, "__module__": __name__})


async def close_batch(database: Database) -> int:
    """Close one batch over what has positions; gives the number of rows, 0 when there are none."""
    service = database.service.name
    key = Ed25519PrivateKey.from_private_bytes(database.settings.key_bytes("signing_key"))
    async with database.unit(Actor.system(service)) as unit:
        if not (await unit.execute(sa.select(sa.func.pg_try_advisory_xact_lock(AUDIT_LOCK)))).scalar():
            return 0
        newest = sa.select(audit_batch).order_by(audit_batch.c.number.desc()).limit(1)
        last = (await unit.execute(newest)).one_or_none()
        rows = (
            sa.select(audit_rows)
            .where(audit_rows.c.position > (last.last_position if last else 0))
            .order_by(audit_rows.c.position)
            .limit(LARGEST_BATCH)
        )
        found = [dict(row) for row in (await unit.execute(rows)).mappings()]
        if not found:
            return 0
        number, previous = (last.number + 1, last.root) if last else (1, batches.GENESIS)
        batch = batches.close(service, number, previous, found)
        values: dict[str, Any] = {
            "number": number,
            "first_position": batch.header.first,
            "last_position": batch.header.last,
            "rows": batch.header.rows,
            "previous_root": previous,
            "root": batch.root,
            "signature": batches.sign(key, batch),
        }
        closed_at = database.clock.real_now()
        await unit.execute(
            sa.insert(audit_batch).values(**values, leaves=b"".join(batch.leaves), closed_at=closed_at)
        )
        unit.emit(batch_closed_event(service)(**values), aggregate=f"audit-batch-{number}", version=1)
    return len(found)


async def export_roots(database: Database) -> int:
    """Append the roots that the file outside the database lacks; gives how many."""
    target = database.settings.audit_roots
    if not target:
        return 0
    async with database.read.connect() as conn:
        columns = [each for each in audit_batch.c if each.name != "leaves"]
        known = await asyncio.to_thread(_last_number, Path(target), database.service.name)
        missing = sa.select(*columns).where(audit_batch.c.number > known).order_by(audit_batch.c.number)
        rows = [dict(row) for row in (await conn.execute(missing)).mappings()]
    return await asyncio.to_thread(_append, Path(target), database.service.name, rows) if rows else 0


def read_roots(target: Path, service: str) -> dict[int, dict[str, Any]]:
    """Read a service's roots from the file, by number; the first line of a number counts."""
    found: dict[int, dict[str, Any]] = {}
    if not target.exists():
        return found
    for line in target.read_bytes().splitlines():
        if not line.strip():
            continue
        row = orjson.loads(line)
        if row["service"] == service:
            found.setdefault(row["number"], row)
    return found


def _last_number(target: Path, service: str) -> int:
    return max(read_roots(target, service), default=0)


def _append(target: Path, service: str, rows: list[dict[str, Any]]) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab") as out:
        fcntl.flock(out, fcntl.LOCK_EX)  # services and copies of a worker share the file
        known = _last_number(target, service)
        new = [row for row in rows if row["number"] > known]
        for row in new:
            out.write(batches.canonical({"service": service, **row}) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    return len(new)


async def _measure(database: Database) -> None:
    behind = sa.select(sa.func.coalesce(sa.func.max(audit_batch.c.last_position), 0)).scalar_subquery()
    oldest = sa.select(sa.func.min(audit_rows.c.at)).where(
        sa.or_(audit_rows.c.position.is_(None), audit_rows.c.position > behind)
    )
    async with database.read.connect() as conn:
        at = (await conn.execute(oldest)).scalar()
    age = (database.clock.real_now() - at).total_seconds() if at else 0.0
    metrics.audit_lag.set(max(0.0, age))


async def run_sealing(database: Database) -> None:
    """Close batches until cancelled."""
    while True:
        try:
            while await close_batch(database) == LARGEST_BATCH:
                pass
            await export_roots(database)
            await _measure(database)
        except Exception as error:  # noqa: BLE001  a worker's loop outlives every failure
            metrics.failures.labels("audit").inc()
            _log.error("audit rows could not be sealed", error=describe(error))
        await asyncio.sleep(EVERY_SECONDS)
