"""Bulk import: a table of rows becomes a job; every bad row is reported with line, column and reason.

    IMPORT = Import(organisations, ORGANISATION_COLUMNS, OrganisationCreate, take=take_organisation)
    IMPORT.add_routes(router)                       POST …/imports, GET …/imports/template
    Service(jobs={IMPORT.kind: IMPORT.job}, …)

The upload is parsed and staged in the request's own transaction, so that an accepted file is never lost;
the job's chunks then take rows from the staging table: each chunk is one transaction, so a worker that is killed
leaves nothing half done and nothing twice. Rows are taken one by one (`take`), or, where lists are long, a whole
chunk by set (`take_all`). With `mode=all_or_nothing` there is one chunk, and one bad row leaves nothing.
"""

import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Final, Generic, Literal, TypeVar

import sqlalchemy as sa
from fastapi import Query, Request, Response
from pydantic import BaseModel, ValidationError

from kechuang.access import own
from kechuang.db.tables import import_row
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Invalid, Refusal, UnsupportedMedia
from kechuang.http.import_rows import answer, reasons_of, reasons_of_refusal, stage, staged
from kechuang.http.jobs import JobOut, read_job
from kechuang.http.problems import field_errors
from kechuang.http.resource import ResourceRouter
from kechuang.http.route import Operation, Write, operation
from kechuang.http.uploads import uploaded
from kechuang.http.view import Offer
from kechuang.jobs import Chunk, Job, JobKind, plan_chunks, start_job
from kechuang.records import Records
from kechuang.spreadsheets import Column, csv_template, xlsx_template
from kechuang.text import Text

OnMatch = Literal["reject", "supersede", "skip"]
Mode = Literal["partial", "all_or_nothing"]
Outcome = Literal["created", "superseded", "skipped"]
Body = TypeVar("Body", bound=BaseModel)

