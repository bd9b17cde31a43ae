"""Ports that are free, below the range from which the kernel gives ports to outgoing connections."""

import secrets
import socket
from collections.abc import Iterator
from typing import Final

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
