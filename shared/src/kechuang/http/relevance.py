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
    found = _holds(table.c.search, asked.match)
    number = q.strip().upper()
    return sa.or_(table.c.number == number, found) if _NUMBER.fullmatch(number) else found


async def page(records: Records[R], unit: ReadUnit, asked: Asked) -> tuple[Sequence[R], str | None]:
    """Read one page by relevance and the cursor of the next."""
    read = question(asked.q)
    if read is None:
        return [], None
    band, after = _start(asked)
    ranked = await _ranked(records, unit, asked, read, after) if band in (None, _RANKED) else None
    if ranked is not None:
        rows, places = [each for each, _ in ranked], {each.id: [_RANKED, rank] for each, rank in ranked}
    else:
        rows, places = await _banded(records, unit, asked, read, band or _BANDS[0], after)
    if len(rows) <= asked.limit:
        return rows, None
    last = rows[asked.limit - 1].id
    return rows[: asked.limit], paging.Cursor(places[last], last).encode(asked.binding)


def _start(asked: Asked) -> tuple[str | None, paging.Cursor | None]:
    """Where to go on; nothing yet on the first page."""
    if asked.cursor is None:
        return None, None
    cursor = paging.opened(asked.cursor, asked.binding)
    match cursor.value:
        case ["ranked", int(rank)]:
            return _RANKED, paging.Cursor(rank, cursor.record_id)
        case ["exact" | "prefix" | "rest" as band, str(moment)]:
            return band, paging.Cursor(_instant(moment), cursor.record_id)
    raise paging.refused()


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise paging.refused() from error


async def _ranked(
    records: Records[R], unit: ReadUnit, asked: Asked, read: Question, after: paging.Cursor | None
) -> list[tuple[R, int]] | None:
    """A page of matches ranked one by one; None when the first page shows that they are many."""
    table = records.table
    chosen = sa.select(*records.columns, table.c.search).where(*asked.conditions, matching(table, asked.q))
    found = (chosen if after else chosen.limit(FEW + 1)).subquery()
    rank = _rank(found.c, found.c[records.resource.search[0]], asked.q, read)
    names = [found.c[column.name] for column in records.columns]
    counted = sa.func.count().over() if after is None else sa.literal(0)
    statement = (
        sa.select(*names, rank.label("rank"), counted.label("matches"))
        .order_by(rank, found.c.id)
        .limit(asked.limit + 1)
    )
    if after is not None:
        there = sa.tuple_(sa.literal(after.value), sa.literal(after.record_id))
        statement = statement.where(sa.tuple_(rank, found.c.id) > there)
    rows = (await unit.execute(statement)).all()
    if rows and rows[0].matches > FEW:
        return None
    return [(records.row(each[:-2]), each.rank) for each in rows]


def _rank(columns: Any, title: sa.ColumnElement[str], q: str, read: Question) -> sa.ColumnElement[int]:
    lowered = sa.func.lower(title)
    kind = sa.case(
        (sa.or_(_holds(columns.search, read.exact), columns.number == q.strip().upper()), _EXACT),
        (_holds(columns.search, read.prefix), _PREFIX),
        # As folded and as typed: a title may be written in traditional characters.
        *(
            (sa.and_(*(sa.func.strpos(lowered, term) > 0 for term in terms)), _CONTAINED)
            for terms in (read.terms, q.lower().split())
        ),
        else_=_ELSEWHERE,
    )
    return kind + sa.func.coalesce(sa.func.least(sa.func.char_length(title), _PREFIX - 1), 0)


async def _banded(
    records: Records[R], unit: ReadUnit, asked: Asked, read: Question, first: str, after: paging.Cursor | None
) -> tuple[list[R], dict[str, list[Any]]]:
    """Fill a page from one band after another; gives also the place of each row by id.

    A band of few rows must not be looked for along the index of the order (`paging.fenced`). Equal ones are few by
    nature; where the first page has come to the rest it is known to be many.
    """
    table = records.table
    newest = (table.c.created_at.desc(), table.c.id.desc())
    is_first_page = after is None
    rows: list[R] = []
    places: dict[str, list[Any]] = {}
    for band in _BANDS[_BANDS.index(first) :]:
        conditions = [*asked.conditions, _holds(table.c.search, _band(read, band))]
        if after is not None:
            conditions.append(paging.page_clause(table.c.created_at, table.c.id, after, descending=True))
            after = None
        statement = sa.select(*records.columns).where(*conditions).order_by(*newest)
        is_many = is_first_page and band == "rest"
        missing = asked.limit + 1 - len(rows)
        if band == "exact" or not (is_many or await _are_many(table, unit, conditions)):
            statement = paging.fenced(statement, table.c.created_at, descending=True, limit=missing)
        found = [records.row(each) for each in await unit.execute(statement.limit(missing))]
        rows += found
        places.update((each.id, [band, each.created_at.isoformat()]) for each in found)
        if len(rows) > asked.limit:
            break
    return rows, places


async def _are_many(table: sa.Table, unit: ReadUnit, conditions: Sequence[Any]) -> bool:
    inner = sa.select(sa.literal(1)).select_from(table).where(*conditions).limit(FEW + 1).subquery()
    return bool((await unit.execute(sa.select(sa.func.count()).select_from(inner))).scalar_one() > FEW)


def _band(read: Question, band: str) -> str:
    if band == "exact":
        return read.exact
    if band == "prefix":
        return f"{read.prefix} & !({read.exact})"
    return f"({read.match}) & !({read.prefix}) & !({read.exact})"


def _holds(search: sa.ColumnElement[Any], query: str) -> sa.ColumnElement[bool]:
    return search.bool_op("@@")(sa.cast(sa.literal(query), TSQUERY))
