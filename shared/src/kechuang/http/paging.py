"""Keyset cursors: stable while rows are added, opaque, bound to the list's sort and filters."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa

from kechuang.errors import Malformed
from kechuang.text import Text

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
_BIGINT = 2**63


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the sort key and the id of its last row."""

    value: Any
    record_id: str

    def encode(self, binding: str) -> str:
        """Write the cursor; `binding` is the digest of sort and filters."""
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        packed = orjson.dumps([binding, value, self.record_id])
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def refused() -> Malformed:
    """The answer to a cursor that is of no use here."""
    return Malformed(
        Text(
            "游标无效，或与本次的排序、筛选条件不一致；请从第一页重新读取。",
            "The cursor is unusable, or is of another sort or filter; start from the first page.",
        ),
        code="cursor_invalid",
    )


def _unpack(text: str) -> list[Any]:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError) as error:
        raise refused() from error
    if not isinstance(parts, list) or not all(_holdable(each) for each in parts):
        raise refused()
    return parts


def _holdable(value: Any) -> bool:
    """Whether a column could hold it: a caller may have changed what is in a cursor."""
    if isinstance(value, int):
        return abs(value) < _BIGINT
    return not isinstance(value, str) or "\x00" not in value


def opened(text: str, binding: str) -> Cursor:
    """Read a cursor back as it was packed (an instant is text), or refuse it."""
    parts = _unpack(text)
    if len(parts) != 3 or parts[0] != binding or not isinstance(parts[2], str):  # noqa: PLR2004
        raise refused()
    return Cursor(parts[1], parts[2])


def decode(text: str, binding: str, column: sa.Column[Any]) -> Cursor:
    """Read a cursor back with the type of its column, or refuse it."""
    found = opened(text, binding)
    value = found.value
    try:
        if isinstance(column.type, sa.DateTime):
            value = datetime.fromisoformat(value).astimezone(UTC)
        elif isinstance(column.type, sa.Date):
            value = date.fromisoformat(value)
        elif not isinstance(value, column.type.python_type):
            raise refused()
    except (TypeError, ValueError, OverflowError) as error:
        raise refused() from error
    return Cursor(value, found.record_id)


def binding_of(*parts: Any) -> str:
    """Digest what a cursor is bound to."""
    return blake2b(orjson.dumps(parts, default=str), digest_size=6).hexdigest()


def page_clause(column: sa.Column[Any], key: sa.Column[Any], cursor: Cursor, *, descending: bool) -> Any:
    """The rows after the cursor, as one row comparison that an index (column, id) serves."""
    here = sa.tuple_(column, key)
    there = sa.tuple_(sa.literal(cursor.value, column.type), sa.literal(cursor.record_id, key.type))
    return here < there if descending else here > there


def fenced(
    statement: sa.Select[Any], column: sa.Column[Any], *, descending: bool, limit: int
) -> sa.Select[Any]:
    """Have a list's few rows found first and ordered then; at most `limit` are given, in the statement's order.

    The planner knows nothing about a value as rare as an owner or a word. It takes the rows for plenty, walks the
    index of the order to meet the first of them, and reads the whole table. OFFSET 0 keeps order and rows apart.
    What is ordered are keys and not rows, which are wide and of which a page needs few.
    """
    key = column.table.c.id
    found = statement.with_only_columns(column.label("place"), key.label("key"))
    found_rows = found.order_by(None).offset(sa.literal_column("0")).subquery()
    place, found_key = found_rows.c.place, found_rows.c.key
    order = (place.desc(), found_key.desc()) if descending else (place, found_key)
    first = sa.select(found_key).order_by(*order).limit(limit).scalar_subquery()
    return (
        sa.select(*statement.selected_columns)
        .where(key == sa.func.any(sa.func.array(first)))
        .order_by(*((column.desc(), key.desc()) if descending else (column, key)))
    )


def encode_position(position: int) -> str:
    """Write a feed's cursor: the sealed position, good for ever."""
    return Cursor(position, "").encode("feed")


def decode_position(text: str | None) -> int:
    """Read a feed's cursor; none is the beginning."""
    if text is None:
        return 0
    parts: Sequence[Any] = _unpack(text)
    if len(parts) != 3 or parts[0] != "feed" or not isinstance(parts[1], int):  # noqa: PLR2004
        raise refused()
    return int(parts[1])
