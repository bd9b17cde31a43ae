"""A whole stack for tests: a state folder, ports, engines and data of its own, beside any other stack.

with whole_stack("enterprise-registry,commissioner-matching", copies=2) as stack:
    stack.kill("nats")
    stack.await_back("nats")

Driven by the command line as the Makefile does it. Programs are named as in `make status`: "postgres", "nats",
"issuer", "gateway", "enterprise-registry-api-1", "enterprise-registry-worker-2" …
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from kechuang_embedded.processes import lives, read_status, tail

__all__ = ["WholeStack", "wait_for", "whole_stack"]
_PATIENCE: Final = 180.0  # many processes that start at once on a busy machine
_START_SECONDS: Final = 240.0
_CONSEQUENCES: Final = ("timers_due", "outbox_pending", "consumers_behind")


class WholeStack:
    """One stack below `home`. What is killed here comes back by the supervisor, as in real life."""

    def __init__(self, home: Path, services: str, **settings: object) -> None:
        """`settings` by their names in `StackSettings`, such as `copies=2`."""
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KECHUANG_")}
        told = {f"KECHUANG_{name.upper()}": str(value) for name, value in settings.items()}
        self.environment = kept | told | {
            "KECHUANG_STATE_HOME": str(home),
            "KECHUANG_RUN_HERE": "1",
            "KECHUANG_SERVICES": services,
        }  # fmt: skip
        self._restarts: dict[str, int] = {}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the stack to its end."""
        return subprocess.run(
            [sys.executable, "-m", "kechuang_embedded", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )

    def up(self) -> None:
        """Start it; says what the supervisor said when that fails."""
        done = self.command("up")
        assert done.returncode == 0, done.stdout + done.stderr

    def remove(self) -> None:
        """Stop it and remove all that it stored."""
        self.command("reset")
        shutil.rmtree(self.home, ignore_errors=True)

    # -- what an outside tool knows --------------------------------------------------------------

    @property
    def described(self) -> dict[str, Any]:
        """`stack.json`: gateway, tokens, databases, broker."""
        found: dict[str, Any] = json.loads((self.home / "stack.json").read_text(encoding="utf-8"))
        return found

    @property
    def gateway(self) -> str:
        """The one public address."""
        return str(self.described["gateway"])

    @property
    def services(self) -> list[str]:
        """The names of the services that run."""
        return list(self.described["services"])

    def token(self, principal: str) -> str:
        """A demonstration principal's token."""
        return str(self.described["tokens"][principal])

    def reader(self, service: str) -> str:
        """The address of a service's database for its SELECT-only role."""
        return str(self.described["services"][service]["database_read_url"])

    def settle(self, patience: float = _PATIENCE) -> None:
        """Wait until everything that follows has followed: no timer due, nothing unsent, nothing unhandled.

        An event whose handler was killed comes again after the broker's `ack_wait`, 30 seconds.
        """
        with httpx.Client(trust_env=False, timeout=10) as http:

            def asked(service: dict[str, Any]) -> bool:
                try:
                    answer = http.get(f"{service['url']}/internal/clock")
                    seen = answer.json() if answer.is_success else {"outbox_pending": 1}
                except httpx.TransportError:
                    return False
                return not any(seen[name] for name in _CONSEQUENCES if name in seen)

            with_data = [each for each in self.described["services"].values() if "database_url" in each]
            wait_for(lambda: all(map(asked, with_data)), "all consequences", patience)

    # -- processes -------------------------------------------------------------------------------

    @property
    def programs(self) -> dict[str, Any]:
        """Programs by name, with `state`, `process` and `restarts`, in the order of their start."""
        found: dict[str, Any] = read_status(self.home / "status.json")["programs"]
        return found

    def log(self, program: str) -> str:
        """All that a program wrote."""
        return (self.home / "logs" / f"{program}.log").read_text(encoding="utf-8", errors="replace")

    def kill(self, program: str) -> None:
        """`kill -9`; `await_back` waits for the next process of this program."""
        found = self.programs[program]
        assert found["process"] is not None, f"{program} does not run"
        self._restarts[program] = found["restarts"]
        os.kill(found["process"]["pid"], signal.SIGKILL)

    def await_back(self, *programs: str) -> None:
        """Wait until the killed programs were started again and are ready."""

        def back() -> bool:
            seen = self.programs
            return all(
                seen[each]["restarts"] > self._restarts[each] and seen[each]["state"] == "running"
                for each in programs
            )

        try:
            wait_for(back, "the return of " + ", ".join(programs))
        except AssertionError as error:
            logs = (f"{each}:\n{tail(self.home / 'logs' / f'{each}.log')}" for each in programs)
            raise AssertionError(f"{error}\n" + "\n".join(logs)) from None

    @contextmanager
    def away(self, program: str) -> Iterator[None]:
        """Inside the block the program is dead and nobody restarts it: the supervisor is stopped meanwhile."""
        supervisor = read_status(self.home / "status.json")["supervisor"]
        assert lives(supervisor)
        os.kill(supervisor["pid"], signal.SIGSTOP)
        try:
            self.kill(program)
            yield
        finally:
            os.kill(supervisor["pid"], signal.SIGCONT)
        self.await_back(program)


@contextmanager
def whole_stack(services: str | Iterable[str] = "", **settings: object) -> Iterator[WholeStack]:
    """A running stack in a temporary folder; `services` by name, empty for all that are installed."""
    # Not below pytest's own folder: the database's user must be able to pass through.
    home = Path(tempfile.mkdtemp(prefix="kechuang-stack-"))
    home.chmod(0o711)
    names = services if isinstance(services, str) else ",".join(services)
    stack = WholeStack(home, names, **settings)
    try:
        stack.up()
        yield stack
    finally:
        stack.remove()


def wait_for(condition: Callable[[], bool], what: str, patience: float = _PATIENCE) -> None:
    """Wait until the condition holds; AssertionError with `what` when it does not in time (seconds)."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s in vain for {what}"
        time.sleep(0.05)
