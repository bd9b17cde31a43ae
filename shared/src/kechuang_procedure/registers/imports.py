"""Lists of one kind of record, as CSV, XLSX or NDJSON: the columns follow from the kind.

`POST …/imports?city=&kind=` and `GET …/imports/template?city=&kind=`. Rows are confirmed at once when who
imports them may confirm the kind: lists name what was decided already. Otherwise they are reported.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict
from kechuang.http.imports import UPLOAD, Asked, Import, Mode, OnMatch, Outcome, template_of
from kechuang.http.jobs import JobOut
from kechuang.http.resource import ResourceRouter
from kechuang.http.route import Operation, Read, Write, operation
from kechuang.http.schemas import Line
from kechuang.http.uploads import uploaded
from kechuang.spreadsheets import Column
from kechuang.text import Text
from kechuang_procedure.registers import checks
from kechuang_procedure.registers.domain import RegisterKind
from kechuang_procedure.registers.schemas import RegisterCorrect, RegisterCreate

if TYPE_CHECKING:
    from kechuang_procedure.registers.feature import Registers

_FIELD = "fields."
_LEVELS = {
    "national": Text("国家级", "National"), "province": Text("省级", "Provincial"),
    "city": Text("市级", "Municipal"), "county": Text("县级", "County"),
    "township": Text("镇级", "Township"), "village": Text("村级", "Village"),
}  # fmt: skip
_CELLS: dict[str, Literal["text", "integer", "number", "boolean"]] = {
    "integer": "integer", "number": "number", "boolean": "boolean",
}  # fmt: skip


class RegisterRow(RegisterCreate):
    """One row of a list: a record, its `fields` as columns `fields.<name>`."""

    model_config = ConfigDict(extra="allow")
    kind: Line = Field(description="Code or Chinese name of the kind")

    def record(self) -> RegisterCreate:
        """The record that the row states."""
        stated = self.model_dump(by_alias=True, exclude_unset=True)
        fields = {name: value for name, value in stated.items() if name.startswith(_FIELD)}
        own = {name: value for name, value in stated.items() if name not in fields}
        named = {name.removeprefix(_FIELD): value for name, value in fields.items()}
        return RegisterCreate.model_validate(own | {"fields": own.get("fields", {}) | named})


def columns_of(kind: RegisterKind) -> tuple[Column, ...]:
    """The columns of a list of one kind."""
    found = [
        Column("kind", Text("类别", "Kind"), "choice", required=True, example=kind.name.zh,
               choices={kind.code: kind.name}),
        Column("title", Text("名称", "Title"), required=True, example=f"示例{kind.name.zh}"),
    ]  # fmt: skip
    if kind.hosted != "none":
        found.append(
            Column("organisation", Text("统一社会信用代码", "Credit code"), "code",
                   required=kind.hosted == "required", example="91440703MATE000L4P")
        )  # fmt: skip
    if kind.hosted != "required":
        found.append(Column("division", Text("县（市、区）", "Division"), "code", example="440703"))
    if kind.parent is not None:
        found.append(Column("parent", Text("所属记录编号", "Parent record"), required=True))
    if kind.levels:
        levels = {each: _LEVELS[each] for each in kind.levels}
        found.append(
            Column("level", Text("级别", "Level"), "choice", required=True,
                   example=_LEVELS[kind.levels[0]].zh, choices=levels)
        )  # fmt: skip
    if kind.chained != "none":
        found.append(Column("chain", Text("产业链代码", "Chain"), required=kind.chained == "required"))
    found += [
        Column("valid_from", Text("有效期起", "Valid from"), "date", required=True, example="2024-03-01"),
        Column("valid_to", Text("有效期止", "Valid to"), "date"),
        Column("document_no", Text("文号", "Document number"), example="江科〔2024〕5号"),
    ]
    return (*found, *(_column(kind, name, each) for name, each in kind.properties.items()))


def _column(kind: RegisterKind, name: str, schema: Any) -> Column:
    title = Text(str(schema.get("title", name)), str(schema.get("x-title-en", name)))
    required = name in kind.fields.get("required", ())
    if "enum" in schema:
        labels = schema.get("x-labels", {})
        choices = {
            each: Text(**labels[each]) if each in labels else Text(each, each) for each in schema["enum"]
        }
        return Column(_FIELD + name, title, "choice", required=required, choices=choices)
    if schema.get("format") == "date":
        return Column(_FIELD + name, title, "date", required=required)
    return Column(_FIELD + name, title, _CELLS.get(schema.get("type", ""), "text"), required=required)


def import_of(registers: "Registers") -> Import[RegisterRow]:
    """How rows are taken; the columns are those of the kind that a request names."""

    async def take(uow: UnitOfWork, body: RegisterRow, on_match: OnMatch) -> tuple[Outcome, str]:
        record = body.record()
        try:
            return "created", (await registers.report(uow, record, confirmed=registers.may_confirm(uow))).id
        except Conflict as known:
            if known.code != "register_overlap" or "existing" not in known.extra or on_match == "reject":
                raise
            existing = str(known.extra["existing"]["id"])
            if on_match == "skip":
                return "skipped", existing
        changes = record.model_dump(exclude_unset=True, exclude={"kind", "register_", "city", "division", "zones",
                                                                 "external_ids"})  # fmt: skip
        correction = RegisterCorrect(**changes, reason="名单导入更正 Corrected by an imported list")
        return "superseded", (await registers.correct(uow, existing, correction)).id

    return Import(registers.records, (), RegisterRow, take=take)


def add_import_routes(registers: "Registers", router: ResourceRouter[Any, Any]) -> None:
    """Register `POST …/imports` and `GET …/imports/template`, both for one kind of one city."""
    resource = registers.RESOURCE
    plural = resource.name.replace("-", "_")

    def columns(unit: ReadUnit | UnitOfWork, city: str, kind: str) -> tuple[Column, ...]:
        return columns_of(checks.known(registers.rules.kinds(unit, city, unit.today), kind))

    @operation(Operation(f"{resource.name}:import", needs_key=True, spools=True))
    async def start_import(
        request: Request,
        uow: Write,
        city: Annotated[str, Query(description="Area id of the city whose pack declares the kind")],
        kind: Annotated[str, Query(description="Code of the kind")],
        mode: Annotated[Mode, Query(description="`partial` takes the good rows")] = "partial",
        on_match: Annotated[
            OnMatch,
            Query(description="When the same thing is recorded on those days; `supersede` corrects it"),
        ] = "reject",
    ) -> JobOut:
        """Import a list of one kind (raw CSV, XLSX or NDJSON body); answers a job to follow."""
        # The workers read staged rows only: the columns matter here alone.
        one = replace(registers.IMPORT, columns=columns(uow, city, kind))
        return await one.start(uow, *uploaded(request), Asked(on_match, mode))

    @operation(Operation(f"{resource.name}:import"))
    async def template(
        unit: Read,
        city: Annotated[str, Query(description="Area id of a city")],
        kind: Annotated[str, Query(description="Code of the kind")],
        format: Annotated[Literal["csv", "xlsx"], Query()] = "xlsx",  # noqa: A002  the parameter's name
    ) -> Response:
        """An empty table of one kind with the headings and examples."""
        return template_of(columns(unit, city, kind), format)

    router.add_api_route(
        "/imports", start_import, methods=["POST"], operation_id=f"import_{plural}", status_code=202,
        summary=f"批量导入{resource.title.zh} Import", response_model=JobOut,
        openapi_extra=UPLOAD,
    )  # fmt: skip
    router.add_api_route(
        "/imports/template", template, methods=["GET"], operation_id=f"get_{plural}_import_template",
        summary=f"{resource.title.zh}导入模板 Template", response_class=Response,
    )  # fmt: skip
