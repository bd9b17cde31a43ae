"""Answers to `?q=` in the order in which somebody who asks expects them, page by page.

Few matches (up to `FEW`) are ranked one by one: a field that equals the question, a title that begins with it,
titles that contain it, then the rest; within each those first of whose title the question is the greater part.
Of many matches a rank would say little and cost the reading of all: equal ones come first, then titles that
begin with it, then the rest, the newest first in each. Which of the two holds is decided by the first page and kept
in its cursor, so that pages stay stable while records are added.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.records import Records
from kechuang.resources import R
from kechuang.search import Question, question

SORT = "relevance"
FEW = 2000
_NUMBER = re.compile(r"[A-Z]+-[0-9]{4}-[0-9]{6,}")
_EXACT, _PREFIX, _CONTAINED, _ELSEWHERE = 0, 10_000, 20_000, 30_000
_RANKED = "ranked"
_BANDS: Final = ("exact", "prefix", "rest")


@dataclass(frozen=True, slots=True)
class Asked:
    """A list's question: `q`, the other conditions, and which page; `binding` is what its cursors are bound to."""

    q: str
    conditions: Sequence[Any]
    limit: int
    cursor: str | None
    binding: str


def matching(table: sa.Table, q: str) -> sa.ColumnElement[bool]:
    """The records that a question finds: by their lexemes, or by the number if it looks like one."""
    asked = question(q)
    if asked is None:
        return sa.false()
    found = _finds(table, asked.match)
    number = q.strip().upper()
    return sa.or_(table.c.number == number, found) if _NUMBER.fullmatch(number) else found


async def page(records: Records[R], unit: ReadUnit, asked: Asked) -> tuple[Sequence[R], str | None]:
    """Read one page by relevance and the cursor of the next."""
    read = question(asked.q)
    if read is None:
        return [], None
    band, after = await _start(records, unit, asked)
    if band == _RANKED:
        found = await _ranked(records, unit, asked, read, after)
        values: dict[str, Any] = {each.id: rank for each, rank in found}
        rows, bands = [each for each, _ in found], dict.fromkeys(values, _RANKED)
    else:
        rows, bands = await _banded(records, unit, asked, read, band, after)
        values = {each.id: each.created_at.isoformat() for each in rows}
    if len(rows) <= asked.limit:
        return rows, None
    last = rows[asked.limit - 1].id
    return rows[: asked.limit], paging.Cursor([bands[last], values[last]], last).encode(asked.binding)


async def _start(records: Records[R], unit: ReadUnit, asked: Asked) -> tuple[str, paging.Cursor | None]:
    """Where to go on; on the first page, whether the matches are few."""
    if asked.cursor is not None:
        cursor = paging.opened(asked.cursor, asked.binding)
        match cursor.value:
            case ["ranked", int()]:
                return _RANKED, paging.Cursor(cursor.value[1], cursor.record_id)
            case ["exact" | "prefix" | "rest" as band, str(moment)]:
                return band, paging.Cursor(_instant(moment), cursor.record_id)
        raise paging.refused()
    inner = (
        sa.select(sa.literal(1))
        .select_from(records.table)
        .where(*asked.conditions, matching(records.table, asked.q))
        .limit(FEW + 1)
        .subquery()
    )
    matches = (await unit.execute(sa.select(sa.func.count()).select_from(inner))).scalar_one()
    return (_RANKED if matches <= FEW else _BANDS[0]), None


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise paging.refused() from error


async def _ranked(
    records: Records[R], unit: ReadUnit, asked: Asked, read: Question, after: paging.Cursor | None
) -> list[tuple[R, int]]:
    table = records.table
    title = table.c[records.resource.search[0]]
    length = sa.func.least(sa.func.char_length(title), _PREFIX - 1)
    lowered = sa.func.lower(title)
    rank = sa.case(
        (sa.or_(_finds(table, read.exact), table.c.number == asked.q.strip().upper()), _EXACT),
        (_finds(table, read.prefix), _PREFIX),
        # As folded and as typed: a title may be written in traditional characters.
        *(
            (sa.and_(*(sa.func.strpos(lowered, term) > 0 for term in terms)), _CONTAINED)
            for terms in (read.terms, asked.q.lower().split())
        ),
        else_=_ELSEWHERE,
    ) + sa.func.coalesce(length, 0)
    statement = (
        sa.select(*records.columns, rank.label("rank"))
        .where(*asked.conditions, matching(table, asked.q))
        .order_by(rank, table.c.id)
        .limit(asked.limit + 1)
    )
    if after is not None:
        statement = statement.where(
            sa.tuple_(rank, table.c.id) > sa.tuple_(sa.literal(after.value), sa.literal(after.record_id))
        )
    return [(records.row(each[:-1]), each.rank) for each in await unit.execute(statement)]


async def _banded(
    records: Records[R], unit: ReadUnit, asked: Asked, read: Question, first: str, after: paging.Cursor | None
) -> tuple[list[R], dict[str, str]]:
    """Fill a page from one band after another; gives also the band of each row by id."""
    table = records.table
    newest = (table.c.created_at.desc(), table.c.id.desc())
    rows: list[R] = []
    bands: dict[str, str] = {}
    for band in _BANDS[_BANDS.index(first) :]:
        statement = (
            sa.select(*records.columns)
            .where(*asked.conditions, _finds(table, _band(read, band)))
            .order_by(*newest)
            .limit(asked.limit + 1 - len(rows))
        )
        if after is not None:
            statement = statement.where(
                paging.page_clause(table.c.created_at, table.c.id, after, descending=True)
            )
            after = None
        found = [records.row(each) for each in await unit.execute(statement)]
        rows += found
        bands.update((each.id, band) for each in found)
        if len(rows) > asked.limit:
            break
    return rows, bands


def _band(read: Question, band: str) -> str:
    if band == "exact":
        return read.exact
    if band == "prefix":
        return f"{read.prefix} & !({read.exact})"
    return f"({read.match}) & !({read.prefix}) & !({read.exact})"


def _finds(table: sa.Table, query: str) -> sa.ColumnElement[bool]:
    return table.c.search.bool_op("@@")(sa.cast(sa.literal(query), TSQUERY))
