"""The only place that makes ids, and the only one that draws randomness for them."""

import json
import os
import secrets
import threading
import uuid
from typing import Final

from kechuang.clock import real_milliseconds

_COUNTER_BITS: Final = 42
_TAIL_BITS: Final = 32
_COUNTER_END: Final = 1 << _COUNTER_BITS
_VERSION_7: Final = 7 << 76
_VARIANT: Final = 0b10 << 62
# Crockford's base 32 without U: digits and letters that are not confused on paper or on the telephone.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NAMESPACE: Final = uuid.UUID(
    "6f2e3a54-9f0d-5c1b-8f57-0c5a6b7d1e21"
)  # any constant of our own, never changed


class _Version7:
    """UUIDs of version 7 (RFC 9562 section 5.7), increasing within a process.

    Section 6.2 method 1 with a counter of 42 bits: it starts at a random number below half its range in
    each millisecond and grows by one; when the clock stands still or jumps back, the last millisecond
    stays and the counter goes on. 32 random bits follow, so that processes forked in one millisecond differ.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._counter = 0

    def next(self) -> int:
        random = int.from_bytes(os.urandom(10))
        tail = random & ((1 << _TAIL_BITS) - 1)
        start = (random >> _TAIL_BITS) & ((_COUNTER_END >> 1) - 1)
        millisecond = real_milliseconds()
        with self._lock:
            if millisecond > self._millisecond:
                self._millisecond, self._counter = millisecond, start
            else:
                self._counter += 1
                if self._counter == _COUNTER_END:
                    self._millisecond, self._counter = self._millisecond + 1, start
            millisecond, counter = self._millisecond, self._counter
        high = millisecond << 80 | _VERSION_7 | (counter >> 30) << 64
        return high | _VARIANT | (counter & ((1 << 30) - 1)) << _TAIL_BITS | tail


_version_7 = _Version7()


def _text(number: int) -> str:
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_id() -> str:
    """The id of a new record: UUIDv7 text, increasing within this process, so that indexes stay compact."""
    return _text(_version_7.next())


def random_id() -> str:
    """An id that tells nothing, not even when it was made (UUIDv4 text): for bids and other sealed things."""
    return str(uuid.uuid4())


def random_number(prefix: str, length: int = 10) -> str:
    """A record number that does not count, such as `TB-7Q4M9K2XRD`: `length` characters of 5 bits each."""
    return f"{prefix}-{''.join(secrets.choice(_LETTERS) for _ in range(length))}"


def random_token(size: int = 32) -> str:
    """A secret of `size` random bytes as URL-safe text."""
    return secrets.token_urlsafe(size)


def random_bytes(size: int) -> bytes:
    """`size` bytes from the operating system's generator: keys, nonces, salts."""
    return os.urandom(size)


def deterministic_id(namespace: str, *parts: str) -> str:
    """The same id for the same namespace and parts, in every process and for ever (UUIDv5 text).

    The parts are joined as a JSON list, so that `("a", "bc")` and `("ab", "c")` differ.
    """
    return str(uuid.uuid5(_NAMESPACE, json.dumps([namespace, *parts], ensure_ascii=False)))
