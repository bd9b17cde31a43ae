"""The growth of R&D input as one file, in constant memory: page by page into a file without a name, then sent."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Literal, cast

from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from enterprise_registry.policy.library import Library
from enterprise_registry.rd_growth import growth
from enterprise_registry.rd_growth.growth import ACTION, Asked, Outcome
from enterprise_registry.rd_growth.schemas import RdGrowthAmount, RdGrowthItem
from kechuang import money
from kechuang.db.unit import ReadUnit
from kechuang.http.schemas import Reference
from kechuang.spreadsheets import Column, write_csv, write_ndjson, write_xlsx
from kechuang.text import Language, Text

Format = Literal["csv", "xlsx", "ndjson"]
_PAGE, _PIECE = 1000, 256 * 1024
_MEDIA: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
}
_COLUMNS = (
    Column("organisation", Text("统一社会信用代码", "Credit code"), "code"),
    Column("name", Text("企业名称", "Name")),
    Column("division", Text("县（市、区）", "Division"), "code"),
    Column("base_amount", Text("基期研发投入（元）", "Base amount, CNY"), "money"),
    Column("amount", Text("本期研发投入（元）", "Amount, CNY"), "money"),
    Column("ratio", Text("倍数", "Ratio")),
    Column("outcome", Text("结果", "Outcome")),
    Column("reserve_fund", Text("建立研发准备金", "Reserve fund"), "boolean"),
)
_OUTCOMES: dict[Outcome, Text] = {
    "grown": Text("倍增", "Grown"),
    "below": Text("未倍增", "Below"),
    "base_zero": Text("基期为零", "Base is zero"),
    "base_missing": Text("基期数据缺失", "Base year missing"),
    "year_missing": Text("本期数据缺失", "Year missing"),
}


async def answer(
    unit: ReadUnit, shelf: Library, asked: Asked, form: Format, language: Language
) -> StreamingResponse:
    """Write the whole list, note in the audit log who took it, and send it."""
    loop = asyncio.get_running_loop()

    def lines() -> Iterator[dict[str, Any]]:
        after = ""
        while True:  # the database is read in the loop, rows are written in the thread that asks for them
            page = growth.page(unit, shelf, asked, after=after, limit=_PAGE)
            rows = asyncio.run_coroutine_threadsafe(page, loop).result()
            if not rows:
                return
            after = rows[-1].uscc
            yield from (_line(item_of(each, asked), language) for each in rows)

    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  closed when it is sent, or below
    try:
        await asyncio.to_thread(_write, file, lines(), form, language)
        async with unit.database.unit(unit.actor) as uow:
            said = f"{form}, {asked.city} {asked.base_year}-{asked.year}"
            uow.audit(ACTION, resource="rd-growth", reason=said)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return StreamingResponse(
        iter(lambda: file.read(_PIECE), b""),
        media_type=_MEDIA[form],
        headers={
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="rd-growth-{asked.year}.{form}"',
            "Cache-Control": "no-store",
        },
        background=BackgroundTask(file.close),
    )


def _write(file: BinaryIO, lines: Iterator[dict[str, Any]], form: Format, language: Language) -> None:
    if form == "xlsx":
        write_xlsx(file, _COLUMNS, lines, language=language)
        file.seek(0, 2)
        return
    file.writelines(write_ndjson(lines) if form == "ndjson" else write_csv(_COLUMNS, lines, language))


def item_of(row: Any, asked: Asked) -> RdGrowthItem:
    """Make what the API shows of a row of the comparison."""
    base = _amount(asked.base_year, row.base_fen, row.base_id, row.base_number)
    current = _amount(asked.year, row.fen, row.id, row.number)
    ratio = None
    if base is not None and current is not None and base.amount_fen > 0 and current.amount_fen >= 0:
        whole, rest = divmod(current.amount_fen * 100 // base.amount_fen, 100)
        ratio = f"{whole}.{rest:02d}"
    return RdGrowthItem(
        organisation=row.uscc, name=row.name, division=row.division, zones=row.zones, base=base, current=current,
        ratio=ratio, outcome=row.outcome, reserve_fund=row.flag,
    )  # fmt: skip


def _amount(year: int, fen: int | None, filing: str | None, number: str | None) -> RdGrowthAmount | None:
    if fen is None or filing is None:
        return None
    reference = Reference(id=filing, number=number or "", label=str(year))
    return RdGrowthAmount(year=year, amount_fen=fen, filing=reference)


def _line(item: RdGrowthItem, language: Language) -> dict[str, Any]:
    return {
        "organisation": item.organisation, "name": item.name, "division": item.division,
        "base_amount": money.format(item.base.amount_fen) if item.base else None,
        "amount": money.format(item.current.amount_fen) if item.current else None,
        "ratio": item.ratio, "outcome": _OUTCOMES[item.outcome].in_(language), "reserve_fund": item.reserve_fund,
    }  # fmt: skip
