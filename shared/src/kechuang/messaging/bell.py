"""The bell: `LISTEN` on one connection, heard by every loop of a worker that has something to do.

It only saves waiting. Each loop looks by itself as well, at least once a second, so that a lost
notification, a lost connection or a bell that never starts costs latency and nothing else.
"""

import asyncio
import contextlib

import asyncpg
import structlog

CHANNEL = "kechuang_outbox"
_RETRY_SECONDS = 1.0
DATABASE_AWAY = (
    *(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError),
    asyncpg.InternalClientError,  # the connection broke in the middle of a message
)
"""What a connection of the driver raises when the database is away: loops wait and connect again."""
_log = structlog.get_logger(__name__)


class Ring:
    """One listener's memory of having been rung."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Ring."""
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until rung or until the time is over; tells which. Rings in between are kept."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Bell:
    """Listens for commits of any process of this service."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._rings: list[Ring] = []
        self._task: asyncio.Task[None] | None = None

    def ring(self) -> Ring:
        """Give a new listener's ring."""
        made = Ring()
        self._rings.append(made)
        return made

    def sound(self) -> None:
        """Ring for all: something was committed."""
        for each in self._rings:
            each.set()

    async def start(self) -> None:
        """Begin to listen; the connection is made, and made again, in the background."""
        self._task = asyncio.create_task(self._listen(), name="bell")

    async def stop(self) -> None:
        """End listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                conn = await asyncpg.connect(self._dsn, timeout=5)
            except DATABASE_AWAY as error:
                _log.warning("the bell cannot reach the database", error=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            lost = asyncio.Event()
            try:
                conn.add_termination_listener(lambda _conn, lost=lost: lost.set())
                await conn.add_listener(CHANNEL, lambda *_: self.sound())
                self.sound()  # whatever came while nobody listened
                await lost.wait()
            except DATABASE_AWAY:
                await asyncio.sleep(_RETRY_SECONDS)
            finally:
                conn.terminate()
