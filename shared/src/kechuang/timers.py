"""Durable timers: what must happen when a date is reached.

A timer is a row that a use case wrote with its change (`uow.schedule`). Any number of workers look for due
ones on the *business* clock; each fires once, in a unit of work that also marks it as fired. Retries wait
on the real clock.

The handler gets the timer as it was set: the record may have moved on since, so the handler locks it and
checks that its reason still holds (usually: the state, or `timer.version`). When the clock jumps by months,
as in a rehearsal or after an outage, timers fire in the order of `due_at`, one after the other. `uow.now` is
the clock's present; a handler that decides about a deadline uses `timer.due_at`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.tables import timer as timers
from kechuang.db.unit import UnitOfWork
from kechuang.messaging import metrics
from kechuang.messaging.bell import Ring
from kechuang.messaging.faults import describe, is_outage

POLL_SECONDS = 1.0
_SPACING_SECONDS = 0.05  # between looks while commits ring the bell
_BACK_OFF = (1, 5, 30, 120, 600, 3600)  # seconds; the last one for ever: a legal deadline is never dropped
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timer:
    """A due timer: `record_id` and `version` are those it was set for; `attempts` counts earlier failures."""

    id: int
    kind: str
    due_at: datetime
    record_id: str
    version: int
    payload: Mapping[str, Any]
    attempts: int = 0


TimerHandler = Callable[[UnitOfWork, Timer], Awaitable[None]]


class _FailedError(Exception):
    """Carries the timer out of the unit of work that is rolled back."""

    def __init__(self, timer: Timer, cause: Exception) -> None:
        super().__init__(describe(cause))
        self.timer = timer
        self.cause = cause


def _next_due(kinds: list[str], now: datetime, real_now: datetime) -> sa.Select[Any]:
    """Select the earliest due timer that nobody else is firing.

    A record's timers fire in order: one waits while an earlier one of its record has not fired, unless that
    one failed, which must not hold up the rest.
    """
    earlier = timers.alias("earlier")
    return (
        sa.select(timers)
        .where(
            timers.c.fired_at.is_(None),
            timers.c.due_at <= now,
            timers.c.kind.in_(kinds),
            sa.or_(timers.c.not_before.is_(None), timers.c.not_before <= real_now),
            ~sa.exists().where(
                earlier.c.record_id == timers.c.record_id,
                earlier.c.fired_at.is_(None),
                earlier.c.attempts == 0,
                sa.tuple_(earlier.c.due_at, earlier.c.id) < sa.tuple_(timers.c.due_at, timers.c.id),
                earlier.c.kind.in_(kinds),
            ),
        )
        .order_by(timers.c.due_at, timers.c.id)
        .limit(1)
        .with_for_update(of=timers, skip_locked=True)
    )


async def fire_next(database: Database) -> bool:
    """Fire the earliest due timer; False when none is due. A failure is noted with the timer, not raised."""
    kinds = sorted(database.service.timers)
    if not kinds:
        return False
    try:
        async with database.unit(Actor.system(database.service.name)) as unit:
            found = await unit.execute(_next_due(kinds, unit.now, database.clock.real_now()))
            row = found.one_or_none()
            if row is None:
                return False
            due = Timer(
                row.id, row.kind, row.due_at, row.record_id, row.set_for_version, row.payload, row.attempts
            )
            try:
                await database.service.timers[due.kind](unit, due)
            except Exception as error:
                raise _FailedError(due, error) from error
            fired = sa.update(timers).where(timers.c.id == due.id).values(fired_at=database.clock.real_now())
            await unit.execute(fired.values(error=None))
    except _FailedError as failure:
        if is_outage(failure.cause):
            raise failure.cause from None
        await _note_failure(database, failure)
        return True
    metrics.timers_fired.labels(due.kind, "fired").inc()
    return True


async def _note_failure(database: Database, failure: _FailedError) -> None:
    timer = failure.timer
    wait = timedelta(seconds=_BACK_OFF[min(timer.attempts, len(_BACK_OFF) - 1)])
    async with database.unit(Actor.system(database.service.name)) as unit:
        await unit.execute(
            sa.update(timers)
            .where(timers.c.id == timer.id, timers.c.fired_at.is_(None))
            .values(
                attempts=timers.c.attempts + 1,
                not_before=database.clock.real_now() + wait,
                error=str(failure),
            )
        )
    metrics.timers_fired.labels(timer.kind, "failed").inc()
    _log.error("a timer failed", kind=timer.kind, record_id=timer.record_id, error=str(failure))


async def fire_due(database: Database, limit: int = 500) -> int:
    """Fire up to `limit` due timers one after the other; gives how many were taken."""
    for count in range(limit):
        if not await fire_next(database):
            return count
    return limit


async def count_due(database: Database) -> int:
    """Count the timers that are due and have not fired."""
    await database.refresh_clock()
    due = sa.select(sa.func.count()).where(
        timers.c.fired_at.is_(None), timers.c.due_at <= database.clock.now()
    )
    async with database.read.connect() as conn:
        return int((await conn.execute(due)).scalar_one())


async def run_timers(database: Database, ring: Ring) -> None:
    """Fire timers until cancelled."""
    while True:
        try:
            fired = await fire_due(database)
            metrics.timers_overdue.set(await count_due(database))
        except Exception as error:  # noqa: BLE001  a worker's loop outlives every failure
            metrics.failures.labels("timers").inc()
            _log.warning("the timers' loop failed and tries again", error=describe(error))
            await asyncio.sleep(POLL_SECONDS)
            continue
        if not fired:
            await asyncio.sleep(_SPACING_SECONDS)
            await ring.wait(POLL_SECONDS)
