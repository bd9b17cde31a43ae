"""Pages of lists that come from packs: they stand still while a process runs, so a place is a cursor."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from kechuang.errors import Malformed
from kechuang.text import Text

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=20)]


def page(items: Sequence[T], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """Give one page and the cursor of the next."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit()):
        raise Malformed(Text("游标无效。", "The cursor is unusable."), code="cursor_invalid")
    start = int(cursor or 0)
    end = start + limit
    return list(items[start:end]), str(end) if end < len(items) else None
