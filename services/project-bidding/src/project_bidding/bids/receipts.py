"""Receipts 回执 and the closing commitment: how a bidder proves that its bid was in time and is the one opened.

A receipt is an Ed25519 signature over canonical JSON of call, bidder, digest and instant. At closing, the
service publishes one 32-byte commitment to all digests; at opening the digests, sorted, and the blinding
value. The tree is that of RFC 6962 section 2.1 (leaf 0x00, node 0x01), with the call's hash. It is blinded
(0x02 || blind || root), because an unblinded root tells whoever knows one digest whether it was the only bid, and everybody
whether there was none. Proofs are handed out after opening: their length tells the number of bids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from project_bidding.bids.envelope import canonical_json
from project_bidding.bids.sealing_errors import NotAuthenticError
from project_bidding.bids.suites import RandomBytes, Suite

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_BLINDED: Final = b"\x02"
_BLIND_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Receipt:
    """`received_at` is the instant the seal command was accepted, RFC 3339 in UTC with microseconds."""

    call: str
    bidder: str
    digest: str
    received_at: str
    key_id: str
    signature: bytes


def _signed_bytes(call: str, bidder: str, digest: str, received_at: str, key_id: str) -> bytes:
    return canonical_json(
        {
            "type": "kechuang-bid-receipt-1",
            "call": call,
            "bidder": bidder,
            "digest": digest,
            "received_at": received_at,
            "key_id": key_id,
        }
    )


def sign_receipt(
    key: Ed25519PrivateKey, key_id: str, *, call: str, bidder: str, digest: str, received_at: datetime
) -> Receipt:
    """The receipt of a sealed bid; `received_at` must be aware."""
    if received_at.tzinfo is None:
        raise ValueError("a receipt's instant says its offset")
    instant = received_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Receipt(
        call, bidder, digest, instant, key_id, key.sign(_signed_bytes(call, bidder, digest, instant, key_id))
    )


def check_receipt(receipt: Receipt, key: Ed25519PublicKey) -> None:
    """NotAuthenticError unless the service's key signed exactly this receipt."""
    signed = _signed_bytes(receipt.call, receipt.bidder, receipt.digest, receipt.received_at, receipt.key_id)
    try:
        key.verify(receipt.signature, signed)
    except InvalidSignature as error:
        raise NotAuthenticError("the receipt was not signed by this key") from error


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """The way from one digest to the root: leaf `index` of `size`, sibling hashes from the leaf upwards."""

    index: int
    size: int
    path: tuple[bytes, ...]


def _leaf(suite: Suite, digest: str) -> bytes:
    return suite.hash(_LEAF, digest.encode())


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def _root(suite: Suite, leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return suite.hash()
    if len(leaves) == 1:
        return leaves[0]
    left = _largest_power_below(len(leaves))
    return suite.hash(_NODE, _root(suite, leaves[:left]), _root(suite, leaves[left:]))


def _path(suite: Suite, leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    if len(leaves) == 1:
        return ()
    left = _largest_power_below(len(leaves))
    if index < left:
        return (*_path(suite, leaves[:left], index), _root(suite, leaves[left:]))
    return (*_path(suite, leaves[left:], index - left), _root(suite, leaves[:left]))


@dataclass(frozen=True, slots=True)
class Closing:
    """`commitment` is published at closing; `digests` (sorted: their order tells no order of arrival), `root` and `blind` at opening."""

    call: str
    digests: tuple[str, ...]
    root: str
    blind: bytes
    commitment: str


def close_call(suite: Suite, call: str, digests: Iterable[str], *, random_bytes: RandomBytes) -> Closing:
    """The commitment to the digests of all bids sealed in time; none at all is a valid number."""
    ordered = tuple(sorted(digests))
    if len(set(ordered)) != len(ordered):
        raise ValueError("two bids cannot have one digest")
    root = _root(suite, [_leaf(suite, digest) for digest in ordered])
    blind = random_bytes(_BLIND_BYTES)
    return Closing(call, ordered, suite.label(root), blind, blinded(suite, call, blind, root))


def blinded(suite: Suite, call: str, blind: bytes, root: bytes) -> str:
    """The labelled digest published at closing."""
    return suite.digest(_BLINDED, blind, root, call.encode())


def prove_inclusion(suite: Suite, closing: Closing, digest: str) -> InclusionProof:
    """The proof that `digest` was among those committed to; ValueError when it was not."""
    index = closing.digests.index(digest)
    leaves = [_leaf(suite, each) for each in closing.digests]
    return InclusionProof(index, len(leaves), _path(suite, leaves, index))


def root_from_proof(suite: Suite, digest: str, proof: InclusionProof) -> bytes | None:
    """The root that `digest` and `proof` lead to (RFC 9162 section 2.1.3.2), or None when the proof's shape is wrong."""
    node, last = proof.index, proof.size - 1
    if not 0 <= node <= last:
        return None
    value = _leaf(suite, digest)
    for sibling in proof.path:
        if last == 0:
            return None
        if node & 1 or node == last:
            value = suite.hash(_NODE, sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = suite.hash(_NODE, value, sibling)
        node, last = node >> 1, last >> 1
    return value if last == 0 else None
