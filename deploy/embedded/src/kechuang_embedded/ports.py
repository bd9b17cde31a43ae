"""Ports that are free, below the range from which the kernel gives ports to outgoing connections."""

import json
import secrets
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from kechuang_embedded.layout import write_atomically

_FIRST: Final = 20_000
_COUNT: Final = 10_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections linger in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_ports(start: int | None = None) -> Iterator[int]:
    """Free ports without end, none twice. `start` (any integer) makes the choice repeatable, so that the same
    checkout finds the same ports again; without it the search begins anywhere."""
    offset = secrets.randbelow(_COUNT) if start is None else start
    for step in range(_COUNT):
        port = _FIRST + (offset + step) % _COUNT
        if is_free(port):
            yield port
    raise RuntimeError(f"no free port between {_FIRST} and {_FIRST + _COUNT - 1}")


class PortBook:
    """The ports of one stack by use, kept in a file so that addresses stay the same from start to start.

    `seed` (the stack's folder) spreads the stacks of one machine over the range. A port is looked at once in
    the life of a book: the file's while nobody listens on it, else a free one.
    """

    def __init__(self, path: Path, seed: str, *, running: bool = False) -> None:
        """`running`: the stack itself listens on the kept ports, so that they are right although not free."""
        self._path = path
        self._trusting = running
        self._kept: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self._found: dict[str, int] = {}
        self._free = free_ports(int.from_bytes(sha256(seed.encode()).digest()[:4]))

    def port(self, use: str, configured: int = 0) -> int:
        """The port for `use`: the configured one, the one it had before, or a free one."""
        if use not in self._found:
            self._found[use] = configured or self._choose(use)
            if self._kept.get(use) != self._found[use]:
                self._kept[use] = self._found[use]
                write_atomically(self._path, json.dumps(self._kept, indent=1))
        return self._found[use]

    def _choose(self, use: str) -> int:
        if use in self._kept and (self._trusting or is_free(self._kept[use])):
            return self._kept[use]
        taken = {*self._kept.values(), *self._found.values()}
        return next(port for port in self._free if port not in taken)
