import hashlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from kechuang.errors import Invalid, NotFound, Refusal, TooLarge, UnsupportedMedia
from kechuang.files import (
    MEDIA,
    ByteRange,
    FileState,
    FileStore,
    NoScanner,
    Verdict,
    after_scan,
    check_media,
    object_key,
    parse_range,
)

PDF = b"%PDF-1.7\n" + "江门市科技计划项目申报书".encode() * 1000


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.fixture(params=["directory", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return FileStore.from_url((tmp_path / "files").as_uri() if request.param == "directory" else "memory:///")


async def read(store: FileStore, key: str, part: ByteRange | None = None) -> bytes:
    stream = await store.get(key, part)
    return b"".join([chunk async for chunk in stream.chunks])


async def test_a_file_comes_back_whole_and_in_parts(store: FileStore) -> None:
    key, digest = object_key("pb_018f"), hashlib.sha256(PDF).hexdigest()
    stored = await store.put(key, pieces(PDF), limit=len(PDF), sha256=digest.upper())
    assert (stored.size, stored.sha256) == (len(PDF), digest)
    assert await read(store, key) == PDF
    assert await read(store, key, parse_range("bytes=5-7", len(PDF))) == PDF[5:8]
    assert await store.size(key) == (await store.get(key)).size == len(PDF)


async def test_a_large_file_streams_in_many_chunks(store: FileStore) -> None:
    data = bytes(range(256)) * 4096 * 12  # 12 MiB: more than one part of a multipart upload
    await store.put("large", pieces(data, 1 << 20), limit=len(data))
    chunks = [chunk async for chunk in (await store.get("large")).chunks]
    assert b"".join(chunks) == data


async def test_nothing_remains_of_a_file_that_is_refused(store: FileStore) -> None:
    inspect = partial(check_media, "image/png", "图.png", allowed={"image/png"})
    for refused, source, limit, sha256, look in [
        (TooLarge, PDF, len(PDF) - 1, None, None),
        (Invalid, PDF, len(PDF), "0" * 64, None),
        (Invalid, b"", 10, None, None),
        (UnsupportedMedia, PDF, len(PDF), None, inspect),
        (UnsupportedMedia, b"GIF89a", 10, None, inspect),
    ]:
        with pytest.raises(refused):
            await store.put("refused", pieces(source), limit=limit, sha256=sha256, inspect=look)
        with pytest.raises(NotFound):
            await store.get("refused")


async def test_a_sender_that_breaks_off_leaves_nothing(store: FileStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PDF
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.put("broken", broken(), limit=10**9)
    with pytest.raises(NotFound):
        await store.size("broken")


async def test_deleting_twice_is_no_error(store: FileStore) -> None:
    await store.put("gone", pieces(PDF), limit=10**6)
    await store.delete("gone")
    await store.delete("gone")
    with pytest.raises(NotFound):
        await store.size("gone")


async def test_the_first_bytes_are_seen_before_the_rest_however_they_arrive(store: FileStore) -> None:
    seen: list[bytes] = []
    await store.put("seen", pieces(PDF, 7), limit=10**6, inspect=seen.append)
    await store.put("short", pieces(b"%PDF-", 1), limit=10**6, inspect=seen.append)
    assert seen == [PDF[:4096], b"%PDF-"]
    assert await read(store, "seen") == PDF


@pytest.mark.parametrize(
    ("media_type", "name", "head"),
    [
        ("application/pdf", "申报书.PDF", PDF),
        ("image/jpeg; q=1", "章.jpeg", b"\xff\xd8\xff\xe0"),
        ("text/csv", "企业.csv", "企业名称\n".encode("gb18030")[:-2]),
        ("text/csv", "企业.csv", "企业名称".encode("utf-16")),
        ("text/plain", "说明.txt", "说明".encode()[:-1]),
        ("application/json", "a.json", b"\xef\xbb\xbf [1]"),
        ("application/zip", "附件.zip", b"PK\x03\x04"),
        ("application/octet-stream", "bid.enc", b"\x00\x01"),
    ],
)
def test_what_agrees_is_taken(media_type: str, name: str, head: bytes) -> None:
    assert check_media(media_type, name, head, set(MEDIA)) == media_type.partition(";")[0]


@pytest.mark.parametrize(
    ("media_type", "name", "head", "code"),
    [
        ("text/html", "a.html", b"<html>", "unsupported_media_type"),
        ("image/png", "a.png", b"\x89PNG\r\n\x1a\n", "unsupported_media_type"),
        ("application/pdf", "a.exe", PDF, "media_type_name"),
        ("application/pdf", "a.pdf", b"MZ\x90", "media_type_content"),
        ("text/plain", "a.txt", b"MZ programm", "media_type_content"),
        ("text/plain", "a.txt", b"\x00\x01", "media_type_content"),
        ("text/plain", "a.txt", b"\xff\xff\xff", "media_type_content"),
        ("application/json", "a.json", b"hello", "media_type_content"),
    ],
)
def test_what_does_not_agree_is_refused(media_type: str, name: str, head: bytes, code: str) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        check_media(media_type, name, head, set(MEDIA) - {"image/png"})
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    part = parse_range(header, 100)
    assert (part and (part.start, part.end)) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(header: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_range(header, 100)
    assert refused.value.status == 416
    assert ByteRange(0, 10, 100).content_range == "bytes 0-9/100"


async def test_only_what_a_scanner_lets_pass_is_clean() -> None:
    assert after_scan(await NoScanner().scan(pieces(PDF))) is FileState.CLEAN
    assert after_scan(Verdict(clean=False, finding="Eicar-Signature")) is FileState.REFUSED
