"""The object store behind files: a local directory, memory, or anything that speaks S3."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final, Self

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from kechuang.errors import Invalid, NotFound, TooLarge
from kechuang.files.media import HEAD_SIZE
from kechuang.files.ranges import ByteRange
from kechuang.text import Text

_CHUNK: Final = 256 * 1024
_MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What was stored: size in bytes, SHA-256 in lower-case hexadecimal."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileStream:
    """Content on its way out: the size of the whole file and the chunks of the part that was asked for."""

    size: int
    chunks: AsyncIterator[bytes]


def object_key(file_id: str) -> str:
    """Where a file lies: two characters of its id first, so that no directory holds all of them."""
    return f"{file_id[-2:]}/{file_id}"


class _Intake:
    """Counts, hashes and looks at what flows by; keeps the first refusal, which the engine would wrap."""

    def __init__(
        self, source: AsyncIterable[bytes], limit: int, inspect: Callable[[bytes], object] | None
    ) -> None:
        self._source, self._limit, self._inspect = source, limit, inspect
        self._hash = hashlib.sha256()
        self.size = 0
        self.failure: Exception | None = None

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._judged():
                yield chunk
        except Exception as error:
            self.failure = error
            raise

    async def _judged(self) -> AsyncIterator[bytes]:
        head = b""
        waiting = self._inspect is not None
        async for chunk in self._source:
            self.size += len(chunk)
            if self.size > self._limit:
                limit = self._limit / _MEGABYTE
                raise TooLarge(Text(zh=f"文件不得超过{limit:g} MB", en=f"A file has {limit:g} MB at most"))
            self._hash.update(chunk)
            if not waiting:
                yield chunk
                continue
            head += chunk
            if len(head) >= HEAD_SIZE:
                self._look(head)
                waiting = False
                yield head
        if self.size == 0:
            raise Invalid(Text(zh="文件为空", en="The file is empty"), code="file_empty")
        if waiting:
            self._look(head)
            yield head

    def _look(self, head: bytes) -> None:
        if self._inspect is not None:
            self._inspect(head[:HEAD_SIZE])


class FileStore:
    """Puts, gives and deletes whole objects by key."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        """A store at `file:///directory` (made when absent), `memory:///` or `s3://bucket/prefix`.

        For S3 the endpoint and the credentials come from the standard AWS variables, or from `options` as
        obstore names them (`endpoint`, `access_key_id`, `secret_access_key`, `region`).
        """
        if url.startswith("file:"):
            return cls(LocalStore.from_url(url, mkdir=True, **options))
        return cls(from_url(url, **options))

    async def put(
        self,
        key: str,
        source: AsyncIterable[bytes],
        *,
        limit: int,
        sha256: str | None = None,
        inspect: Callable[[bytes], object] | None = None,
    ) -> StoredFile:
        """Store a stream of at most `limit` bytes; nothing remains under `key` when it is refused.

        `inspect` sees the first bytes before anything is sent on and refuses by raising (see
        `check_media`). A `sha256` that the sender stated is compared when all has arrived.
        """
        intake = _Intake(source, limit, inspect)
        try:
            await obstore.put_async(self._store, key, intake.chunks())
        except Exception:
            if intake.failure is not None:
                raise intake.failure from None
            raise
        if sha256 is not None and sha256.lower() != intake.sha256:
            await self.delete(key)
            raise Invalid(
                Text(zh="文件的SHA-256与声明的不符", en="The file's SHA-256 is not the one that was stated"),
                code="file_digest",
            )
        return StoredFile(key, intake.size, intake.sha256)

    async def get(self, key: str, part: ByteRange | None = None) -> FileStream:
        """The content of `key`, or a part of it; errors.NotFound when there is no such object."""
        try:
            if part is None:
                result = await obstore.get_async(self._store, key)
            else:
                result = await obstore.get_async(self._store, key, options={"range": (part.start, part.end)})
        except (NotFoundError, FileNotFoundError):
            raise _absent() from None
        return FileStream(result.meta["size"], _plain(result))

    async def size(self, key: str) -> int:
        """The size of `key` in bytes; errors.NotFound when there is no such object."""
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except (NotFoundError, FileNotFoundError):
            raise _absent() from None

    async def delete(self, key: str) -> None:
        """Remove `key`; an absent one is no error, so that a repeated clean-up passes."""
        try:
            await obstore.delete_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return


async def _plain(result: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in result.stream(min_chunk_size=_CHUNK):
        yield bytes(chunk)


def _absent() -> NotFound:
    return NotFound(Text(zh="文件不存在", en="There is no such file"))
