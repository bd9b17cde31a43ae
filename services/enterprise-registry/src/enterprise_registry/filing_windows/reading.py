"""The roster over HTTP: its list, its counts by county and state, its file."""

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from enterprise_registry.filing_windows import roster
from enterprise_registry.filing_windows.domain import ENTRY_STATES
from enterprise_registry.filing_windows.feature import filing_windows
from enterprise_registry.filing_windows.schemas import (
    FilingWindowDivisionCounts,
    FilingWindowEntry,
    FilingWindowRosterCounts,
    FilingWindowRosterPage,
)
from enterprise_registry.filing_windows.store import roster_entry as entry
from enterprise_registry.filings.store import FILINGS
from enterprise_registry.organisations.store import ORGANISATIONS
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http import paging
from kechuang.http.actions import language_of
from kechuang.http.export import MEDIA, Format
from kechuang.http.listing import EXACT_TOTAL
from kechuang.http.resource import RecordId
from kechuang.http.route import Read
from kechuang.http.schemas import Reference, Total
from kechuang.http.table_file import TableFile, send
from kechuang.spreadsheets import Column
from kechuang.text import Text

router = filing_windows.router
_firm, _filing = ORGANISATIONS.table, FILINGS.table
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_COLUMNS = (
    Column("organisation", Text("统一社会信用代码", "Credit code"), "code"),
    Column("name", Text("单位名称", "Name")),
    Column("division", Text("县（市、区）", "Division"), "code"),
    Column("state", Text("填报情况", "State"), "choice", choices=ENTRY_STATES),
    Column("late", Text("逾期提交", "Late"), "boolean"),
    Column("number", Text("填报编号", "Filing")),
    Column("submitted_on", Text("提交日期", "Submitted on"), "date"),
    Column("verified_on", Text("核实日期", "Verified on"), "date"),
    Column("reminders", Text("催报次数", "Reminders"), "integer"),
)


class FilingWindowRosterQuery(BaseModel):
    """What part of the roster; an unknown parameter is refused."""

    model_config = ConfigDict(extra="forbid")
    state: str | None = Field(default=None, max_length=80, description="One or several states, by commas")
    division: str | None = Field(default=None, max_length=400, description="Area ids, several by commas")
    zone: str | None = Field(default=None, max_length=80)
    organisation: str | None = Field(default=None, max_length=18)
    late: bool | None = Field(default=None, description="Only those that came late, or only the others")
    q: str | None = Field(default=None, max_length=100, description="A part of the name")


class FilingWindowRosterListQuery(FilingWindowRosterQuery):
    """The same, page by page."""

    limit: int = Field(default=paging.DEFAULT_LIMIT, ge=1, le=paging.MAX_LIMIT)
    cursor: str | None = Field(default=None, max_length=1000)
    include: Literal["total"] | None = None


class FilingWindowRosterExportQuery(FilingWindowRosterQuery):
    """The same, as a file."""

    format: Format = "csv"


@router.other(
    "GET", "/{record_id}/roster", action="roster", operation_id="list_filing_window_roster",
    summary="应报单位名册 Roster", response_model=FilingWindowRosterPage,
)  # fmt: skip
async def list_roster(
    record_id: RecordId, query: Annotated[FilingWindowRosterListQuery, Query()], unit: Read
) -> FilingWindowRosterPage:
    """Who is due and who has filed: officers see their area's part, an enterprise its own entry."""
    await filing_windows.records.get(unit, record_id)
    asked = _conditions(unit, record_id, query)
    binding = paging.binding_of(record_id, query.model_dump(exclude={"cursor", "limit", "include"}))
    after = (
        "" if query.cursor is None else paging.decode(query.cursor, binding, entry.c.organisation).record_id
    )
    rows = await _page(unit, asked, after, query.limit + 1)
    total = None
    if query.include:
        counted = sa.select(sa.literal(1)).select_from(_joined()).where(*asked).limit(EXACT_TOTAL + 1)
        value = (await unit.execute(sa.select(sa.func.count()).select_from(counted.subquery()))).scalar_one()
        total = Total(value=min(value, EXACT_TOTAL), at_least=value > EXACT_TOTAL)
    items = [_item(each) for each in rows[: query.limit]]
    more = len(rows) > query.limit
    following = (
        paging.Cursor(items[-1].organisation, items[-1].organisation).encode(binding) if more else None
    )
    return FilingWindowRosterPage(items=items, next_cursor=following, total=total)


