"""Processes as the kernel shows them: who is who, who is left over, and one-off commands of the supervisor."""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from kechuang_embedded.binaries import dying_with_parent

_PR_SET_CHILD_SUBREAPER: Final = 36
_waiting: dict[int, asyncio.Future[int]] = {}


def identity(pid: int) -> dict[str, int] | None:
    """A process id with the moment of its start (clock ticks since boot), since ids are used again."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
    if fields[0] in "ZX":
        return None
    return {"pid": pid, "started": int(fields[19])}


def lives(known: Mapping[str, int] | None) -> bool:
    """Whether the process that `identity` described still runs."""
    return known is not None and identity(known["pid"]) == known


def working_in(folder: Path) -> list[int]:
    """The processes whose working directory is `folder`, as far as we may see them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # ended meanwhile, or another user's
                if (entry / "cwd").readlink() == folder:
                    found.append(int(entry.name))
    return found


def read_status(path: Path) -> dict[str, Any]:
    """What the supervisor last wrote, or an empty status."""
    try:
        status: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"state": "stopped", "supervisor": None, "journal": [], "programs": {}, "error": None}
    return status


def adopt_orphans() -> None:
    """Become the parent of grandchildren that lose theirs, so that they are reaped also where process 1 does
    not do it (containers)."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


async def end_left_over(status_file: Path, patience: float = 15.0) -> None:
    """End the children of a supervisor that was killed. The kernel has told them to end; those that need longer
    than `patience` seconds are killed."""
    programs = read_status(status_file)["programs"].values()
    known = [program["process"] for program in programs if program["process"]]
    deadline = time.monotonic() + patience
    while left := [each for each in known if lives(each)]:
        if time.monotonic() > deadline:
            for each in left:
                with suppress(ProcessLookupError):
                    os.kill(each["pid"], signal.SIGKILL)
        await asyncio.sleep(0.05)


def spawn(
    command: Sequence[str], log: Path, death_signal: signal.Signals, options: Mapping[str, Any]
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own that writes to the end of `log` and does not outlive us."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt at the terminal is for us alone
            preexec_fn=dying_with_parent(death_signal),  # noqa: PLW1509 - only two system calls, see there
            **options,
        )


def note_exit(pid: int, status: int) -> None:
    """Told by the supervisor, which reaps all children."""
    if (future := _waiting.pop(pid, None)) is not None and not future.done():
        future.set_result(os.waitstatus_to_exitcode(status))


async def run_to_end(command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """Run a one-off command of the supervisor; RuntimeError with the end of its log when it fails."""
    process = spawn(command, log, signal.SIGKILL, {"env": environment})
    # No await stands between the start and this line, so the exit cannot be noted before it is waited for.
    future = _waiting[process.pid] = asyncio.get_running_loop().create_future()
    try:
        process.returncode = await future
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} ended with {process.returncode}:\n{tail(log)}")


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
