"""Shamir's secret sharing over GF(256): any `threshold` of `count` shares give the secret, fewer give nothing.

The field is that of AES (x⁸+x⁴+x³+x+1), each byte of the secret has its own polynomial, and a share is the
value at its index 1…255: the layout of HashiCorp Vault, whose shares carry the index as their last byte.
Shamir's scheme has no integrity: a wrong share gives a wrong secret without a word. Callers publish a digest
of every share (`call_keys.py`) and check the recovered key against its public key.

Tables make the arithmetic fast but not constant in time; it runs twice in a call's life, on a machine that
holds the secret anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from project_bidding.bids.sealing_errors import MalformedError, NotEnoughSharesError
from project_bidding.bids.suites import RandomBytes

_MAX_SHARES: Final = 255
_ORDER: Final = 255  # of the multiplicative group
_POLYNOMIAL: Final = 0x11B
_BYTE: Final = 0x100


def _tables() -> tuple[list[int], list[int]]:
    exponents, logarithms = [0] * _ORDER, [0] * _BYTE
    value = 1
    for power in range(_ORDER):
        exponents[power], logarithms[value] = value, power
        value ^= value << 1  # times 3, a generator
        if value >= _BYTE:
            value ^= _POLYNOMIAL
    return exponents, logarithms


_EXP, _LOG = _tables()


def _multiply(a: int, b: int) -> int:
    return _EXP[(_LOG[a] + _LOG[b]) % _ORDER] if a and b else 0


def _divide(a: int, b: int) -> int:
    return _EXP[(_LOG[a] - _LOG[b]) % _ORDER] if a else 0


@dataclass(frozen=True, slots=True)
class Share:
    """One point of the polynomials: `index` 1…255, `value` as long as the secret, never printed."""

    index: int
    value: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """`value || index`, as it is wrapped for an officer."""
        return self.value + bytes([self.index])

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Share":
        """The opposite of `to_bytes`; MalformedError when too short or with index 0."""
        minimum = 2
        if len(raw) < minimum or raw[-1] == 0:
            raise MalformedError("a share is its value followed by an index from 1 to 255")
        return cls(raw[-1], raw[:-1])


def split(secret: bytes, *, count: int, threshold: int, random_bytes: RandomBytes) -> tuple[Share, ...]:
    """`count` shares with indexes 1…count, any `threshold` of which give `secret` back."""
    if not 1 <= threshold <= count <= _MAX_SHARES:
        raise ValueError("1 ≤ threshold ≤ count ≤ 255")
    if not secret:
        raise ValueError("there is no secret to split")
    # coefficients[d][i]: degree d of byte i's polynomial; degree 0 is the secret itself
    coefficients = [secret, *(random_bytes(len(secret)) for _ in range(threshold - 1))]

    def at(x: int, position: int) -> int:
        value = 0
        for degree in reversed(coefficients):
            value = _multiply(value, x) ^ degree[position]
        return value

    return tuple(
        Share(x, bytes(at(x, position) for position in range(len(secret)))) for x in range(1, count + 1)
    )


def combine(shares: Sequence[Share], *, threshold: int) -> bytes:
    """The secret from at least `threshold` shares with different indexes (Lagrange at x = 0)."""
    different = {share.index: share for share in shares}
    if len(different) < threshold:
        raise NotEnoughSharesError(len(different), threshold)
    chosen = [different[index] for index in sorted(different)][:threshold]
    if any(len(a.value) != len(b.value) for a, b in combinations(chosen, 2)):
        raise MalformedError("shares of different lengths do not belong together")

    def basis(x: int) -> int:
        product = 1
        for other in chosen:
            if other.index != x:
                product = _multiply(product, _divide(other.index, other.index ^ x))
        return product

    weights = [basis(share.index) for share in chosen]
    secret = bytearray(len(chosen[0].value))
    for share, weight in zip(chosen, weights, strict=True):
        for position, byte in enumerate(share.value):
            secret[position] ^= _multiply(byte, weight)
    return bytes(secret)