CHUNK_ROWS = 200
SET_ROWS = 1_000
"""Rows of a chunk that is taken by set."""
MOST_AT_ONCE = 5_000
"""Rows that `all_or_nothing` takes: they are one transaction, whose locks and memory are finite."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS: Mapping[str, Literal["csv", "xlsx", "ndjson"]] = {
    "text/csv": "csv",
    _XLSX: "xlsx",
    "application/x-ndjson": "ndjson",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be taken; `options` are the resource's own, JSON-ready."""

    on_match: OnMatch = "reject"
    mode: Mode = "partial"
    options: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a row that was good."""

    outcome: Outcome
    record_id: str


UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _FORMATS},
    }
}
"""What a route that takes a table says in the specification."""


def template_of(columns: Sequence[Column], form: Literal["csv", "xlsx"]) -> Response:
    """Answer an empty table with headings, kinds and examples."""
    if form == "csv":
        return Response(csv_template(columns), media_type="text/csv; charset=utf-8")
    buffer = io.BytesIO()
    xlsx_template(buffer, columns)
    return Response(buffer.getvalue(), media_type=_XLSX)


Take = Callable[[UnitOfWork, Body, OnMatch], Awaitable[tuple[Outcome, str]]]
TakeAll = Callable[[UnitOfWork, Sequence[Body], Asked], Awaitable[Sequence[Taken | Refusal]]]


class _Abandoned(Exception):  # noqa: N818  carries nothing out of the savepoint but the wish to roll back
    pass


@dataclass(frozen=True)
class Import(Generic[Body]):
    """How one resource is imported.

    `take` creates (or supersedes, or skips) one record, or raises a refusal. `take_all` does so for the good rows of a
    chunk and gives one answer a row, in their order; what it refuses it has left nothing of.
    """

    records: Records[Any]
    columns: Sequence[Column]
    schema: type[Body]
    take: Take[Body] | None = None
    take_all: TakeAll[Body] | None = None

    def __post_init__(self) -> None:
        if (self.take is None) == (self.take_all is None):
            raise ValueError(f"{self.records.resource.name}: either `take` or `take_all`")

    @property
    def kind(self) -> str:
        """Name of the job's kind."""
        return f"import:{self.records.resource.name}"

    @property
    def job(self) -> JobKind:
        """What the worker runs."""
        return JobKind(run_chunk=self._run, finish=self._finish)

    # -- the request ---------------------------------------------------------------------------

    async def start(self, uow: UnitOfWork, content: BinaryIO, media: str, asked: Asked) -> JobOut:
        """Stage a file and plan its job. `content` is seekable; `media` is its content type."""
        form = _FORMATS.get(media.split(";", maxsplit=1)[0].strip())
        if form is None:
            raise UnsupportedMedia(
                Text("请上传 CSV、XLSX 或 NDJSON 文件。", "Send CSV, XLSX or NDJSON."),
                extra={"accepted": sorted(_FORMATS)},
            )
        resource = self.records.resource.name
        told = {"on_match": asked.on_match, "mode": asked.mode, "options": dict(asked.options or {})}
        job = await start_job(
            uow, self.kind, chunks=(), resource=resource, sight=own(uow.actor.subject), input=told
        )
        rows = await stage(uow, job, content, form, self.columns)
        size = self._chunk_rows(asked, rows)
        plan = [{"first": start, "last": min(start + size, rows) - 1} for start in range(0, rows, size)]
        await plan_chunks(uow, job, plan, {**told, "rows": rows})
        uow.audit(f"{resource}:import", resource=resource, record_id=job)
        return await read_job(uow, job)

    def _chunk_rows(self, asked: Asked, rows: int) -> int:
        if asked.mode == "partial":
            return CHUNK_ROWS if self.take_all is None else SET_ROWS
        if rows > MOST_AT_ONCE:
            raise Invalid(
                Text(f"整体导入（all_or_nothing）一次最多 {MOST_AT_ONCE} 行；请改用 partial 或分批导入。",
                     f"all_or_nothing takes {MOST_AT_ONCE} rows at most: use partial, or import in parts."),
                code="too_many_rows_at_once",
            )  # fmt: skip
        return max(1, rows)

    # -- the worker ----------------------------------------------------------------------------

    async def _run(self, uow: UnitOfWork, job: Job, chunk: Chunk) -> Mapping[str, Any] | None:
        asked = Asked(job.input["on_match"], job.input["mode"], job.input["options"])
        rows = await staged(uow, job.id, chunk.args["first"], chunk.args["last"])
        results: list[dict[str, Any]] = []
        try:
            async with uow.attempt():
                results = await self._taken(uow, rows, asked)
                if asked.mode == "all_or_nothing" and any(each["outcome"] == "refused" for each in results):
                    raise _Abandoned  # noqa: TRY301  leaves the savepoint
        except _Abandoned:
            results = [
                each if each["outcome"] == "refused" else {**each, "outcome": None, "record_id": None}
                for each in results
            ]
        await answer(uow, job.id, results)
        return None

    async def _taken(self, uow: UnitOfWork, rows: Sequence[Any], asked: Asked) -> list[dict[str, Any]]:
        """Give what became of each row, in the rows' order."""
        results = [
            {"number": row.number, "errors": row.errors, "outcome": "refused", "record_id": None}
            for row in rows
        ]
        good: list[tuple[dict[str, Any], Body]] = []
        for row, result in zip(rows, results, strict=True):
            if not row.errors:
                body = self._read(row.cells, result)
                if body is not None:
                    good.append((result, body))
        bodies = [body for _, body in good]
        answers = await (self._each(uow, bodies, asked) if self.take_all is None else
                         self.take_all(uow, bodies, asked))  # fmt: skip
        for (result, _), each in zip(good, answers, strict=True):
            if isinstance(each, Taken):
                result["outcome"], result["record_id"] = each.outcome, each.record_id
            else:
                result["errors"] = reasons_of_refusal(each)
        return results

    def _read(self, cells: Mapping[str, Any], result: dict[str, Any]) -> Body | None:
        """Give the row as the API's body, or note in the result what is wrong with it."""
        try:
            return self.schema.model_validate({k: v for k, v in cells.items() if v is not None})
        except ValidationError as error:
            found = field_errors([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
            result["errors"] = reasons_of(found)
            return None

    async def _each(self, uow: UnitOfWork, bodies: Sequence[Body], asked: Asked) -> list[Taken | Refusal]:
        assert self.take is not None
        found: list[Taken | Refusal] = []
        for body in bodies:
            try:
                async with uow.attempt():
                    found.append(Taken(*await self.take(uow, body, asked.on_match)))
            except Refusal as refusal:
                found.append(refusal)
        return found

    async def _finish(self, uow: UnitOfWork, job: Job) -> Mapping[str, Any]:
        counted = await uow.execute(
            sa.select(import_row.c.outcome, sa.func.count().label("rows"))
            .where(import_row.c.job == job.id)
            .group_by(import_row.c.outcome)
        )
        counts = {row.outcome or "not_taken": row.rows for row in counted}
        return {"rows": job.input["rows"], **counts}

    # -- the HTTP edge -------------------------------------------------------------------------

    def add_routes(self, router: ResourceRouter[Any, Any]) -> None:
        """Register `POST …/imports` and `GET …/imports/template`; before the router's `{id}` routes match."""
        resource = self.records.resource
        plural = resource.name.replace("-", "_")
        router.view.offers.append(
            Offer("import", Text("批量导入", "Import"), resource.action("import"), f"import_{plural}")
        )

        @operation(Operation(f"{resource.name}:import", needs_key=True, spools=True))
        async def start_import(
            request: Request,
            uow: Write,
            mode: Annotated[Mode, Query(description="`partial` takes the good rows")] = "partial",
            on_match: Annotated[
                OnMatch, Query(description="When the natural key is already there")
            ] = "reject",
        ) -> JobOut:
            """Import a table (raw CSV, XLSX or NDJSON body); answers a job to follow."""
            return await self.start(uow, *uploaded(request), Asked(on_match, mode))

        @operation(Operation(f"{resource.name}:import"))
        async def template(format: Annotated[Literal["csv", "xlsx"], Query()] = "xlsx") -> Response:  # noqa: A002
            """An empty table with the headings, kinds and examples."""
            return template_of(self.columns, format)

        router.add_api_route(
            "/imports", start_import, methods=["POST"], operation_id=f"import_{plural}", status_code=202,
            summary=f"批量导入{resource.title.zh} Import", response_model=JobOut,
            openapi_extra=UPLOAD,
        )  # fmt: skip
        router.add_api_route(
            "/imports/template", template, methods=["GET"], operation_id=f"get_{plural}_import_template",
            summary=f"{resource.title.zh}导入模板 Template", response_class=Response,
        )  # fmt: skip
