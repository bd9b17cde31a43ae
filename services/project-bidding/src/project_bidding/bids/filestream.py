"""Files of a bid, sealed as a stream: constant memory, any length, damage found where it is.

```
frame as in envelope.py, header without nonce and body_digest, with
  nonce_prefix                 base64, 7 bytes
chunk 0 … n                    AEAD of up to 64 KiB, every chunk but the last is full
```
This is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015) as Tink and age use it: the nonce of a chunk is
`prefix || counter (4 bytes) || last (1 byte)`, so a chunk that is moved, repeated, dropped or cut off does not
open. A bare counter without the last flag would let a file end early unseen. The header is the additional
data of every chunk; the key is fresh for each file and HPKE-wrapped with `info = call|bidder|file:<id>|version`.

An empty file is one empty last chunk. A reader gets chunks as they are authenticated; it must not act on them
as a whole before the iterator ends without an error.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Final

from project_bidding.bids.envelope import (
    MAGIC,
    Context,
    canonical_json,
    decode_field,
    frame,
    new_header,
    read_header,
    unwrap_content_key,
)
from project_bidding.bids.sealing_errors import MalformedError, NotAuthenticError, TruncatedError
from project_bidding.bids.suites import TAG_BYTES, RandomBytes, Suite, suite_named

CHUNK_BYTES: Final = 64 * 1024
_PREFIX_BYTES: Final = 7
_MAX_CHUNKS: Final = 2**32  # the counter has four bytes: 256 TiB
_MAX_HEADER_BYTES: Final = 16 * 1024


def _rechunk(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of any size as (chunk, is_last): every chunk but the last has `size` bytes, and there is a last one."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) > size:  # strictly: a full chunk may still turn out to be the last
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True


def _nonce(prefix: bytes, counter: int, last: bool) -> bytes:
    if counter >= _MAX_CHUNKS:
        raise MalformedError("the file has more chunks than the counter can number")
    return prefix + counter.to_bytes(4, "big") + bytes([last])


def seal_file(
    suite: Suite, public_key: bytes, context: Context, pieces: Iterable[bytes], *, random_bytes: RandomBytes
) -> Iterator[bytes]:
    """The sealed stream of a file given as byte pieces of any size; the frame comes first."""
    header, key = new_header(suite, public_key, context, random_bytes)
    prefix = random_bytes(_PREFIX_BYTES)
    header["nonce_prefix"] = base64.b64encode(prefix).decode()
    aad = canonical_json(header)
    yield frame(header)
    for counter, (chunk, last) in enumerate(_rechunk(pieces, CHUNK_BYTES)):
        yield suite.seal(key, _nonce(prefix, counter, last), chunk, aad)


class _Source:
    """Reads exact numbers of bytes from an iterable of pieces and gives the rest back."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""

    def take(self, count: int) -> bytes:
        while len(self._held) < count:
            try:
                self._held += next(self._pieces)
            except StopIteration:
                raise TruncatedError("the sealed file ends inside its header") from None
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def rest(self) -> Iterator[bytes]:
        yield self._held
        yield from self._pieces


def open_file(private_key: bytes, context: Context, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The file's chunks; TruncatedError when the end is missing, NotAuthenticError for any other change."""
    source = _Source(pieces)
    if source.take(4) != MAGIC:
        raise MalformedError("this is no sealed file")
    length = int.from_bytes(source.take(4), "big")
    if length > _MAX_HEADER_BYTES:
        raise MalformedError("the header does not fit")
    raw = source.take(length)
    header = read_header(raw)
    suite = suite_named(header["suite"])
    key = unwrap_content_key(suite, header, private_key, context)
    prefix = decode_field(header, "nonce_prefix")
    if len(prefix) != _PREFIX_BYTES:
        raise MalformedError("the nonce prefix has 7 bytes")
    for counter, (chunk, last) in enumerate(_rechunk(source.rest(), CHUNK_BYTES + TAG_BYTES)):
        if not last:
            yield suite.open(key, _nonce(prefix, counter, False), chunk, raw)
            continue
        try:
            yield suite.open(key, _nonce(prefix, counter, True), chunk, raw)
        except NotAuthenticError:
            _raise_if_cut(suite, key, _nonce(prefix, counter, False), chunk, raw)
            raise


def _raise_if_cut(suite: Suite, key: bytes, nonce: bytes, chunk: bytes, aad: bytes) -> None:
    """Tells an officer "the end is missing" apart from "bytes were changed" when the cut is at a chunk's border."""
    try:
        suite.open(key, nonce, chunk, aad) if chunk else b""
    except NotAuthenticError:
        return
    raise TruncatedError("the sealed file ends before its last chunk")
