"""A closed-loop HTTP client that costs little: raw connections, prepared bytes, a counting parser.

`wrk` would cost less still, but it cannot be had from PyPI.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools


@dataclass(frozen=True, slots=True)
class Load:
    """What a run showed: requests a second, latency in milliseconds, answers that were no 2xx."""

    per_second: float
    p50: float
    p99: float
    failed: int


class _Connection(asyncio.Protocol):
    """Sends one request after another until the deadline."""

    def __init__(
        self, request: Callable[[], bytes], until: float, times: list[float], failed: list[int]
    ) -> None:
        self._request, self._until = request, until
        self._times, self._failed = times, failed
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports are no subclasses
        self._next()

    def _next(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._sent = time.perf_counter()
        if self._sent >= self._until:
            self._transport.close()
        else:
            self._transport.write(self._request())

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._times.append(time.perf_counter() - self._sent)
        if not 200 <= self._parser.get_status_code() < 300:  # noqa: PLR2004  the success class
            self._failed.append(self._parser.get_status_code())
        # Not within the parser's own callback.
        asyncio.get_running_loop().call_soon(self._next)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_result(exc)


def request_bytes(method: str, url: str, token: str, body: bytes = b"") -> Callable[[], bytes]:
    """Prepare a request; every POST gets an idempotency key of its own."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    if method == "GET":
        ready = f"{head}\r\n".encode()
        return lambda: ready
    fixed = f"{head}Content-Type: application/json\r\nContent-Length: ".encode()
    unique = f"{time.time_ns():x}"
    counter = itertools.count()

    def post() -> bytes:
        return b"%s%d\r\nIdempotency-Key: %s-%d\r\n\r\n%s" % (
            fixed, len(body), unique.encode(), next(counter), body,
        )  # fmt: skip

    return post


async def run(url: str, request: Callable[[], bytes], *, connections: int, seconds: float) -> Load:
    """Load an address with `connections` closed loops."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    times: list[float] = []
    failed: list[int] = []
    until = time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        await loop.create_connection(lambda: _Connection(request, until, times, failed), host, port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.finished for _, protocol in opened))
    took = time.perf_counter() - started
    ordered = sorted(times) or [0.0]
    return Load(
        per_second=len(times) / took,
        p50=ordered[len(ordered) // 2] * 1000,
        p99=ordered[int(len(ordered) * 0.99)] * 1000,
        failed=len(failed),
    )
