"""Starts programs in order and waits until each is ready, restarts what ends, stops in reverse order.

One process, one thread. The kernel ends every child when the supervisor is killed (PDEATHSIG), and the next
start looks for those that nevertheless live. A lock file refuses a second supervisor of the same stack.
"""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kechuang_embedded import processes
from kechuang_embedded.layout import write_atomically

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_STABLE_AFTER: Final = 10.0  # seconds of life after which the pause before a restart is short again
_FIRST_START_TRIES: Final = (
    4  # who ends so often before it was ever ready has a fault that waiting cannot mend
)
_LOG_LIMIT: Final = 20 * 1024 * 1024
_LOG_COPIES: Final = 3


class StartError(RuntimeError):
    """A step failed or a program did not become ready."""


class AlreadyRunningError(RuntimeError):
    """Another supervisor holds the lock of this stack."""


@dataclass(frozen=True, slots=True)
class Program:
    """One child process. `ready` returns when it can be used and raises until then."""

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[None]]
    environment: Mapping[str, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    grace: float = 20.0  # seconds between the stop signal and SIGKILL
    patience: float = 60.0  # seconds until it must be ready at the first start


@dataclass(frozen=True, slots=True)
class Step:
    """Work between two stages, such as migrations."""

    name: str
    work: Callable[[], Awaitable[None]]


Stage = Step | Sequence[Program]


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    keeper: asyncio.Task[None] | None = None
    state: str = "starting"
    started: float = 0.0
    restarts: int = 0
    last_exit: int | None = None


class Supervisor:
    """Runs the stages; `run` returns after a stop was asked for (SIGTERM, SIGINT) and carried out."""

    def __init__(self, plan: Callable[[], Sequence[Stage]], *, status: Path, lock: Path, logs: Path) -> None:
        """`plan` gives the stages; it is asked when nothing of an earlier run lives any more."""
        self._plan = plan
        self._stages: Sequence[Stage] = ()
        self._status_file, self._lock_file, self._logs = status, lock, logs
        self._children: dict[str, _Child] = {}
        self._stopping = asyncio.Event()
        self._state = "starting"
        self._journal: list[str] = []
        self._error: str | None = None

    async def run(self) -> None:
        """Start all, keep all, stop all. Raises StartError when something did not start."""
        lock = await self._take_lock()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        processes.adopt_orphans()
        await processes.end_left_over(self._status_file)
        self._write_status()
        rotation = asyncio.create_task(self._rotate_logs())
        try:
            await self._until_stop(self._start())
            if not self._stopping.is_set():
                self._set_state("running")
                await self._stopping.wait()
        except StartError as error:
            self._error = str(error)
            raise
        finally:
            rotation.cancel()
            self._set_state("stopping")
            await self._stop()
            self._set_state("failed" if self._error else "stopped")
            os.close(lock)

    async def _take_lock(self) -> int:
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise AlreadyRunningError from error
        return descriptor

    async def _until_stop(self, work: Awaitable[None]) -> None:
        """Do the work, but give it up when a stop is asked for."""
        task = asyncio.ensure_future(work)
        stop = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not task.done():
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _start(self) -> None:
        try:
            self._stages = self._plan()
        except Exception as error:
            raise StartError(f"preparation: {error}") from error
        for stage in self._stages:
            began = time.monotonic()
            if isinstance(stage, Step):
                name = stage.name
                try:
                    await stage.work()
                except Exception as error:
                    raise StartError(f"{name}: {error}") from error
            else:
                name = ", ".join(program.name for program in stage)
                await asyncio.gather(*(self._start_program(program) for program in stage))
            if name:
                self._note(f"{name} ({time.monotonic() - began:.1f} s)")

    async def _start_program(self, program: Program) -> None:
        child = self._children[program.name] = _Child(program)
        child.keeper = asyncio.create_task(self._keep(child))
        deadline = time.monotonic() + program.patience
        while child.state != "running":
            if time.monotonic() > deadline or child.restarts > _FIRST_START_TRIES:
                log = self._log(program)
                raise StartError(f"{program.name} did not become ready; {log} ends:\n{processes.tail(log)}")
            await asyncio.sleep(0.02)

    async def _keep(self, child: _Child) -> None:
        """Spawn, wait for the end, pause, spawn again, until the supervisor stops."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            child.ended.clear()
            self._spawn(child)
            readiness = asyncio.create_task(self._await_ready(child))
            await child.ended.wait()
            readiness.cancel()
            if self._stopping.is_set():
                return
            lived = time.monotonic() - child.started
            pause = _FIRST_PAUSE if lived > _STABLE_AFTER else pause
            child.state = "waiting"
            child.restarts += 1
            self._write_status()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _spawn(self, child: _Child) -> None:
        program = child.program
        self._rotate(self._log(program))
        options = {"env": program.environment, **program.options}
        child.process = processes.spawn(program.command, self._log(program), program.death_signal, options)
        child.started = time.monotonic()
        child.state = "starting"
        self._write_status()

    async def _await_ready(self, child: _Child) -> None:
        while True:
            try:
                await child.program.ready()
            except Exception:  # noqa: BLE001 - whatever is wrong, it is not ready yet
                await asyncio.sleep(0.05)
            else:
                child.state = "running"
                self._write_status()
                return

    def _reap(self) -> None:
        """Take the exit codes of our children, and of orphans that came to us."""
        by_pid = {child.process.pid: child for child in self._children.values() if child.process}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            processes.note_exit(pid, status)
            if (child := by_pid.get(pid)) is not None and child.process is not None:
                child.last_exit = child.process.returncode = os.waitstatus_to_exitcode(status)
                child.state = "ended"
                child.ended.set()

    async def _stop(self) -> None:
        """The last stage first; within a stage all together."""
        self._stopping.set()
        for stage in reversed(self._stages):
            if not isinstance(stage, Step):
                names = [program.name for program in stage if program.name in self._children]
                await asyncio.gather(*(self._stop_child(self._children[name]) for name in names))

    async def _stop_child(self, child: _Child) -> None:
        if child.process is not None and not child.ended.is_set():
            with suppress(ProcessLookupError):
                child.process.send_signal(child.program.stop_signal)
            try:
                await asyncio.wait_for(child.ended.wait(), child.program.grace)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                await child.ended.wait()
        if child.keeper is not None:
            child.keeper.cancel()
        child.state = "stopped"
        self._write_status()

    def _note(self, line: str) -> None:
        self._journal.append(line)
        self._write_status()

    def _set_state(self, state: str) -> None:
        self._state = state
        self._write_status()

    def _write_status(self) -> None:
        document = {
            "state": self._state,
            "error": self._error,
            "supervisor": processes.identity(os.getpid()),
            "journal": self._journal,
            "programs": {name: _describe(child) for name, child in self._children.items()},
        }
        write_atomically(self._status_file, json.dumps(document, indent=1))

    def _log(self, program: Program) -> Path:
        return self._logs / f"{program.name}.log"

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(10)
            for child in self._children.values():
                self._rotate(self._log(child.program))

    @staticmethod
    def _rotate(log: Path) -> None:
        """Keep the last copies of a log that grew too long. The programs append, so the file is copied and
        cut, not renamed: they go on writing at its new end."""
        if not log.exists() or log.stat().st_size < _LOG_LIMIT:
            return
        for number in range(_LOG_COPIES - 1, 0, -1):
            older = log.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(log.with_suffix(f".log.{number + 1}"))
        log.with_suffix(".log.1").write_bytes(log.read_bytes())
        os.truncate(log, 0)


def _describe(child: _Child) -> dict[str, Any]:
    alive = child.process is not None and child.process.returncode is None
    return {
        "state": child.state,
        "process": processes.identity(child.process.pid) if alive and child.process else None,
        "restarts": child.restarts,
        "last_exit": child.last_exit,
    }
