"""Many records at once: the same traces as one by one, in as few statements as one.

    made = await create_many(filings, uow, "import", rows)

The rows go by COPY; those of a searched resource, whose column of lexemes COPY cannot make, by multi-row inserts.
History, feed, audit and outbox are collected as ever and written with the commit in one statement.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang.db.unit import UnitOfWork
from kechuang.records import Records
from kechuang.resources import R


async def create_many(records: Records[R], uow: UnitOfWork, verb: str, prepared: Sequence[R]) -> list[R]:
    """Insert records that `Records.prepare` made, and collect their traces; gives them with their numbers."""
    if not prepared:
        return []
    await (_insert(records, uow, prepared) if records.resource.search else _copy(records, uow, prepared))
    table = records.table
    ids = sa.literal([each.id for each in prepared], ARRAY(sa.Text))
    found = await uow.execute(sa.select(table.c.id, table.c.number).where(table.c.id == sa.any_(ids)))
    numbers = {row.id: row.number for row in found}
    made = [replace(each, number=numbers[each.id]) for each in prepared]
    for each in made:
        records.trace(uow, None, each, verb)
    return made


async def _copy(records: Records[R], uow: UnitOfWork, prepared: Sequence[R]) -> None:
    documents = {name for name in records.writable if isinstance(records.table.c[name].type, JSONB)}

    def cell(record: R, name: str) -> Any:
        value = getattr(record, name)
        return orjson.dumps(value).decode() if name in documents and value is not None else value

    await uow.copy(
        records.table, [{name: cell(each, name) for name in records.writable} for each in prepared]
    )


async def _insert(records: Records[R], uow: UnitOfWork, prepared: Sequence[R]) -> None:
    rows = [
        {name: getattr(each, name) for name in records.writable} | {"search": records.lexemes(each)}
        for each in prepared
    ]
    await uow.execute(records.insertion, rows)
