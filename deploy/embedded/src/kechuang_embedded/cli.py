"""`python -m kechuang_embedded <command>`; the Makefile calls it."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from kechuang.clock import Clock
from kechuang_embedded.issuer_keys import IssuerKeys
from kechuang_embedded.layout import Layout
from kechuang_embedded.nats import Nats, load_subscriptions
from kechuang_embedded.plan import stages
from kechuang_embedded.principals import UnknownPrincipalError, on_demand
from kechuang_embedded.processes import end_left_over, lives, read_status
from kechuang_embedded.settings import StackSettings
from kechuang_embedded.stack import Stack
from kechuang_embedded.supervisor import AlreadyRunningError, StartError, Supervisor
from kechuang_embedded.tokens import DEMO_CLIENT

_ALREADY: Final = 75  # EX_TEMPFAIL: another supervisor of this stack was faster
_PATIENCE: Final = 300.0


class Commands:
    """One method a command; each gives the exit status."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.layout = Layout.of(environment)

    def up(self, _: argparse.Namespace) -> int:
        """Start the stack, or when it runs already renew its tokens."""
        if self._is_up():
            asyncio.run(self._stack(running=True).publish())
            print(f"already up; tokens renewed in {self.layout.stack_file}")
            return 0
        self._stack(running=True)  # a mistaken setting is reported here, not in a log
        self.layout.create()
        with (self.layout.logs / "supervisor.log").open("ab") as log:
            # A session of its own, and we end soon: it belongs to nobody and outlives the terminal.
            supervisor = subprocess.Popen(
                [sys.executable, "-m", "kechuang_embedded", "supervise"],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        return self._follow_start(supervisor)

    def down(self, _: argparse.Namespace) -> int:
        """Stop everything; data survives."""
        known = read_status(self.layout.status_file)["supervisor"]
        if not lives(known):
            asyncio.run(end_left_over(self.layout.status_file))
            print("nothing is running")
            return 0
        os.kill(known["pid"], signal.SIGTERM)
        if not _wait(lambda: not lives(known)):
            print("the supervisor does not end; see", self.layout.logs / "supervisor.log", file=sys.stderr)
            return 1
        print("stopped")
        return 0

    def reset(self, arguments: argparse.Namespace) -> int:
        """Stop everything and remove all data."""
        if status := self.down(arguments):
            return status
        self.layout.clear()
        print(f"removed {self.layout.state}")
        return 0

    def status(self, _: argparse.Namespace) -> int:
        """What runs. Exit status 0 when all programs do."""
        status = read_status(self.layout.status_file)
        state = status["state"] if lives(status["supervisor"]) else "stopped"
        print(f"stack: {state}" + (f" ({status['error']})" if status["error"] else ""))
        if state == "stopped":
            return 3
        for name, program in status["programs"].items():
            pid = program["process"]["pid"] if program["process"] else "-"
            print(f"  {name:32} {program['state']:9} pid {pid!s:8} restarts {program['restarts']}")
        return 0 if _all_run(status) else 1

    def logs(self, arguments: argparse.Namespace) -> int:
        """The last lines of the logs, and with `--follow` what comes."""
        chosen = sorted(self.layout.logs.glob(f"{arguments.program or '*'}.log"))
        if not chosen:
            print("no such log; there are:", *(path.stem for path in sorted(self.layout.logs.glob("*.log"))))
            return 1
        command = [
            "tail",
            "-n",
            str(arguments.lines),
            *(["-F"] if arguments.follow else []),
            *map(str, chosen),
        ]
        try:
            return subprocess.run(command, check=False).returncode
        except KeyboardInterrupt:
            return 0

    def token(self, arguments: argparse.Namespace) -> int:
        """Print an access token."""
        stack = self._stack(running=True)
        if stack.mint is None:
            print("tokens come from the outside issuer", stack.settings.external_issuer, file=sys.stderr)
            return 1
        wanted = ("principal", "person", "organisation", "role", "area", "unit")
        try:
            principal = on_demand(**{name: getattr(arguments, name) for name in wanted})
        except UnknownPrincipalError as error:
            print(error, file=sys.stderr)
            return 2
        print(stack.mint.token(principal, DEMO_CLIENT, arguments.life))
        return 0

    def rotate_keys(self, _: argparse.Namespace) -> int:
        """Let the embedded issuer sign with a new key; tokens of the old one stay valid until they expire."""
        print(IssuerKeys(self.layout.issuer_keys, Clock()).rotate())
        return 0

    def migrate(self, _: argparse.Namespace) -> int:
        """Migrate the databases of the running stack (a start does so by itself)."""
        if not self._is_up():
            print("the stack is down; `make up` migrates by itself", file=sys.stderr)
            return 1
        stack = self._stack(running=True)
        for service in stack.services:
            if service.owns_data:
                command = [sys.executable, "-m", "kechuang.db.migrate", service.package]
                subprocess.run(command, env=stack.service_environment(service, 0), check=True)
        return 0

    def streams(self, _: argparse.Namespace) -> int:
        """Create or update streams and durable consumers (a start does so by itself)."""
        asyncio.run(self._stack(running=True).deploy_streams())
        return 0

    def nats_config(self, _: argparse.Namespace) -> int:
        """Print users and permissions for an outside NATS server."""
        stack = self._stack(running=True)
        passwords = dict(stack.broker.users.values())
        print(Nats(self.layout.nats, 4222, passwords).render(load_subscriptions()), end="")
        return 0

    def supervise(self, _: argparse.Namespace) -> int:
        """Run the supervisor in the foreground, as containers and service managers want it."""
        supervisor = Supervisor(
            lambda: stages(self._stack()),
            status=self.layout.status_file,
            lock=self.layout.lock_file,
            logs=self.layout.logs,
        )
        self.layout.create()
        try:
            asyncio.run(supervisor.run())
        except AlreadyRunningError:
            return _ALREADY
        except StartError as error:
            print(error, file=sys.stderr)
            return 1
        return 0

    def issuer(self, _: argparse.Namespace) -> int:
        """Run the embedded issuer in the foreground (the supervisor starts it)."""
        stack = self._stack(running=True)
        if stack.mint is None:
            print("an outside issuer is configured", file=sys.stderr)
            return 1
        from kechuang_embedded import issuer  # half a second that the other commands do without

        issuer.run(stack.mint, stack.vault.value("demo-client"), profile=stack.settings.profile)
        return 0

    def _stack(self, *, running: bool = False) -> Stack:
        return Stack(self.layout, StackSettings(), self.environment, running=running)

    def _is_up(self) -> bool:
        status = read_status(self.layout.status_file)
        return status["state"] == "running" and lives(status["supervisor"])

    def _follow_start(self, supervisor: subprocess.Popen[bytes]) -> int:
        """Print the supervisor's journal until the stack is up or has failed."""
        printed = 0

        def settled() -> bool:
            nonlocal printed
            ended = supervisor.poll()
            status = read_status(self.layout.status_file)
            if ended is None and (status["supervisor"] or {}).get("pid") != supervisor.pid:
                return False  # the status is of an earlier run
            for line in status["journal"][printed:]:
                print("  ready:", line, flush=True)
            printed = len(status["journal"])
            return ended not in {None, _ALREADY} or status["state"] == "running"

        done = _wait(settled)
        status = read_status(self.layout.status_file)
        if done and status["state"] == "running":
            print(f"up; addresses and tokens: {self.layout.stack_file}")
            print(f"gateway: {self._stack(running=True).public_url}")
            return 0
        log = self.layout.logs / "supervisor.log"
        print(f"the stack did not start: {status['error'] or 'see ' + str(log)}", file=sys.stderr)
        return 1


def _wait(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _all_run(status: Mapping[str, Any]) -> bool:
    return status["state"] == "running" and all(
        program["state"] == "running" for program in status["programs"].values()
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kechuang_embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in (
        *("up", "down", "reset", "status", "migrate", "streams", "rotate-keys", "nats-config"),
        *("supervise", "issuer"),
    ):
        method = getattr(Commands, name.replace("-", "_"))
        commands.add_parser(name, help=method.__doc__)
    logs = commands.add_parser("logs", help=Commands.logs.__doc__)
    logs.add_argument("program", nargs="?", default="", help="for example enterprise-registry-api-1")
    logs.add_argument("--lines", type=int, default=20)
    logs.add_argument("--follow", action="store_true")
    token = commands.add_parser("token", help=Commands.token.__doc__)
    for name in ("principal", "person", "organisation", "role", "area", "unit"):
        token.add_argument(f"--{name}", default="")
    token.add_argument("--life", type=int, default=3600, help="seconds")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        command = getattr(Commands(os.environ), parsed.command.replace("-", "_"))
        return int(command(parsed))
    except ValidationError as error:
        for fault in error.errors():
            print(f"{'.'.join(map(str, fault['loc']))} {fault['msg']}".strip(), file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:  # a setting that names no instant, a folder that cannot be used …
        print(error, file=sys.stderr)
        return 2
