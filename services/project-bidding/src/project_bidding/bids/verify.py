"""Checks a bid from receipt to opened content, with nothing of this project but this file.

Given to bidders, auditors and journalists: it reads what was published and what the bidder kept, and answers a
list of complaints (empty = everything holds). It needs `cryptography` and the formats described in
`envelope.py` and `receipts.py`; it does not need the call's private key, since the opening discloses each
part's content key and the envelope commits to it.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_ALGORITHMS: Mapping[str, tuple[Any, Any, str]] = {
    "x25519-aes256gcm": (algorithms.AES256, hashes.SHA256, "sha256"),
    "x25519-sm4gcm": (algorithms.SM4, hashes.SM3, "sm3"),
    "mlkem768x25519-aes256gcm": (algorithms.AES256, hashes.SHA256, "sha256"),
}


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _hash(suite: str, *pieces: bytes) -> bytes:
    running = hashes.Hash(_ALGORITHMS[suite][1]())
    for piece in pieces:
        running.update(piece)
    return running.finalize()


def _digest(suite: str, *pieces: bytes) -> str:
    return f"{_ALGORITHMS[suite][2]}:{_hash(suite, *pieces).hex()}"


def verify_receipt(receipt: Mapping[str, str], public_key: bytes) -> list[str]:
    """`receipt`: call, bidder, digest, received_at, key_id, signature (base64)."""
    signed = {name: receipt[name] for name in ("call", "bidder", "digest", "received_at", "key_id")}
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            base64.b64decode(receipt["signature"]), _canonical({**signed, "type": "kechuang-bid-receipt-1"})
        )
    except InvalidSignature:
        return ["receipt: the signature is not the service's"]
    return []


def verify_closing(suite: str, call: str, published: Mapping[str, Any], digest: str) -> list[str]:
    """`published`: commitment (at closing), blind (hex), root, digests (at opening)."""
    level = [_hash(suite, b"\x00", each.encode()) for each in published["digests"]]
    while len(level) > 1:  # the same tree as RFC 6962's, built from below: a lone last node moves up
        pairs = [_hash(suite, b"\x01", a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[2 * len(pairs) :]
    root = level[0] if level else _hash(suite)
    complaints = []
    if f"{_ALGORITHMS[suite][2]}:{root.hex()}" != published["root"]:
        complaints.append("closing: the digests do not have the published root")
    blinded = _digest(suite, b"\x02", bytes.fromhex(published["blind"]), root, call.encode())
    if blinded != published["commitment"]:
        complaints.append("closing: the digests are not those committed to at closing")
    if digest not in published["digests"]:
        complaints.append("closing: the receipt's digest is not among those published")
    return complaints


def verify_bid_digest(
    suite: str, receipt: Mapping[str, str], version: int, sealed: Mapping[str, bytes]
) -> list[str]:
    """`sealed`: every envelope and sealed file that the bidder handed in, by name."""
    manifest = {
        "call": receipt["call"],
        "bidder": receipt["bidder"],
        "version": version,
        "suite": suite,
        "sealed": {name: _digest(suite, content) for name, content in sealed.items()},
    }
    same = _digest(suite, b"kechuang bid|", _canonical(manifest)) == receipt["digest"]
    return [] if same else ["bid: these envelopes do not have the receipt's digest"]


def verify_part(envelope: bytes, content_key: bytes, opened: bytes) -> list[str]:
    """One part: the disclosed key is the one committed to, and gives exactly the opened content."""
    length = int.from_bytes(envelope[4:8], "big")
    header, body = json.loads(envelope[8 : 8 + length]), envelope[8 + length :]
    part, suite = header["part"], header["suite"]
    if _digest(suite, b"kechuang content key|", content_key) != header["key_commitment"]:
        return [f"{part}: the disclosed key is not the one sealed"]
    mode = modes.GCM(base64.b64decode(header["nonce"]), body[-16:])
    cipher = Cipher(_ALGORITHMS[suite][0](content_key), mode).decryptor()
    cipher.authenticate_additional_data(_canonical({k: v for k, v in header.items() if k != "body_digest"}))
    try:
        padded = cipher.update(body[:-16]) + cipher.finalize()
    except InvalidTag:
        return [f"{part}: the envelope was changed after sealing"]
    size = int.from_bytes(padded[:8], "big")
    return [] if padded[8 : 8 + size] == opened else [f"{part}: the opened content is not what was sealed"]


def verify_bid(
    *,
    suite: str,
    version: int,
    service_key: bytes,
    receipt: Mapping[str, str],
    published: Mapping[str, Any],
    sealed: Mapping[str, bytes],
    opened: Mapping[str, tuple[bytes, bytes]],
) -> list[str]:
    """Receipt → root → opened content. `opened`: part → (disclosed content key, opened content)."""
    complaints = verify_receipt(receipt, service_key)
    complaints += verify_closing(suite, receipt["call"], published, receipt["digest"])
    complaints += verify_bid_digest(suite, receipt, version, sealed)
    for part, (content_key, content) in sorted(opened.items()):
        complaints += verify_part(sealed[part], content_key, content)
    return complaints
