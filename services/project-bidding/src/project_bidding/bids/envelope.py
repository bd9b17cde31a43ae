"""The sealed envelope 密封件 of one part of a bid.

```
"KCE1"                         4 bytes
length of the header           4 bytes, big endian
header                         canonical JSON (sorted keys, no spaces, UTF-8)
  suite, version               suite id; version of the bid, an integer from 1
  part                         "technical" or "budget"
  wrapped_key                  base64: the content key under the call's key, HPKE with info
  nonce                        base64, 12 bytes
  key_commitment               labelled digest of the content key: it opens to one content only
  body_digest                  labelled digest of the body: damage is told from a wrong key
body                           AEAD of (8-byte length || content || zeros), aad = header without body_digest
```
`info` is `call|bidder|part|version` in UTF-8: an envelope copied to another call, bidder, part or version does
not open. The content is padded so that a price's number of digits, or a form's length, is not told by the
size. The key commitment is there because GCM alone lets a crafted ciphertext open under two keys; with it,
whoever is later given the content key can check the opened content against the digest in the receipt.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, Final

from project_bidding.bids.sealing_errors import MalformedError, NotAuthenticError
from project_bidding.bids.suites import NONCE_BYTES, RandomBytes, Suite, suite_named

MAGIC: Final = b"KCE1"
_LENGTH_BYTES: Final = 8
_MINIMUM_PADDED: Final = 1024
_MAX_HEADER_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Context:
    """What a sealed thing belongs to; `part` is technical, budget or `file:<id>`."""

    call: str
    bidder: str
    part: str
    version: int

    def info(self) -> bytes:
        """`call|bidder|part|version`; ValueError where a field would make it ambiguous."""
        fields = (self.call, self.bidder, self.part)
        if self.version < 1 or any(not text or "|" in text for text in fields):
            raise ValueError("context fields are not empty, hold no '|', and versions start at 1")
        return "|".join((*fields, str(self.version))).encode()


@dataclass(frozen=True, slots=True)
class Opened:
    """The content of an opened envelope and the content key that proves it (`verify.py`)."""

    content: bytes = field(repr=False)
    content_key: bytes = field(repr=False)


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value that digests and signatures use (no floats are ever passed)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def commitment_to(suite: Suite, content_key: bytes) -> str:
    """A labelled digest that pins the content key without telling it (the key has at least 128 random bits)."""
    return suite.digest(b"kechuang content key|", content_key)


def padded_length(length: int) -> int:
    """Padmé (Nikitin and others, PoPETs 2019): leaks O(log log n) bits of the length for at most 12 % more."""
    if length <= _MINIMUM_PADDED:
        return _MINIMUM_PADDED
    exponent = length.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (length + mask) & ~mask


def _pad(content: bytes) -> bytes:
    framed = len(content).to_bytes(_LENGTH_BYTES, "big") + content
    return framed.ljust(padded_length(len(framed)), b"\0")


def _unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    content, zeros = padded[_LENGTH_BYTES : _LENGTH_BYTES + length], padded[_LENGTH_BYTES + length :]
    if len(content) != length or zeros.strip(b"\0"):
        raise MalformedError("the padding inside the envelope is wrong")
    return content


def frame(header: dict[str, Any]) -> bytes:
    """Magic, length and header, as every sealed thing begins."""
    raw = canonical_json(header)
    return MAGIC + len(raw).to_bytes(4, "big") + raw


def new_header(
    suite: Suite, public_key: bytes, context: Context, random_bytes: RandomBytes
) -> tuple[dict[str, Any], bytes]:
    """A header with a fresh content key in it, and that key."""
    key = random_bytes(suite.content_key_bytes)
    header = {
        "suite": suite.id,
        "version": context.version,
        "part": context.part,
        "wrapped_key": base64.b64encode(suite.wrap(key, public_key, context.info())).decode(),
        "key_commitment": commitment_to(suite, key),
    }
    return header, key


def read_header(raw: bytes) -> dict[str, Any]:
    """The header's fields with their types checked; MalformedError otherwise."""
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedError("the header is not JSON") from error
    if not isinstance(header, dict) or type(header.get("version")) is not int:
        raise MalformedError("the header is an object with an integer version")
    texts = ("suite", "part", "wrapped_key", "key_commitment")
    if any(not isinstance(header.get(name), str) for name in texts):
        raise MalformedError(f"the header lacks one of {', '.join(texts)}")
    try:
        canonical = canonical_json(header) == raw
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot hold
        canonical = False
    if not canonical:  # one content, one spelling: else two digests could stand for one envelope
        raise MalformedError("the header is not in canonical form")
    return header


def unwrap_content_key(suite: Suite, header: dict[str, Any], private_key: bytes, context: Context) -> bytes:
    """The content key, if header and context agree with what was sealed and the commitment holds."""
    if (header["part"], header["version"]) != (context.part, context.version):
        raise NotAuthenticError("this was sealed for another part or version")
    key = suite.unwrap(decode_field(header, "wrapped_key"), private_key, context.info())
    if len(key) != suite.content_key_bytes or commitment_to(suite, key) != header["key_commitment"]:
        raise NotAuthenticError("the wrapped key is not the one committed to")
    return key


def decode_field(header: dict[str, Any], name: str) -> bytes:
    """A base64 field of a header; MalformedError when absent or not base64."""
    try:
        return base64.b64decode(header.get(name, ""), validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise MalformedError(f"{name} is not base64") from error


def split_header(envelope: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and body of an envelope, structure checked, nothing decrypted."""
    if envelope[:4] != MAGIC:
        raise MalformedError("this is no sealed envelope")
    length = int.from_bytes(envelope[4:8], "big")
    if length > _MAX_HEADER_BYTES or len(envelope) < 8 + length:
        raise MalformedError("the header does not fit")
    return read_header(envelope[8 : 8 + length]), envelope[8 + length :]


def seal_part(
    suite: Suite, public_key: bytes, context: Context, content: bytes, *, random_bytes: RandomBytes
) -> bytes:
    """The envelope of `content` under the call's public key (raw bytes of the suite's encapsulation)."""
    header, key = new_header(suite, public_key, context, random_bytes)
    nonce = random_bytes(NONCE_BYTES)
    header["nonce"] = base64.b64encode(nonce).decode()
    body = suite.seal(key, nonce, _pad(content), canonical_json(header))
    return frame({**header, "body_digest": suite.digest(body)}) + body


def check_intact(envelope: bytes) -> Suite:
    """What can be checked without any key: structure, suite, body digest. For the edge, at `seal`."""
    header, body = split_header(envelope)
    suite = suite_named(header["suite"])
    if header.get("body_digest") != suite.digest(body):
        raise MalformedError("the body does not have the digest its header states")
    return suite


def open_part(envelope: bytes, private_key: bytes, context: Context) -> Opened:
    """The content sealed for exactly this call, bidder, part and version."""
    suite = check_intact(envelope)
    header, body = split_header(envelope)
    key = unwrap_content_key(suite, header, private_key, context)
    aad = canonical_json({name: value for name, value in header.items() if name != "body_digest"})
    padded = suite.open(key, decode_field(header, "nonce"), body, aad)
    return Opened(_unpad(padded), key)


def envelope_digest(envelope: bytes) -> str:
    """The labelled digest of the whole envelope, by the hash of its own suite."""
    header, _ = split_header(envelope)
    return suite_named(header["suite"]).digest(envelope)
