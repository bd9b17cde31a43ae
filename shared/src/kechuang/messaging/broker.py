"""The connection to NATS, and what nats-py leaves to be heard.

The broker may be away when a process starts and at any time later: nothing here fails for that, the
connection is made and made again in the background and `ready` tells how it stands.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext

from kechuang.settings import Settings

_RETRY_SECONDS = 1.0
_VIOLATION = re.compile(r'permissions violation for publish to "(?P<subject>[^"]+)"', re.IGNORECASE)
_log = structlog.get_logger(__name__)


def durable_of(service: str) -> str:
    """Name the durable consumer that a service has on each stream that it hears: the service's name."""
    return service


def inbox_prefix(service: str) -> bytes:
    """Give the prefix of a service's reply subjects; its own, so that no other service reads its replies."""
    return f"_INBOX_{service.replace('-', '_')}".encode()


class Broker:
    """One connection of one process."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._settings = settings
        self.service = service
        self.client: Client | None = None
        self._jetstream: JetStreamContext | None = None
        self._task: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self._refused: list[Callable[[str], None]] = []
        self._returned: list[Callable[[], None]] = []

    @property
    def ready(self) -> bool:
        """Tell whether there is a connection at this moment."""
        return self.client is not None and self.client.is_connected

    @property
    def jetstream(self) -> JetStreamContext:
        """Give the JetStream context; only after `connected()`."""
        assert self._jetstream is not None, "wait for connected() first"
        return self._jetstream

    def on_refused(self, call: Callable[[str], None]) -> None:
        """Have `call` told the subject, in lower case, of each publish that the broker's permissions refuse.

        The server says so on the side; the publish itself only times out.
        """
        self._refused.append(call)

    def on_returned(self, call: Callable[[], None]) -> None:
        """Have `call` told when a lost connection is there again: requests that were waiting are lost."""
        self._returned.append(call)

    async def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._connect(), name="broker")

    async def connected(self) -> Client:
        """Wait for the connection, the first one or a new one."""
        while True:
            await self._connected.wait()
            assert self.client is not None
            if self.client.is_connected:
                return self.client
            self._connected.clear()

    async def stop(self) -> None:
        """Close; what was published is flushed first, but not for long."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self.client is not None:
            with contextlib.suppress(Exception):  # a broker that is away cannot be told good-bye
                if self.client.is_connected:
                    await self.client.flush(timeout=2)
            with contextlib.suppress(Exception):
                await self.client.close()

    async def _connect(self) -> None:
        settings = self._settings
        while True:
            try:
                client = await nats.connect(
                    settings.nats_url,
                    user=settings.nats_user or None,
                    password=settings.nats_password.get_secret_value() or None,
                    name=f"{self.service} worker",
                    inbox_prefix=inbox_prefix(self.service),
                    error_cb=self._on_error,
                    reconnected_cb=self._on_reconnected,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,
                    connect_timeout=2,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    allow_reconnect=True,
                )
            except (OSError, nats.errors.Error, TimeoutError) as error:
                _log.warning("the broker cannot be reached", error=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self.client = client
            self._jetstream = client.jetstream(timeout=5)
            self._connected.set()
            return

    async def _on_reconnected(self) -> None:
        self._connected.set()
        for call in self._returned:
            call()

    async def _on_error(self, error: Exception) -> None:
        found = _VIOLATION.search(str(error))
        if found is None:
            _log.warning("the broker reports an error", error=type(error).__name__)
            return
        _log.error("the broker's permissions refuse a subject", subject=found["subject"])
        for call in self._refused:
            call(found["subject"].lower())
