"""The `Range` header of RFC 9110 section 14, for one range of bytes."""

import re
from dataclasses import dataclass
from typing import Final

from kechuang.errors import Refusal
from kechuang.text import Text

_RANGE: Final = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")


class RangeNotSatisfiable(Refusal):
    """The range lies outside the file."""

    status, code, title = 416, "range_not_satisfiable", Text("请求范围无效", "The range cannot be given")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to and without `end`, of a file of `size` bytes."""

    start: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """The value of `Content-Range`."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The range asked for, or None to send the whole file: no header, several ranges, or an unknown form."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or (match[2] is not None and int(match[2]) < int(match[1])):
        return None
    if match[3] is not None:
        start, end = max(0, size - int(match[3])), size
    else:
        start, end = int(match[1]), min(size, int(match[2]) + 1) if match[2] is not None else size
    if start >= end:
        raise RangeNotSatisfiable(
            Text(zh=f"文件共{size}字节", en=f"The file has {size} bytes"), extra={"size": size}
        )
    return ByteRange(start, end, size)
