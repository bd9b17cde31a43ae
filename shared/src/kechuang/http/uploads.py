"""Large bodies: they go into a file before there is a transaction, and never stand in memory whole."""

import asyncio
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, cast

from fastapi import Request

from kechuang.http.readable import refuse_unreadable

_IN_MEMORY: Final = 1 << 20
_FOUND: Final = "kechuang.upload"
_LINES: Final = "application/x-ndjson"


async def spool(request: Request, hashed: Any) -> BinaryIO:
    """Write the body of a request into a temporary file without a name, and feed `hashed` on the way.

    Refuses NDJSON that nobody could keep, as other JSON is. `close_upload` ends it.
    """
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed when the request ends
    try:
        async for chunk in request.stream():
            hashed.update(chunk)
            file.write(chunk)
        file.seek(0)
        if request.headers.get("content-type", "").startswith(_LINES):
            await asyncio.to_thread(_read_through, cast("BinaryIO", file))
    except BaseException:
        file.close()
        raise
    request.scope[_FOUND] = file
    return cast("BinaryIO", file)


def _read_through(file: BinaryIO) -> None:
    for line in file:
        refuse_unreadable(line)
    file.seek(0)


def close_upload(request: Request) -> None:
    """Forget the file of a request, if it has one."""
    file = request.scope.pop(_FOUND, None)
    if file is not None:
        file.close()


def uploaded(request: Request) -> tuple[BinaryIO, str]:
    """Give the body that was put into a file, and its content type."""
    return request.scope[_FOUND], request.headers.get("content-type", "")
