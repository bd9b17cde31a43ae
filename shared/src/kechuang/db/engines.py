"""Two engines for one database: a writer, and a reader whose role can only SELECT.

Both run in autocommit as SQLAlchemy sees it: the unit of work begins and commits on the driver's
connection itself, so that the claim of an idempotency key and the flush of side rows can be fixed
statements there (see docs/decisions/0004-one-flush.md). Reads need no transaction and no reset.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kechuang.access import Actor
from kechuang.clock import Clock
from kechuang.db.tables import clock_offset
from kechuang.messaging.waker import Waker
from kechuang.settings import Settings

if TYPE_CHECKING:
    from kechuang.db.unit import Cause, ReadUnit, UnitOfWork
    from kechuang.service import Service

CLOCK_CACHE_SECONDS = 0.1


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _async_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def _engine(url: str, size: int, *, read_only: bool) -> AsyncEngine:
    server_settings = {"application_name": "kechuang", "jit": "off"}
    if read_only:
        server_settings["default_transaction_read_only"] = "on"
        # A list's best plan follows from what is asked for: one for all values reads the whole table for some.
        server_settings["plan_cache_mode"] = "force_custom_plan"
    else:
        # A twin of a request waits on its key's index entry at most this long (409 with Retry-After).
        server_settings["lock_timeout"] = "5s"
        server_settings["idle_in_transaction_session_timeout"] = "60s"
    engine = create_async_engine(
        _async_url(url),
        isolation_level="AUTOCOMMIT",
        pool_size=size,
        max_overflow=0,
        pool_timeout=10,
        pool_reset_on_return=None,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={"server_settings": server_settings, "timeout": 5},
    )
    sa.event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, *_: object) -> None:
    """Have the pool replace a connection that the server closed while it lay there, and all of its age.

    The unit of work speaks to the driver directly, so SQLAlchemy does not hear of a connection that broke: after
    a restart of the database dead connections would come back from the pool for ever. Asks no server.
    """
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


class Database:
    """The engines, the clock and the waker of one process."""

    def __init__(self, settings: Settings, service: "Service") -> None:
        self.settings = settings
        self.service = service
        self.write = _engine(settings.database_url.get_secret_value(), settings.write_pool, read_only=False)
        self.read = _engine(settings.database_read_url.get_secret_value(), settings.read_pool, read_only=True)
        self.clock = Clock(movable=settings.clock_movable)
        self._refreshing = asyncio.Lock()
        self.waker = Waker(settings.database_url.get_secret_value())

    async def start(self) -> None:
        """Open what needs opening; engines connect on first use."""
        await self.waker.start()

    async def stop(self) -> None:
        """Close all connections."""
        await self.waker.stop()
        await self.write.dispose()
        await self.read.dispose()

    def wake(self) -> None:
        """Tell the workers, best effort, that a commit left something for them."""
        self.waker.wake()

    async def refresh_clock(self) -> None:
        """Read the business clock's offset when it is movable and the cached one is old."""
        clock = self.clock
        if not clock.movable or self._clock_is_fresh():
            return
        async with self._refreshing:  # one asks for all who wait
            if self._clock_is_fresh():
                return
            async with self.read.connect() as conn:
                seconds = (await conn.execute(sa.select(clock_offset.c.seconds))).scalar()
            clock.set_offset(timedelta(seconds=seconds or 0))

    def _clock_is_fresh(self) -> bool:
        at = self.clock.refreshed_at
        return at is not None and self.clock.monotonic() - at < CLOCK_CACHE_SECONDS

    @asynccontextmanager
    async def unit(self, actor: Actor, *, cause: "Cause | None" = None) -> AsyncIterator["UnitOfWork"]:
        """One transaction: commits on a clean exit, rolls back on any exception."""
        from kechuang.db.unit import UnitOfWork

        await self.refresh_clock()
        async with UnitOfWork.begin(self, actor, cause=cause) as uow:
            yield uow
            await uow.commit()

    @asynccontextmanager
    async def reading(self, actor: Actor) -> AsyncIterator["ReadUnit"]:
        """A unit that can only read, on the reader's role."""
        from kechuang.db.unit import ReadUnit

        await self.refresh_clock()
        unit = ReadUnit(self, actor)
        try:
            yield unit
        finally:
            await unit.close()
