"""The waker: tells the workers that a commit left something for them.

`NOTIFY` inside a creating transaction takes a third of the throughput away, since PostgreSQL serialises
such commits; so one connection of its own sends it after the commit, at most once in two milliseconds
however many transactions end. It is best effort: the workers look every second anyway.
"""

import asyncio
import contextlib

import asyncpg
import structlog

from kechuang.messaging.bell import CHANNEL, DATABASE_AWAY

_PAUSE_SECONDS = 0.002
_RETRY_SECONDS = 1.0
_SETTINGS = {"synchronous_commit": "off"}  # a notification has nothing to keep: its commit waits for no disk
_log = structlog.get_logger(__name__)


class Waker:
    """`wake()` returns at once and never fails; the notification follows in the background."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._wanted: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; connects when the first notification is wanted."""
        if self._task is None:
            self._wanted = asyncio.Event()
            self._task = asyncio.create_task(self._run(self._wanted), name="waker")

    def wake(self) -> None:
        """Ask for a notification."""
        if self._wanted is not None:
            self._wanted.set()

    async def stop(self) -> None:
        """End; a notification that was asked for a moment ago may be lost."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = self._wanted = None

    async def _run(self, wanted: asyncio.Event) -> None:
        conn: asyncpg.Connection | None = None
        try:
            while True:
                await wanted.wait()
                wanted.clear()
                try:
                    if conn is None or conn.is_closed():
                        conn = await asyncpg.connect(self._dsn, timeout=5, server_settings=_SETTINGS)
                    await conn.execute("SELECT pg_notify($1, '')", CHANNEL)
                except DATABASE_AWAY as error:
                    if conn is not None:
                        conn.terminate()
                        conn = None
                    _log.warning("the workers were not woken", error=type(error).__name__)
                    await asyncio.sleep(_RETRY_SECONDS)
                else:
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            if conn is not None:
                conn.terminate()
