"""The HTTP edge of registers: records, the kinds that packs declare, counts and the lists behind them."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http import paging
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Page
from kechuang_procedure.registers.counting import COLUMNS, ZONE, Asked, Measure
from kechuang_procedure.registers.domain import LEVELS, STANDINGS, RegisterKind, RegisterRecord, holds_on
from kechuang_procedure.registers.imports import add_import_routes
from kechuang_procedure.registers.schemas import (
    EXAMPLE,
    RegisterConfirm,
    RegisterCorrect,
    RegisterCount,
    RegisterCounts,
    RegisterCreate,
    RegisterEnd,
    RegisterKindOut,
    RegisterKinds,
    RegisterOut,
    RegisterPatch,
    RegisterRefuse,
)

if TYPE_CHECKING:
    from kechuang_procedure.registers.feature import Registers

_ANY = "all"


class RegisterCountQuery(BaseModel):
    """What is counted. Lists are separated by commas; without a filter everything in the caller's sight counts."""

    model_config = ConfigDict(extra="forbid")
    as_of: date | None = Field(default=None, description="The end of this day; today when left out")
    period_from: date | None = Field(
        default=None, description="For added and ended; 1 January of the year of `as_of`"
    )
    period_to: date | None = Field(default=None, description="For added and ended; `as_of` when left out")
    register_: str | None = Field(
        default=None, alias="register", description="名册 platform, carrier, tenant …"
    )
    kind: str | None = Field(default=None, description="类别, as `kinds` lists them")
    level: str | None = Field(default=None, description="级别 national, province, city, county …")
    min_level: str | None = Field(default=None, description="This level or higher: `city` is 市级以上")
    city: str | None = Field(default=None, description="Area id of a city")
    division: str | None = Field(default=None, description="Area ids")
    zone: str | None = Field(default=None, description="Area id of a functional zone")
    chain: str | None = Field(default=None, description="Industry chain")
    parent: str | None = Field(default=None, description="Id of the record that they are part of")
    organisation: str | None = Field(default=None, description="USCC of the host")
    standing: str = Field(default="counted", description="counted, apart, not_counted, or all")

    def asked(self, today: date) -> Asked:
        """Read the query; refuses a level or standing that is none."""
        day = self.as_of or today
        if self.min_level is not None and self.min_level not in LEVELS:
            raise invalid("#query/min_level", "level_unknown", f"级别应为：{'、'.join(LEVELS)}。",
                          f"A level is one of {', '.join(LEVELS)}.")  # fmt: skip
        if self.standing not in (*STANDINGS, _ANY):
            raise invalid("#query/standing", "standing_unknown", "应为 counted、apart、not_counted 或 all。",
                          "One of counted, apart, not_counted, all.")  # fmt: skip
        last = self.period_to or day
        first = self.period_from or date(last.year, 1, 1)
        if first > last:
            raise invalid("#query/period_from", "period_reversed", "起日不得晚于止日。",
                          "period_from lies after period_to.")  # fmt: skip
        return Asked(
            as_of=day, first=first, last=last, registers=_listed(self.register_), kinds=_listed(self.kind),
            levels=_listed(self.level), min_level=self.min_level, city=self.city,
            divisions=_listed(self.division), zone=self.zone, chain=self.chain, parent=self.parent,
            organisation=self.organisation, standing=None if self.standing == _ANY else self.standing,
        )  # fmt: skip


class RegisterCountsQuery(RegisterCountQuery):
    """The groups that counts are split into."""

    by: str = Field(
        default="kind",
        description=f"Split by, with commas: {', '.join((*COLUMNS, ZONE))}, or a kind's dimension; empty for one number",
    )


class RegisterListQuery(RegisterCountQuery):
    """The records behind a count."""

    measure: Measure = Field(default="stock", description="Which number: stock, added or ended")
    limit: int = Field(default=paging.DEFAULT_LIMIT, ge=1, le=paging.MAX_LIMIT)
    cursor: str | None = Field(default=None, max_length=1000)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip()) if text else ()


def show(record: RegisterRecord, unit: ReadUnit) -> RegisterOut:
    """Put a record on the wire; `holds` is of today."""
    own = set(RegisterOut.model_fields) - {"holds", "register_"}
    fields = {name: getattr(record, name) for name in own}
    return RegisterOut.model_validate(
        fields | {"register": record.register, "holds": holds_on(record, unit.today)}
    )


def show_kind(kind: RegisterKind) -> RegisterKindOut:
    """Put a kind on the wire."""
    fields = {
        "name_zh": kind.name.zh,
        "name_en": kind.name.en,
        "register": kind.register,
        "evidence": [each.code for each in kind.evidence],
        "reporters": sorted(kind.reporters),
        "confirmers": sorted(kind.confirmers),
    }
    rest = set(RegisterKindOut.model_fields) - set(fields) - {"register_"}
    return RegisterKindOut.model_validate(fields | {name: getattr(kind, name) for name in rest})


def routes(registers: "Registers") -> ResourceRouter[RegisterRecord, RegisterOut]:
    """Make the router of one service's registers."""
    router = ResourceRouter(registers.records, RegisterOut, show=show, reads=False)
    _reads(router, registers)
    add_import_routes(registers, router)
    router.add_reads()  # after the fixed addresses, which `/{record_id}` would swallow
    _writes(router, registers)
    return router