@router.other(
    "GET", "/{record_id}/roster/counts", action="roster", operation_id="count_filing_window_roster",
    summary="应报单位分县统计 Roster by county", response_model=FilingWindowRosterCounts,
)  # fmt: skip
async def count_roster(record_id: RecordId, unit: Read) -> FilingWindowRosterCounts:
    """How many are due, filed, verified, late and missing: all that the caller sees, and by county."""
    await filing_windows.records.get(unit, record_id)
    found = await roster.counts(unit, entry.c.window == record_id, _seen(unit))
    divisions = [
        FilingWindowDivisionCounts(division=division, **each)
        for division, each in sorted(found.items(), key=lambda item: item[0] or "")
    ]
    return FilingWindowRosterCounts(**roster.added(found), divisions=divisions)


@router.other(
    "GET", "/{record_id}/roster/export", action="roster", operation_id="export_filing_window_roster",
    summary="导出应报单位名册 Export", response_class=StreamingResponse,
    responses={200: {"content": {media.partition(";")[0]: _BINARY for media in MEDIA.values()}}},
)  # fmt: skip
async def export_roster(
    record_id: RecordId,
    query: Annotated[FilingWindowRosterExportQuery, Query()],
    unit: Read,
    request: Request,
) -> StreamingResponse:
    """The roster as a file, with the list's filters and sight; the act is audited. 413 `too_many_rows`."""
    window = await filing_windows.records.get(unit, record_id)
    statement = _selected(_conditions(unit, record_id, query))
    file = TableFile("filing-windows", f"roster-{window.number}", statement, _COLUMNS, _line)
    return await send(unit, file, query.format, language_of(request))


def _line(row: sa.Row[Any]) -> dict[str, Any]:
    return {each.name: row._mapping[each.name] for each in _COLUMNS}  # noqa: SLF001  the Row's accessor


def _seen(unit: ReadUnit) -> Any:
    held = unit.permissions.tokens(unit.actor, "filing-windows:roster")
    return sa.true() if held is None else entry.c.sight.overlap(sorted(held))


def _conditions(unit: ReadUnit, window: str, query: FilingWindowRosterQuery) -> list[Any]:
    found = [entry.c.window == window, _seen(unit)]
    if query.state is not None:
        states = [each.strip() for each in query.state.split(",")]
        if set(states) - set(ENTRY_STATES):
            raise invalid(
                "#query/state", "state_unknown", f"状态应为：{'、'.join(ENTRY_STATES)}。",
                f"States are {', '.join(ENTRY_STATES)}.",
            )  # fmt: skip
        found.append(entry.c.state.in_(states))
    if query.division is not None:
        found.append(entry.c.division.in_([each.strip() for each in query.division.split(",")]))
    if query.zone is not None:
        found.append(entry.c.zones.contains([query.zone]))
    if query.organisation is not None:
        found.append(entry.c.organisation == query.organisation)
    if query.late is not None:
        found.append(entry.c.late.is_(query.late))
    if query.q:
        found.append(_firm.c.name.icontains(query.q, autoescape=True))
    return found


def _joined() -> Any:
    return entry.join(_firm, _firm.c.uscc == entry.c.organisation).outerjoin(
        _filing, _filing.c.id == entry.c.filing
    )


async def _page(unit: ReadUnit, asked: list[Any], after: str, limit: int) -> list[sa.Row[Any]]:
    return list(await unit.execute(_selected([*asked, entry.c.organisation > after]).limit(limit)))


def _selected(asked: list[Any]) -> sa.Select[Any]:
    return (
        sa.select(entry, _firm.c.name, _filing.c.number)
        .select_from(_joined())
        .where(*asked)
        .order_by(entry.c.organisation)
    )


def _item(row: sa.Row[Any]) -> FilingWindowEntry:
    fields = {name: row._mapping[name] for name in FilingWindowEntry.model_fields if name != "filing"}  # noqa: SLF001  the Row's accessor
    reference = None
    if row.filing is not None:
        reference = Reference(id=row.filing, number=row.number or "", label=f"{row.form} {row.period}")
    return FilingWindowEntry(**fields, filing=reference)
