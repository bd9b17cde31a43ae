"""Lists of filings (批量填报): the columns follow from a form. Natural key: organisation, form, period.

`POST /filings/imports?city=&form=` and `GET /filings/imports/template?city=&form=`. Rows arrive as submitted, for
the county to verify; with `accepted=true` as verified, where an officer who may `receive` brings figures that
another authority has accepted. NDJSON rows name the same columns, or carry `facts` and `rd_projects` whole.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field, model_validator

from enterprise_registry.filings.import_set import take_all
from enterprise_registry.filings.periods import PERIODS
from enterprise_registry.filings.schemas import FilingProject
from enterprise_registry.filings.store import filings
from enterprise_registry.policy.library import library
from kechuang.codes import Uscc
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import NotPermitted, invalid
from kechuang.http.imports import UPLOAD, Asked, Import, Mode, OnMatch, template_of
from kechuang.http.jobs import JobOut
from kechuang.http.resource import ResourceRouter
from kechuang.http.route import Operation, Read, Write, operation
from kechuang.http.schemas import Line
from kechuang.http.uploads import uploaded
from kechuang.http.view import Offer
from kechuang.spreadsheets import Column
from kechuang.spreadsheets.columns import Kind
from kechuang.text import Text
from kechuang_packs.models.content import FormDefinition

_FACT = "facts."
_NDJSON = "application/x-ndjson"
_WHOLE = (Column("facts", Text("指标", "Facts")), Column("rd_projects", Text("研发项目", "R&D projects")))
_CELLS: Mapping[str, Kind] = {"integer": "integer", "number": "number", "boolean": "boolean"}
_City = Annotated[str, Query(description="Area id of the city whose pack has the form", examples=["440700"])]
_Form = Annotated[
    str, Query(description="Code of a form with purpose `filing`", examples=["enterprise_annual"])
]


class FilingRow(BaseModel):
    """One row of a list: a filing of the form that the import names, its facts as columns `facts.<name>`."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}
    organisation: Uscc
    period: Line
    facts: dict[str, Any] = Field(default_factory=dict)
    rd_projects: list[FilingProject] = Field(default_factory=list, max_length=500)

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, row: dict[str, Any]) -> dict[str, Any]:
        named = {name: value for name, value in row.items() if name.startswith(_FACT)}
        if not named:
            return row
        whole = {name: value for name, value in row.items() if name not in named}
        facts = {name.removeprefix(_FACT): value for name, value in named.items()}
        return whole | {"facts": {**whole.get("facts", {}), **facts}}


IMPORT: Import[FilingRow] = Import(filings, (), FilingRow, take_all=take_all)


def columns_of(form: FormDefinition) -> tuple[Column, ...]:
    """The columns of a list of one form's filings."""
    required = form.fields.get("required", ())
    period = PERIODS[form.period]
    return (
        Column("organisation", Text("统一社会信用代码", "Credit code"), "code", required=True,
               example="91440703MATE000L4P"),
        Column("period", Text("期别", "Period"), "code", required=True, example=period),
        *(_column(name, each, required=name in required)
          for name, each in form.fields.get("properties", {}).items()),
    )  # fmt: skip


def _column(name: str, schema: Mapping[str, Any], *, required: bool) -> Column:
    title = Text(str(schema.get("title", name)), str(schema.get("x-title-en", name)))
    if "enum" in schema:
        labels = schema.get("x-labels", {})
        choices = {
            str(each): Text(**labels[each]) if each in labels else Text(str(each), str(each))
            for each in schema["enum"]
        }
        return Column(_FACT + name, title, "choice", required=required, choices=choices)
    kind = _CELLS.get(str(schema.get("type")), "text")
    if schema.get("format") == "date":
        kind = "date"
    elif schema.get("x-unit") == "元":
        kind = "money"
    return Column(_FACT + name, title, kind, required=required)


def _of_json(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The fields of an NDJSON row: facts one by one or whole, so that what is missing shows when the form is judged."""
    loose = (replace(each, required=each.required and not each.name.startswith(_FACT)) for each in columns)
    return (*loose, *_WHOLE)


def _form(unit: ReadUnit | UnitOfWork, city: str, code: str) -> FormDefinition:
    shelf = library(unit)
    form = shelf.form(shelf.require_city_pack(city, unit.today), code)
    if form.purpose != "filing" or form.period == "none":
        raise invalid("/form", "not_a_filing", "该表单不用于定期填报。", "The form is no periodical filing.")
    return form


def add_import_routes(router: ResourceRouter[Any, Any]) -> None:
    """Register `POST …/imports` and `GET …/imports/template`, both for one form of one city."""
    router.view.offers.append(Offer("import", Text("批量导入", "Import"), "filings:import", "import_filings"))

    @operation(Operation("filings:import", needs_key=True, spools=True))
    async def start_import(
        request: Request,
        uow: Write,
        city: _City,
        form: _Form,
        mode: Annotated[Mode, Query(description="`partial` takes the good rows")] = "partial",
        on_match: Annotated[
            OnMatch,
            Query(description="When the period is filed already; `supersede` corrects what was verified"),
        ] = "reject",
        accepted: Annotated[
            bool, Query(description="Another authority has accepted the figures: they arrive verified")
        ] = False,
    ) -> JobOut:
        """Import filings of one form (raw CSV, XLSX or NDJSON body); answers a job to follow.

        422 `table_heading` names every heading that is wrong or missing, 403 where `accepted` is not for the caller's
        role. In the report: `organisation_unknown` (also for one outside the caller's areas), `form_invalid`'s fields,
        `already_filed`, `filing_in_hand`, `correction_pending`.
        """
        if accepted and not uow.permissions.may_ever(uow.actor, "filings:receive"):
            raise NotPermitted(
                Text("您的角色不能导入已核实的填报。", "Your role may not bring in verified filings."),
                extra={"action": "filings:receive"},
            )
        content, media = uploaded(request)
        columns = columns_of(_form(uow, city, form))
        # The workers read staged rows only: the columns matter here alone.
        one = replace(IMPORT, columns=_of_json(columns) if media.startswith(_NDJSON) else columns)
        asked = Asked(on_match, mode, {"form": form, "accepted": accepted})
        return await one.start(uow, content, media, asked)

    @operation(Operation("filings:import"))
    async def template(
        unit: Read, city: _City, form: _Form,
        format: Annotated[Literal["csv", "xlsx"], Query()] = "xlsx",  # noqa: A002  the parameter's name
    ) -> Response:  # fmt: skip
        """An empty table of one form with the headings and examples."""
        return template_of(columns_of(_form(unit, city, form)), format)

    router.add_api_route(
        "/imports", start_import, methods=["POST"], operation_id="import_filings", status_code=202,
        summary="批量导入填报 Import", response_model=JobOut, openapi_extra=UPLOAD,
    )  # fmt: skip
    router.add_api_route(
        "/imports/template", template, methods=["GET"], operation_id="get_filings_import_template",
        summary="填报导入模板 Template", response_class=Response,
    )  # fmt: skip
