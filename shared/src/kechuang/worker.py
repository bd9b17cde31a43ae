"""The worker process of a service: everything that happens after an answer was sent.

Relay, consumers, timers, jobs, audit sealing and the sweep are loops of one event loop; each outlives its
own failures, and any number of worker processes may run. SIGTERM ends them in order: what is in hand is
finished or given back, nothing is lost either way.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import nats.errors
import sqlalchemy as sa
import structlog
import uvicorn
from nats.js.errors import NotFoundError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kechuang.audit.sealing import run_sealing
from kechuang.db.engines import Database
from kechuang.db.migrations import is_current
from kechuang.db.tables import outbox, relay_cursor
from kechuang.job_runner import JobRunner
from kechuang.messaging import metrics
from kechuang.messaging.bell import Bell
from kechuang.messaging.broker import Broker, durable_of
from kechuang.messaging.consumer import consumers_of
from kechuang.messaging.events import stream_of
from kechuang.messaging.faults import describe
from kechuang.messaging.handlers import heard_services
from kechuang.messaging.relay import CURSOR, Relay
from kechuang.messaging.sweep import run_sweep
from kechuang.service import Service
from kechuang.settings import Settings
from kechuang.tasks import end
from kechuang.telemetry import render_metrics, setup
from kechuang.timers import count_due, run_timers

CHECK_SECONDS = 2.0
_log = structlog.get_logger(__name__)
_ASK_ERRORS = (nats.errors.Error, OSError, TimeoutError)


class Worker:
    """All loops of one process."""

    def __init__(self, service: Service, settings: Settings) -> None:
        dsn = settings.database_url.get_secret_value()
        self.database = Database(settings, service)
        self.broker = Broker(settings, service.name)
        self.bell = Bell(dsn)
        self.relay = Relay(dsn, self.broker, self.database.clock, self.bell.ring())
        self.consumers = consumers_of(self.database, self.broker)
        self.jobs = JobRunner(self.database)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run everything inside the block; leaving it stops everything."""
        await self.database.start()
        await self.bell.start()
        await self.broker.start()
        loops: list[Coroutine[Any, Any, None]] = [
            *(each.run() for each in self.consumers),
            run_timers(self.database, self.bell.ring()),
            self.jobs.run(self.bell.ring()),
            run_sealing(self.database),
            run_sweep(self.database),
            self._measure_consumers(),
        ]
        takers = [asyncio.create_task(each) for each in loops]
        relay = asyncio.create_task(self.relay.run())
        for task in (*takers, relay):
            task.add_done_callback(_loud)
        try:
            yield
        finally:
            # The relay ends last, so that what the others still commit goes out.
            await end(*takers)
            await end(relay)
            await self.broker.stop()
            await self.bell.stop()
            await self.database.stop()

    async def missing(self) -> list[str]:
        """Name what this process needs and does not have; empty when it is ready."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                current = await is_current(self.database)
        except Exception as error:  # noqa: BLE001  whatever it is, we are not ready
            return [f"database: {describe(error)}"]
        found = [] if current else ["database: migrations are missing"]
        if not self.broker.ready:
            return [*found, "broker: no connection"]
        durable = durable_of(self.database.service.name)
        for stream in (*map(stream_of, heard_services(self.database.service)), "DLQ"):
            try:
                await self.broker.jetstream.consumer_info(stream, durable, timeout=CHECK_SECONDS)
            except NotFoundError:
                found.append(f"broker: durable consumer {durable} on stream {stream} is missing")
            except _ASK_ERRORS as error:
                found.append(f"broker: consumer {durable} on {stream}: {type(error).__name__}")
        return found

    async def _measure_consumers(self) -> None:
        while True:
            for stream, count in (await behind(self.broker, self.database.service)).items():
                metrics.consumer_lag.labels(stream).set(count)
            await asyncio.sleep(10 * CHECK_SECONDS)


async def behind(broker: Broker, service: Service) -> dict[str, int]:
    """Give, for each stream heard, how many events wait or are in work; 1 where nobody could be asked."""
    found = {}
    for stream in map(stream_of, heard_services(service)):
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await broker.connected()
                info = await broker.jetstream.consumer_info(stream, durable_of(service.name))
        except _ASK_ERRORS:
            found[stream] = 1
        else:
            found[stream] = (info.num_pending or 0) + (info.num_ack_pending or 0)
    return found


async def consequences(database: Database) -> dict[str, int]:
    """Count what has still to happen; all zero means that everything that follows has followed.

    For the movable clock's address in the api process, which has no broker connection of its own.
    """
    cursor = sa.select(relay_cursor.c.position).where(relay_cursor.c.name == CURSOR).scalar_subquery()
    unsent = sa.select(sa.func.count()).where(
        sa.or_(outbox.c.position.is_(None), outbox.c.position > sa.func.coalesce(cursor, 0)),
        outbox.c.parked_at.is_(None),
    )
    timers_due = await count_due(database)
    async with database.read.connect() as conn:
        pending = int((await conn.execute(unsent)).scalar_one())
    broker = Broker(database.settings, database.service.name)
    if heard_services(database.service):
        await broker.start()
    try:
        waiting = sum((await behind(broker, database.service)).values())
    finally:
        await broker.stop()
    return {"timers_due": timers_due, "outbox_pending": pending, "consumers_behind": waiting}


def _loud(task: asyncio.Task[None]) -> None:
    """A loop that ends by itself is a fault of the program: say so, and let the supervisor restart us."""
    if task.cancelled() or task.exception() is None:
        return
    _log.critical("a loop of the worker ended", error=describe(task.exception() or RuntimeError()))
    signal.raise_signal(signal.SIGTERM)


def _operators(worker: Worker, stopping: asyncio.Event) -> Starlette:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        missing = ["stopping"] if stopping.is_set() else await worker.missing()
        return JSONResponse(
            {"status": "not ready" if missing else "ready", "missing": missing}, 503 if missing else 200
        )

    async def metrics_page(_: Request) -> Response:
        body, media_type = render_metrics()
        return Response(body, media_type=media_type)

    endpoints = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics_page}
    return Starlette(routes=[Route(path, endpoint) for path, endpoint in endpoints.items()])


class _Server(uvicorn.Server):
    """The signals belong to the worker, not to its health addresses."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


async def run(service: Service, settings: Settings) -> None:
    """Run the worker process until SIGTERM or SIGINT."""
    setup(service.name, "worker", level=settings.log_level)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    worker = Worker(service, settings)
    config = uvicorn.Config(
        _operators(worker, stopping),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    async with worker.running():
        _log.info("the worker runs", service=service.name)
        serving = asyncio.create_task(server.serve())
        await stopping.wait()
        server.should_exit = True
        await serving
    _log.info("the worker has stopped", service=service.name)
