"""Real engines for tests: one PostgreSQL and one NATS server per test session, in a temporary folder.

    engines = TestEngines()
    engines.start()
    urls = engines.create_database("enterprise_registry")
    ...
    engines.stop()

The interface is synchronous, so that fixtures of any scope and event loop can use it. Sessions that run side by
side each have their own engines; a session that is killed takes its engines with it.
"""

import asyncio
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from kechuang_embedded import binaries, databases, processes, streams
from kechuang_embedded.databases import DatabaseUrls, Passwords
from kechuang_embedded.nats import ADMIN, OBSERVER, Nats, NatsUrls, Subscriptions, load_subscriptions
from kechuang_embedded.ports import free_ports
from kechuang_embedded.postgres import STOP_SIGNAL, Postgres

__all__ = ["DatabaseUrls", "NatsUrls", "TestEngines", "engines"]
_PATIENCE: Final = 30.0
_T = TypeVar("_T")


class TestEngines:
    """PostgreSQL and NATS for one test session. Durability against power loss is off, all else as in a stack."""

    __test__ = False  # not a test class, although its name begins like one

    def __init__(self) -> None:
        self.subscriptions: Subscriptions = load_subscriptions()
        self._folder: Path | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self._postgres: Postgres | None = None
        self._nats: Nats | None = None
        self._count = 0

    @property
    def postgres(self) -> Postgres:
        assert self._postgres is not None, "call start() first"
        return self._postgres

    @property
    def admin_url(self) -> str:
        """The PostgreSQL administrator's address, database `postgres`."""
        return self.postgres.admin_url

    @property
    def nats(self) -> NatsUrls:
        """Address and users of the broker: the services by name, `admin` and `observer`."""
        assert self._nats is not None, "call start() first"
        return self._nats.urls

    def start(self) -> None:
        """Start both engines and deploy the streams; about half a second."""
        folder = self._folder = Path(tempfile.mkdtemp(prefix="kechuang-test-"))
        folder.chmod(0o711)  # the database's uid passes through
        engine = (
            binaries.copy_postgres(folder / "engine") if binaries.is_root() else binaries.postgres_in_wheel()
        )
        ports = free_ports()
        try:
            self._nats = Nats(folder / "nats", next(ports), self._nats_passwords())
            self._nats.prepare(self.subscriptions)
            self._start(self._nats.command(), signal.SIGKILL, {})
            self._postgres = Postgres(
                *(engine, folder / "postgres", next(ports), secrets.token_urlsafe(18)),
                shared_buffers="64MB",
                fsync=False,
            )
            self._postgres.prepare()
            self._start(self._postgres.command(), STOP_SIGNAL, self._postgres.process_options())
            self._await(self._nats.check)
            self._await(self._postgres.check)
            _run(streams.deploy(self.nats, self.subscriptions))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both engines and remove what they stored."""
        for process in reversed(self._processes):
            process.send_signal(signal.SIGQUIT if process is self._processes[-1] else signal.SIGKILL)
        for process in self._processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def create_database(self, service: str) -> DatabaseUrls:
        """A new empty database with its three roles, named `<service>_<n>` (`service`: a plain identifier such as
        `enterprise_registry`)."""
        self._count += 1
        name = f"{service.replace('-', '_')}_{self._count}"
        passwords = Passwords(*(secrets.token_urlsafe(9) for _ in range(3)))
        _run(databases.ensure_databases(self.admin_url, {name: passwords}))
        return databases.urls(self.admin_url, name, passwords)

    def drop_database(self, urls: DatabaseUrls) -> None:
        """Drop a database that `create_database` made."""
        _run(databases.drop_database(self.admin_url, urls.admin.rpartition("/")[2]))

    def clear_streams(self) -> None:
        """Empty streams and fresh durables, as after a first deploy step."""
        _run(streams.clear(self.nats, self.subscriptions))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _nats_passwords(self) -> dict[str, str]:
        users = (*self.subscriptions.services, ADMIN, OBSERVER)
        return {user: secrets.token_urlsafe(12) for user in users}

    def _start(self, command: list[str], death_signal: signal.Signals, options: dict[str, Any]) -> None:
        assert self._folder is not None
        log = self._folder / f"{Path(command[0]).name}.log"
        process = processes.spawn(command, log, death_signal, options)
        self._processes.append(process)

    def _await(self, check: Callable[[], Awaitable[None]]) -> None:
        _run(_until(check, self._processes))


@contextmanager
def engines() -> Iterator[TestEngines]:
    """`with engines() as started: …`"""
    started = TestEngines()
    with started:
        yield started


async def _until(check: Callable[[], Awaitable[None]], processes: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return await check()
        except Exception as error:
            ended = [process.args for process in processes if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"engine not ready; ended: {ended}") from error
            await asyncio.sleep(0.02)


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end in a thread of its own: the caller may be inside a running loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