def _reads(router: ResourceRouter[RegisterRecord, RegisterOut], registers: "Registers") -> None:
    title = registers.RESOURCE.title
    plural = registers.RESOURCE.name.replace("-", "_")

    @router.other(
        "GET", "/kinds", action="kinds", operation_id=f"list_{plural}_kinds",
        summary=f"{title.zh}类别 Kinds", response_model=RegisterKinds,
    )  # fmt: skip
    async def kinds(
        unit: Read,
        city: Annotated[str, Query(description="Area id of a city")],
        register: Annotated[str | None, Query(description="Of one register alone")] = None,
    ) -> RegisterKinds:
        """The kinds of record that the city's policy pack declares, with the JSON Schema of their fields."""
        found = registers.rules.kinds(unit, city, unit.today).values()
        return RegisterKinds(
            city=city, items=[show_kind(each) for each in found if register in (None, each.register)]
        )

    @router.other(
        "GET", "/counts", action="read", operation_id=f"count_{plural}",
        summary=f"{title.zh}数量 Counts", response_model=RegisterCounts,
    )  # fmt: skip
    async def counts(
        query: Annotated[RegisterCountsQuery, Query()],
        unit: Read,
    ) -> RegisterCounts:
        """Count what holds at the end of a day, and what was added and ended in a period; always a recount.

        422 `axis_unknown` where `by` names what counts cannot be split by.
        """
        asked = query.asked(unit.today)
        by = _axes(query.by, registers.rules.dimensions(unit))
        rows = await registers.counting.count(unit, asked, by, registers.records.visible(unit))
        return RegisterCounts(
            as_of=asked.as_of, period_from=asked.first, period_to=asked.last, standing=query.standing,
            items=[RegisterCount.model_validate(each) for each in rows],
        )  # fmt: skip

    @router.other(
        "GET", "/counted", action="read", operation_id=f"list_counted_{plural}",
        summary=f"计入的{title.zh} Records behind a count", response_model=Page[RegisterOut],
    )  # fmt: skip
    async def counted(query: Annotated[RegisterListQuery, Query()], unit: Read) -> Page[RegisterOut]:
        """List the records that a number of `counts` counts: the same filters, and which `measure`."""
        return await _page(registers, query, unit)


def _axes(by: str, dimensions: frozenset[str]) -> list[str]:
    axes = list(dict.fromkeys(_listed(by)))
    unknown = [name for name in axes if name not in (*COLUMNS, ZONE) and name not in dimensions]
    if unknown:
        allowed = "、".join((*COLUMNS, ZONE, *sorted(dimensions)))
        raise invalid("#query/by", "axis_unknown", f"by 只能是：{allowed}。",
                      f"`by` takes {', '.join((*COLUMNS, ZONE, *sorted(dimensions)))}.")  # fmt: skip
    return axes


async def _page(registers: "Registers", query: RegisterListQuery, unit: ReadUnit) -> Page[RegisterOut]:
    asked, table = query.asked(unit.today), registers.table
    conditions: list[Any] = [
        *registers.counting.conditions(asked),
        registers.counting.measured(query.measure, asked),
        registers.records.visible(unit),
    ]
    binding = paging.binding_of(query.model_dump(exclude={"cursor", "limit"}, exclude_none=True))
    if query.cursor is not None:
        conditions.append(table.c.id > paging.decode(query.cursor, binding, table.c.id).value)
    statement = sa.select(*registers.records.columns).where(*conditions)
    rows = await unit.execute(statement.order_by(table.c.id).limit(query.limit + 1))
    found = [registers.records.row(row) for row in rows]
    items = found[: query.limit]
    more = len(found) > query.limit
    return Page[RegisterOut](
        items=[show(each, unit) for each in items],
        next_cursor=paging.Cursor(items[-1].id, items[-1].id).encode(binding) if more else None,
    )


def _writes(router: ResourceRouter[RegisterRecord, RegisterOut], registers: "Registers") -> None:
    @router.create(example=EXAMPLE)
    async def create(body: RegisterCreate, uow: Write) -> RegisterRecord:
        """Report a record of a kind that the city's pack declares.

        It counts when it is confirmed; a kind with `counts_with_report` is confirmed at once. 422 names every
        field that the kind does not allow (`personal_data` for texts with a person's numbers), 409
        `register_overlap` a record of the same thing on the same days.
        """
        return await registers.report(uow, body)

    @router.update(example={"fields": {}, "valid_from": "2024-03-02"})
    async def update(record_id: RecordId, body: RegisterPatch, uow: Write) -> RegisterRecord:
        """Change a record that waits for confirmation; `fields` are merged by key."""
        return await registers.update(uow, record_id, body)

    @router.verb("confirm", example={"document_no": "江科〔2024〕5号"})
    async def confirm(record_id: RecordId, body: RegisterConfirm, uow: Write) -> RegisterRecord:
        """Confirm: it counts on the days it holds. 422 `evidence_missing` names the evidence demanded."""
        return await registers.confirm(uow, record_id, body)

    @router.verb("refuse", example={"reason": "场地租赁合同已到期，佐证不成立。"})
    async def refuse(record_id: RecordId, body: RegisterRefuse, uow: Write) -> RegisterRecord:
        """Refuse what was reported; it never counts."""
        return await registers.refuse(uow, record_id, body.reason)

    @router.verb("end", example={"ended_on": "2024-06-30", "reason": "评估不合格，取消资格。"})
    async def end(record_id: RecordId, body: RegisterEnd, uow: Write) -> RegisterRecord:
        """End it: status lost, tenant left. `ended_on` is the last day on which it holds."""
        return await registers.end(uow, record_id, body)

    @router.verb("correct", example={"level": "province", "reason": "登记时级别录入有误。"})
    async def correct(record_id: RecordId, body: RegisterCorrect, uow: Write) -> RegisterRecord:
        """Correct what was recorded wrongly; answers the new record, which supersedes this one.

        The old one stays readable as `superseded` with its history and counts on no day.
        """
        return await registers.correct(uow, record_id, body)
