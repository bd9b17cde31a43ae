"""A whole list as one file: `GET /<resource>/export?format=csv|xlsx|ndjson`, with the list's filters and sight.

Rows come through a server-side cursor, are made into what the API itself would show (so what is masked there is
masked here), and go to a temporary file that has no name; only a whole file is sent. Who took what is in the
audit log before the first byte leaves: format, rows, filters and the file's SHA-256
(docs/decisions/0032-exports.md).
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import IO, Annotated, Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from kechuang.access import Actor
from kechuang.db.unit import Cause, ReadUnit
from kechuang.errors import TooLarge, Unavailable
from kechuang.http.export_columns import columns_of, row_of
from kechuang.http.listing import asked, conditions_model, ordered, sort_field
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.view import Endpoint, Offer, View
from kechuang.service import Service
from kechuang.spreadsheets import write_csv, write_xlsx
from kechuang.text import Language, Text, negotiate

Format = Literal["csv", "xlsx", "ndjson"]
MEDIA: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
}
BATCH = 200
AT_ONCE = 2  # in one process: an export holds a connection of the read pool while its file is written
PATIENCE_SECONDS = 15
SHEET_ROWS = 1_048_575  # of Excel, without the heading
_PIECE = 256 * 1024


def export_router(service: Service) -> APIRouter:
    """Give the exports of one service: of each resource that has an `export` row in the permission table."""
    from kechuang.http.resource import ResourceRouter

    router = APIRouter(route_class=KitRoute)
    slots = asyncio.Semaphore(AT_ONCE)
    for each in service.routers:
        if isinstance(each, ResourceRouter) and service.permissions.knows(each.resource.action("export")):
            _add(router, each.view, service, slots)
    return router


def _add(router: APIRouter, view: View[Any, Any], service: Service, slots: asyncio.Semaphore) -> None:
    resource = view.resource
    action, operation_id = resource.action("export"), f"export_{view.plural}"
    if all(each.name != "export" for each in view.offers):
        view.offers.append(Offer("export", Text("导出", "Export"), action, operation_id))
    binary = {"schema": {"type": "string", "format": "binary"}}
    router.add_api_route(
        f"/{resource.name}/export", operation(Operation(action))(_endpoint(view, service, slots)),
        methods=["GET"], operation_id=operation_id, summary=f"导出{resource.title.zh} Export",
        tags=[f"{resource.title.zh} {resource.title.en}"], response_class=StreamingResponse,
        responses={200: {"content": {media.partition(";")[0]: binary for media in MEDIA.values()}}},
    )  # fmt: skip


def _endpoint(view: View[Any, Any], service: Service, slots: asyncio.Semaphore) -> Endpoint:
    model = conditions_model(
        view, "ExportQuery", sort=sort_field(view.resource),
        format=(Format, Field(default="csv", description="CSV has a BOM, so that Excel reads it")),
    )  # fmt: skip

    async def export(query: Annotated[Any, Query()], unit: Read, request: Request) -> StreamingResponse:
        language = negotiate(request.headers.get("accept-language"))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await slots.acquire()
        except TimeoutError:
            says = Text("正在导出的人较多，请稍后重试。", "Others are exporting just now; retry.")
            raise Unavailable(says, code="export_busy", retry_after=PATIENCE_SECONDS) from None
        try:
            file = tempfile.TemporaryFile()  # noqa: SIM115  closed when it is sent, or below
            try:
                rows = await _fill(file, view, unit, query, service.words, language)
                size, digest = await asyncio.to_thread(_measure, file)
                cause = Cause(
                    request.scope.get("kechuang.request_id"), request.scope.get("kechuang.traceparent")
                )
                async with unit.database.unit(unit.actor, cause=cause) as uow:
                    said = f"{query.format}, {rows} rows, {asked(query, hidden={'q': '***'})}"
                    uow.audit(
                        view.resource.action("export"),
                        resource=view.resource.name,
                        reason=said,
                        digest=digest,
                    )
            except BaseException:
                file.close()
                raise
        finally:
            slots.release()
        name = f"{view.resource.title.zh}-{unit.today.isoformat()}.{query.format}"
        return StreamingResponse(
            _pieces(file),
            media_type=MEDIA[query.format],
            headers={
                "Content-Length": str(size),
                "Content-Disposition": f"attachment; filename=\"{view.resource.name}.{query.format}\"; filename*=UTF-8''{quote(name)}",
                "Cache-Control": "no-store",
                "X-Rows": str(rows),
                "Digest": f"sha-256={digest}",
            },
            background=BackgroundTask(file.close),
        )

    export.__annotations__["query"] = Annotated[model, Query()]
    export.__doc__ = (
        "Take the list with its filters as one file; `X-Rows` says how many rows it has. CSV and XLSX have "
        "headings in the language of `Accept-Language`, NDJSON has the records as the API shows them. The act is "
        "audited. 503 `export_busy` when too many are exporting; 413 `too_many_rows` beyond what a sheet holds."
    )
    return export


async def _fill(
    file: IO[bytes],
    view: View[Any, Any],
    unit: ReadUnit,
    query: Any,
    words: Mapping[str, Text],
    language: Language,
) -> int:
    """Write all rows; the database is read here, records are shown and written in a thread that asks for them."""
    statement, _, _ = ordered(view, unit, query)
    held = unit.permissions.tokens(unit.actor, view.resource.action("export"))
    if held is not None:
        statement = statement.where(view.records.visible(unit, "export"))
    loop = asyncio.get_running_loop()
    async with unit.database.read.connect() as conn:
        await conn.execute(sa.text("BEGIN READ ONLY"))  # a cursor lives in a transaction
        try:
            result = await conn.stream(statement, execution_options={"yield_per": BATCH})
            batches = result.partitions(BATCH)

            def shown() -> Iterator[Any]:
                while batch := asyncio.run_coroutine_threadsafe(_next(batches), loop).result():
                    for row in batch:
                        yield view.show(view.records.row(row), unit)

            return await asyncio.to_thread(
                _write, file, view, shown(), query.format, words, language, unit.actor
            )
        finally:
            await conn.execute(sa.text("ROLLBACK"))


async def _next(batches: AsyncIterator[Any]) -> Any:
    return await anext(batches, None)


def _write(
    file: IO[bytes],
    view: View[Any, Any],
    records: Iterator[Any],
    form: Format,
    words: Mapping[str, Text],
    language: Language,
    actor: Actor,
) -> int:
    counted = 0

    def rows() -> Iterator[Mapping[str, Any]]:
        nonlocal counted
        for record in records:
            counted += 1
            if form == "xlsx" and counted > SHEET_ROWS:
                says = Text(
                    "超过一张表的行数，请缩小筛选范围或改用 CSV。",
                    "More than a sheet holds: filter, or take CSV.",
                )
                raise TooLarge(says, code="too_many_rows")
            yield row_of(record)

    if form == "ndjson":
        for record in records:
            counted += 1
            file.write(record.model_dump_json().encode())
            file.write(b"\n")
        return counted
    columns = columns_of(view, words)
    if form == "csv":
        for chunk in write_csv(columns, rows(), language):
            file.write(chunk)
    else:
        title = view.resource.title.in_(language)
        write_xlsx(file, columns, rows(), sheet=title, language=language, watermark=actor.subject)  # type: ignore[arg-type]
    return counted


def _measure(file: IO[bytes]) -> tuple[int, str]:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    size = file.tell()
    file.seek(0)
    return size, digest


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece
