"""Bulk import: a table of rows becomes a job; every bad row is reported with line, column and reason.

    IMPORT = Import(organisations, ORGANISATION_COLUMNS, OrganisationCreate, take=take_organisation)
    IMPORT.add_routes(router)                       POST …/imports, GET …/imports/template
    Service(jobs={IMPORT.kind: IMPORT.job}, …)

The upload is parsed and staged in the request's own transaction, so that an accepted file is never lost;
the job's chunks then take rows from the staging table. With `mode=all_or_nothing` there is one chunk, and
one bad row leaves nothing.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

import orjson
import sqlalchemy as sa
from fastapi import Query, Request, Response
from pydantic import BaseModel, ValidationError

from kechuang.access import own
from kechuang.db.tables import import_row
from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Refusal, UnsupportedMedia
from kechuang.http.jobs import JobOut, read_job
from kechuang.http.problems import field_errors
from kechuang.http.resource import ResourceRouter
from kechuang.http.route import Operation, Write, operation
from kechuang.http.view import Offer
from kechuang.jobs import Chunk, Job, JobKind, start_job
from kechuang.records import Records
from kechuang.spreadsheets import Column, Row, csv_template, read_table, xlsx_template
from kechuang.text import Text

OnMatch = Literal["reject", "supersede", "skip"]
Mode = Literal["partial", "all_or_nothing"]
Outcome = Literal["created", "superseded", "skipped"]
Body = TypeVar("Body", bound=BaseModel)
Take = Callable[[UnitOfWork, Body, OnMatch], Awaitable[tuple[Outcome, str]]]

CHUNK_ROWS = 200
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS: Mapping[str, Literal["csv", "xlsx", "ndjson"]] = {
    "text/csv": "csv",
    _XLSX: "xlsx",
    "application/x-ndjson": "ndjson",
}


class _Abandoned(Exception):  # noqa: N818  carries nothing out of the savepoint but the wish to roll back
    pass


def _reason(pointer: str, code: str, reason: Text) -> dict[str, str]:
    return {"column": pointer.lstrip("/"), "code": code, "zh": reason.zh, "en": reason.en}


def _of_fields(errors: Sequence[FieldError]) -> list[dict[str, str]]:
    return [_reason(each.pointer, each.code, each.detail) for each in errors]


@dataclass(frozen=True)
class Import(Generic[Body]):
    """How one resource is imported. `take` creates (or supersedes, or skips) one record."""

    records: Records[Any]
    columns: Sequence[Column]
    schema: type[Body]
    take: Take[Body]

    @property
    def kind(self) -> str:
        """Name of the job's kind."""
        return f"import:{self.records.resource.name}"

    @property
    def job(self) -> JobKind:
        """What the worker runs."""
        return JobKind(run_chunk=self._run, finish=self._finish)

    # -- the request ---------------------------------------------------------------------------

    async def _stage(self, uow: UnitOfWork, content: bytes, media: str, on_match: OnMatch, mode: Mode) -> str:
        form = _FORMATS.get(media)
        if form is None:
            raise UnsupportedMedia(
                Text("请上传 CSV、XLSX 或 NDJSON 文件。", "Send CSV, XLSX or NDJSON."),
                extra={"accepted": sorted(_FORMATS)},
            )
        # Parsing is work of the processor: it must not stop the event loop.
        rows = await asyncio.to_thread(lambda: list(read_table(io.BytesIO(content), form, self.columns)))
        size = max(1, len(rows)) if mode == "all_or_nothing" else CHUNK_ROWS
        plan = [
            {"first": start, "last": min(start + size, len(rows)) - 1} for start in range(0, len(rows), size)
        ]
        resource = self.records.resource.name
        job = await start_job(
            uow, self.kind, chunks=plan, resource=resource, sight=own(uow.actor.subject),
            input={"on_match": on_match, "mode": mode, "rows": len(rows)},
        )  # fmt: skip
        await uow.copy(import_row, [self._staged(job, number, row) for number, row in enumerate(rows)])
        uow.audit(f"{resource}:import", resource=resource, record_id=job)
        return job

    @staticmethod
    def _staged(job: str, number: int, row: Row) -> dict[str, Any]:
        errors = [_reason(each.column, each.code, each.reason) for each in row.errors]
        return {
            "job": job, "number": number, "line": row.line, "cells": orjson.dumps(row.values).decode(),
            "errors": orjson.dumps(errors).decode(), "outcome": "refused" if errors else None,
        }  # fmt: skip

    # -- the worker ----------------------------------------------------------------------------

    async def _run(self, uow: UnitOfWork, job: Job, chunk: Chunk) -> Mapping[str, Any] | None:
        first, last = chunk.args["first"], chunk.args["last"]
        found = await uow.execute(
            sa.select(import_row)
            .where(import_row.c.job == job.id, import_row.c.number.between(first, last))
            .order_by(import_row.c.number)
        )
        rows = list(found)
        whole = job.input["mode"] == "all_or_nothing"
        results: list[dict[str, Any]] = []
        try:
            async with uow.attempt():
                results = [await self._one(uow, row, job.input["on_match"]) for row in rows]
                if whole and any(each["outcome"] == "refused" for each in results):
                    raise _Abandoned  # noqa: TRY301  leaves the savepoint
        except _Abandoned:
            results = [
                each if each["outcome"] == "refused" else {**each, "outcome": None, "record_id": None}
                for each in results
            ]
        for each in results:
            await uow.execute(
                sa.update(import_row)
                .where(import_row.c.job == job.id, import_row.c.number == each.pop("number"))
                .values(each)
            )
        return None

    async def _one(self, uow: UnitOfWork, row: Any, on_match: OnMatch) -> dict[str, Any]:
        result = {"number": row.number, "errors": row.errors, "outcome": "refused", "record_id": None}
        if row.errors:
            return result
        try:
            body = self.schema.model_validate({k: v for k, v in row.cells.items() if v is not None})
            async with uow.attempt():
                result["outcome"], result["record_id"] = await self.take(uow, body, on_match)
        except ValidationError as error:
            result["errors"] = _of_fields(
                field_errors([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
            )
        except Refusal as refusal:
            result["errors"] = _of_fields(refusal.errors) or [_reason("", refusal.code, refusal.detail)]
        return result

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

        @operation(Operation(f"{resource.name}:import", needs_key=True))
        async def start_import(
            request: Request,
            uow: Write,
            mode: Annotated[Mode, Query(description="`partial` takes the good rows")] = "partial",
            on_match: Annotated[
                OnMatch, Query(description="When the natural key is already there")
            ] = "reject",
        ) -> JobOut:
            """Import a table (raw CSV, XLSX or NDJSON body); answers a job to follow."""
            media = request.headers.get("content-type", "").split(";")[0].strip()
            job = await self._stage(uow, await request.body(), media, on_match, mode)
            return await read_job(uow, job)

        @operation(Operation(f"{resource.name}:import"))
        async def template(format: Annotated[Literal["csv", "xlsx"], Query()] = "xlsx") -> Response:  # noqa: A002
            """An empty table with the headings, kinds and examples."""
            if format == "csv":
                return Response(csv_template(self.columns), media_type="text/csv; charset=utf-8")
            buffer = io.BytesIO()
            xlsx_template(buffer, self.columns)
            return Response(buffer.getvalue(), media_type=_XLSX)

        body = {media: {"schema": {"type": "string", "format": "binary"}} for media in _FORMATS}
        router.add_api_route(
            "/imports", start_import, methods=["POST"], operation_id=f"import_{plural}", status_code=202,
            summary=f"批量导入{resource.title.zh} Import", response_model=JobOut,
            openapi_extra={"requestBody": {"required": True, "content": body}},
        )  # fmt: skip
        router.add_api_route(
            "/imports/template", template, methods=["GET"], operation_id=f"get_{plural}_import_template",
            summary=f"{resource.title.zh}导入模板 Template", response_class=Response,
        )  # fmt: skip
