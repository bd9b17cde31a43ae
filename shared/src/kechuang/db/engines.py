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
from kechuang.tasks import end

if TYPE_CHECKING:
    from kechuang.db.unit import Cause, ReadUnit, UnitOfWork
    from kechuang.service import Service

CLOCK_CACHE_SECONDS = 0.1
_POOL_SECONDS = 10


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _async_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def _engine(url: str, turns: int, *, read_only: bool) -> AsyncEngine:
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
        pool_size=turns + 1,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
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


class Turns:
    """Gives a pool's connections to units in the order in which they ask.

    The pool alone gives a free connection to whoever comes at that moment; under load some wait ten times
    as long as others. A connection beyond the turns is for those who ask without one, to see the clock or
    whether the database answers: they must not wait behind the load.
    """

    def __init__(self, size: int) -> None:
        self._free = asyncio.Semaphore(size)

    async def take(self) -> None:
        """Wait for a turn; raises `TimeoutError` when none comes within the pool's time."""
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        async with asyncio.timeout(_POOL_SECONDS):
            await self._free.acquire()

    def give_back(self) -> None:
        """Let the next one have it."""
        self._free.release()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn inside the block."""
        await self.take()
        try:
            yield
        finally:
            self.give_back()


class Database:
    """The engines, the clock and the waker of one process."""

    def __init__(self, settings: Settings, service: "Service") -> None:
        self.settings = settings
        self.service = service
        self.write = _engine(settings.database_url.get_secret_value(), settings.write_pool, read_only=False)
        self.read = _engine(settings.database_read_url.get_secret_value(), settings.read_pool, read_only=True)
        self.writers, self.readers = Turns(settings.write_pool), Turns(settings.read_pool)
        self.clock = Clock(movable=settings.clock_movable)
        self._refreshing: asyncio.Task[None] | None = None
        self.waker = Waker(settings.database_url.get_secret_value())

    async def start(self) -> None:
        """Open what needs opening; engines connect on first use."""
        await self.waker.start()

    async def stop(self) -> None:
        """Close all connections."""
        await self.waker.stop()
        if self._refreshing is not None and not self._refreshing.done():
            await end(self._refreshing)  # it holds a connection, and whoever asked may have gone
        await self.write.dispose()
        await self.read.dispose()

    def wake(self) -> None:
        """Tell the workers, best effort, that a commit left something for them."""
        self.waker.wake()

    async def refresh_clock(self) -> None:
        """Read the business clock's offset when it is movable and the cached one is old."""
        if not self.clock.movable or self._clock_is_fresh():
            return
        # One asks for all, and all go on at once: by a lock they would come out one a turn of the loop.
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._read_clock(), name="clock")
        await asyncio.shield(self._refreshing)

    async def _read_clock(self) -> None:
        async with self.read.connect() as conn:
            seconds = (await conn.execute(sa.select(clock_offset.c.seconds))).scalar()
        self.clock.set_offset(timedelta(seconds=seconds or 0))

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
