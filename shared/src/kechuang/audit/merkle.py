"""Merkle trees as in RFC 6962 section 2.1 (SHA-256; leaves and nodes are hashed in different domains)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

SIZE = 32


def leaf(data: bytes) -> bytes:
    """Give the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Give the largest power of two below `size` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    """Give the tree's root; an empty tree has the hash of nothing."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = _split(len(leaves))
    return _node(root(leaves[:middle]), root(leaves[middle:]))


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a leaf to the root: the sibling's hash and on which side it stands."""

    sibling: bytes
    sibling_is_left: bool


def path(leaves: Sequence[bytes], index: int) -> list[Step]:
    """Give the steps from leaf number `index` to the root."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*path(leaves[:middle], index), Step(root(leaves[middle:]), sibling_is_left=False)]
    return [*path(leaves[middle:], index - middle), Step(root(leaves[:middle]), sibling_is_left=True)]


def root_from(start: bytes, steps: Sequence[Step]) -> bytes:
    """Walk from a leaf's hash to the root."""
    current = start
    for step in steps:
        current = _node(step.sibling, current) if step.sibling_is_left else _node(current, step.sibling)
    return current
