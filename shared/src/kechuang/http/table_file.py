"""A query's rows as one file: CSV, XLSX or NDJSON; memory does not grow with their number, and the act is audited.

For tables that are no list of records; those are exported by `kechuang.http.export`.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from kechuang.db.unit import ReadUnit
from kechuang.errors import TooLarge
from kechuang.http.export import MEDIA, SHEET_ROWS, Format
from kechuang.spreadsheets import Column, write_csv, write_ndjson, write_xlsx
from kechuang.text import Language, Text

_BATCH = 500
_PIECE = 256 * 1024
Line = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class TableFile:
    """What is written: `line` makes a row of the query into values by column name."""

    resource: str
    name: str
    statement: sa.Select[Any]
    columns: Sequence[Column]
    line: Line


async def send(unit: ReadUnit, table: TableFile, form: Format, language: Language) -> StreamingResponse:
    """Write the file and send it once it is whole; who took what is in the audit log before the first byte.

    413 `too_many_rows` beyond what a sheet holds.
    """
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  closed when it is sent, or below
    try:
        rows = await _fill(file, unit, table, form, language)
        async with unit.database.unit(unit.actor) as uow:
            said = f"{table.name}, {form}, {rows} rows"
            uow.audit(f"{table.resource}:export", resource=table.resource, reason=said)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type=MEDIA[form],
        headers={
            "Content-Disposition": f'attachment; filename="{table.name}.{form}"',
            "Cache-Control": "no-store",
            "X-Rows": str(rows),
        },
        background=BackgroundTask(file.close),
    )


async def _fill(file: BinaryIO, unit: ReadUnit, table: TableFile, form: Format, language: Language) -> int:
    """The database is read here through a cursor; rows are written in a thread that asks for them."""
    loop = asyncio.get_running_loop()
    async with unit.database.read.connect() as conn:
        await conn.execute(sa.text("BEGIN READ ONLY"))  # a cursor lives in a transaction
        try:
            result = await conn.stream(table.statement, execution_options={"yield_per": _BATCH})
            batches = result.partitions(_BATCH)

            async def following() -> Any:
                return await anext(batches, None)

            def lines() -> Iterator[Mapping[str, Any]]:
                while batch := asyncio.run_coroutine_threadsafe(following(), loop).result():
                    yield from map(table.line, batch)

            return await asyncio.to_thread(
                _write, file, table.columns, lines(), form, language, unit.actor.subject
            )
        finally:
            await conn.execute(sa.text("ROLLBACK"))


def _write(
    file: BinaryIO,
    columns: Sequence[Column],
    lines: Iterator[Mapping[str, Any]],
    form: Format,
    language: Language,
    reader: str,
) -> int:
    count = 0

    def counted() -> Iterator[Mapping[str, Any]]:
        nonlocal count
        for line in lines:
            count += 1
            if form == "xlsx" and count > SHEET_ROWS:
                says = Text(
                    "超过一张表的行数，请缩小范围或改用 CSV。",
                    "More than a sheet holds: narrow it, or take CSV.",
                )
                raise TooLarge(says, code="too_many_rows")
            yield line

    if form == "xlsx":
        write_xlsx(file, columns, counted(), language=language, watermark=reader)
    else:
        file.writelines(write_csv(columns, counted(), language) if form == "csv" else write_ndjson(counted()))
    return count


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece
