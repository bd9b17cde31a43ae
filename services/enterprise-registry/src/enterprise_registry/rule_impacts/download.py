"""The enterprises that a rule impact names, as one file; memory does not grow with their number."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from enterprise_registry.ladders.impact import LISTED
from enterprise_registry.rule_impacts.domain import OUTCOMES, RESULTS
from enterprise_registry.rule_impacts.store import rule_impacts
from enterprise_registry.rule_impacts.use_cases import Asked, asked_cases, case
from kechuang.db.unit import ReadUnit
from kechuang.errors import Conflict, TooLarge
from kechuang.http.export import MEDIA, SHEET_ROWS, Format
from kechuang.spreadsheets import Column, write_csv, write_ndjson, write_xlsx
from kechuang.text import Language, Text

_BATCH = 500
_PIECE = 256 * 1024
_COLUMNS = (
    Column("organisation", Text("统一社会信用代码", "Credit code"), "code"),
    Column("name", Text("企业名称", "Name")),
    Column("division", Text("县（市、区）", "Division"), "code"),
    Column("node", Text("梯次", "Node"), "code"),
    Column(
        "outcome", Text("影响", "Outcome"), "choice", choices={each.name: OUTCOMES[each] for each in LISTED}
    ),
    Column("before", Text("原结果", "Before"), "choice", choices=RESULTS),
    Column("after", Text("新结果", "After"), "choice", choices=RESULTS),
    Column("leaf", Text("决定项", "Decided by"), "code"),
    Column("holds", Text("现持有", "Holds it"), "boolean"),
)


async def cases_file(
    unit: ReadUnit, record_id: str, asked: Asked, form: Format, language: Language
) -> StreamingResponse:
    """Write the file and send it once it is whole; who took what is in the audit log before the first byte."""
    found = await rule_impacts.get(unit, record_id)
    if found.state != "completed":
        raise Conflict(
            Text("测算尚未完成，请稍后再导出。", "It is not completed; export it later."),
            code="not_completed",
        )
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  closed when it is sent, or below
    try:
        rows = await _fill(file, unit, asked_cases(found.id, asked), form, language)
        async with unit.database.unit(unit.actor) as uow:
            uow.audit(
                "rule-impacts:export", resource="rule-impacts", reason=f"{found.number}, {form}, {rows} rows"
            )
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type=MEDIA[form],
        headers={
            "Content-Disposition": f'attachment; filename="{found.number}-cases.{form}"',
            "Cache-Control": "no-store",
            "X-Rows": str(rows),
        },
        background=BackgroundTask(file.close),
    )


async def _fill(
    file: BinaryIO, unit: ReadUnit, statement: sa.Select[Any], form: Format, language: Language
) -> int:
    """The database is read here through a cursor; rows are written in a thread that asks for them."""
    loop = asyncio.get_running_loop()
    async with unit.database.read.connect() as conn:
        await conn.execute(sa.text("BEGIN READ ONLY"))  # a cursor lives in a transaction
        try:
            result = await conn.stream(statement, execution_options={"yield_per": _BATCH})
            batches = result.partitions(_BATCH)

            async def following() -> Any:
                return await anext(batches, None)

            def lines() -> Iterator[dict[str, Any]]:
                while batch := asyncio.run_coroutine_threadsafe(following(), loop).result():
                    yield from (case(row).model_dump() for row in batch)

            return await asyncio.to_thread(_write, file, lines(), form, language, unit.actor.subject)
        finally:
            await conn.execute(sa.text("ROLLBACK"))


def _write(
    file: BinaryIO, lines: Iterator[dict[str, Any]], form: Format, language: Language, reader: str
) -> int:
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for line in lines:
            count += 1
            if form == "xlsx" and count > SHEET_ROWS:
                raise TooLarge(
                    Text(
                        "超过一张表的行数，请缩小范围或改用 CSV。",
                        "More than a sheet holds: narrow it, or take CSV.",
                    ),
                    code="too_many_rows",
                )
            yield line

    if form == "xlsx":
        write_xlsx(file, _COLUMNS, counted(), language=language, watermark=reader)
    else:
        pieces = write_csv(_COLUMNS, counted(), language) if form == "csv" else write_ndjson(counted())
        file.writelines(pieces)
    return count


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece
