"""What a batch of audit rows is: canonical rows, the header that chains batches, the signature.

Pure: rows come in as mappings. The tree's first leaf is the header (number, range, previous root), the
others are the rows in the order of their positions, so one root speaks for the rows, for their number and
for everything before them.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kechuang.audit import merkle

GENESIS = "0" * 64
_SIGNED = b"kechuang audit batch 1\n"


def canonical(values: Mapping[str, Any]) -> bytes:
    """Give the canonical JSON (RFC 8785) of strings, integers, instants, lists and nulls.

    Instants are UTC with microseconds. Floats do not occur, so sorting the keys is all the form asks for.
    """
    plain = {
        str(name): _plain(value) for name, value in values.items()
    }  # SQLAlchemy's names are a kind of str
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


@dataclass(frozen=True, slots=True)
class Header:
    """A batch's place in the chain: rows with positions from `first` to `last`, `rows` of them."""

    service: str
    number: int
    first: int
    last: int
    rows: int
    previous_root: str

    def leaf(self) -> bytes:
        """Give the hash of the tree's first leaf."""
        return merkle.leaf(canonical(asdict(self)))


@dataclass(frozen=True, slots=True)
class Batch:
    """A closed batch; `leaves` are the hashes of the rows, `root` is hexadecimal."""

    header: Header
    leaves: tuple[bytes, ...]
    root: str


def close(service: str, number: int, previous_root: str, rows: Sequence[Mapping[str, Any]]) -> Batch:
    """Close a batch over rows in the order of their positions."""
    header = Header(service, number, rows[0]["position"], rows[-1]["position"], len(rows), previous_root)
    leaves = tuple(merkle.leaf(canonical(row)) for row in rows)
    return Batch(header, leaves, root_of(header, leaves))


def root_of(header: Header, leaves: Sequence[bytes]) -> str:
    """Give the root over header and rows, in hexadecimal."""
    return merkle.root([header.leaf(), *leaves]).hex()


def key_id(key: Ed25519PublicKey) -> str:
    """Name a key: the start of the SHA-256 of its 32 bytes."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


def _statement(service: str, number: int, root: str) -> bytes:
    return _SIGNED + canonical({"service": service, "number": number, "root": root})


def sign(key: Ed25519PrivateKey, batch: Batch) -> str:
    """Sign a batch (Ed25519, RFC 8032); gives `<key id>:<base64>`."""
    raw = key.sign(_statement(batch.header.service, batch.header.number, batch.root))
    return f"{key_id(key.public_key())}:{base64.b64encode(raw).decode()}"


def signature_holds(
    keys: Sequence[Ed25519PublicKey], signature: str, service: str, number: int, root: str
) -> bool:
    """Tell whether one of the trusted keys signed this root; keys that were replaced stay trusted."""
    named, _, encoded = signature.partition(":")
    for key in keys:
        if key_id(key) != named:
            continue
        try:
            key.verify(base64.b64decode(encoded), _statement(service, number, root))
        except (InvalidSignature, ValueError):
            return False
        return True
    return False
