"""Jobs over HTTP: progress by asking or by server-sent events, cancel, the report of an import."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.tables import chunk, import_row
from kechuang.db.tables import job as jobs
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotFound
from kechuang.http.route import KitRoute, Operation, Read, Write, operation
from kechuang.http.schemas import Output
from kechuang.jobs import cancel_job
from kechuang.service import Service
from kechuang.spreadsheets import REPORT, write_csv, write_xlsx
from kechuang.text import Text, negotiate

_EVENTS_EVERY = 0.3
_LONGEST_STREAM = 3600

JobId = Annotated[str, Path(pattern=r"^[a-z]{2}_[0-9a-f-]{36}$", description="`<service>_<uuid>`")]


class JobOut(Output):
    """Long work: its state and how far it is."""

    id: str
    kind: str
    state: str = Field(description="running, succeeded, failed or cancelled")
    resource: str | None
    chunks: int
    done: int
    progress: float = Field(description="0 to 1")
    result: dict[str, Any] | None
    errors: list[str] = Field(description="Of chunks that failed for the last time")
    created_at: datetime
    finished_at: datetime | None


def _absent() -> NotFound:
    return NotFound(Text("未找到该任务。", "There is no such job for you."))


async def read_job(unit: ReadUnit | UnitOfWork, job_id: str) -> JobOut:
    held = unit.permissions.tokens(unit.actor, "jobs:read")
    statement = sa.select(jobs).where(jobs.c.id == job_id)
    row = (await unit.execute(statement)).first()
    if row is None or (held is not None and held.isdisjoint({*row.sight, f"self:{row.subject}"})):
        raise _absent()
    failed = sa.select(chunk.c.error).where(chunk.c.job == job_id, chunk.c.error.is_not(None)).limit(20)
    errors = [] if row.state == "succeeded" else list((await unit.execute(failed)).scalars())
    return JobOut(
        id=row.id, kind=row.kind, state=row.state, resource=row.resource, chunks=row.chunks, done=row.done,
        progress=row.done / row.chunks if row.chunks else 1.0, result=row.result, errors=errors,
        created_at=row.created_at, finished_at=row.finished_at,
    )  # fmt: skip


async def _stream(database: Database, actor: Actor, job_id: str) -> AsyncIterator[bytes]:
    """Send the job whenever it moved, until it ends; the id of an event is the count of done chunks."""
    last = None
    loop = asyncio.get_running_loop()
    until = loop.time() + _LONGEST_STREAM
    while loop.time() < until:
        async with database.reading(actor) as unit:
            job = await read_job(unit, job_id)
        body = orjson.dumps(job.model_dump(mode="json"))
        if body != last:
            last = body
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (job.done, job.state.encode(), body)
        if job.state != "running":
            return
        await asyncio.sleep(_EVENTS_EVERY)


def job_router(service: Service) -> APIRouter:
    """Give the routes; they exist where the permission table knows `jobs:read` and the service has jobs."""
    router = APIRouter(prefix="/jobs", tags=["任务 Jobs"], route_class=KitRoute)
    if not service.jobs:
        return router

    @operation(Operation("jobs:read"))
    async def get_job(job_id: JobId, unit: Read) -> JobOut:
        """Read a job's state and progress; only who started it sees it."""
        return await read_job(unit, job_id)

    @operation(Operation("jobs:read"))
    async def job_events(job_id: JobId, unit: Read, request: Request) -> Response:
        """Follow a job by server-sent events; ends with the job."""
        await read_job(unit, job_id)
        database = request.app.state.database
        return StreamingResponse(_stream(database, unit.actor, job_id), media_type="text/event-stream")

    @operation(Operation("jobs:cancel"))
    async def cancel(job_id: JobId, uow: Write) -> JobOut:
        """Stop a job: no further chunk begins; what is done stays done."""
        await read_job(uow, job_id)
        if not await cancel_job(uow, job_id):
            raise Conflict(Text("任务已结束。", "The job has ended."), code="job_ended")
        uow.audit("jobs:cancel", resource="jobs", record_id=job_id)
        return await read_job(uow, job_id)

    @operation(Operation("jobs:read"))
    async def report(
        job_id: JobId,
        unit: Read,
        request: Request,
        format: Annotated[Literal["csv", "xlsx"], Query()] = "csv",  # noqa: A002
    ) -> Response:
        """Every bad row of an import: line, column, code, reason; as CSV (with BOM) or XLSX."""
        await read_job(unit, job_id)
        language = negotiate(request.headers.get("accept-language"))
        rows = await unit.execute(
            sa.select(import_row.c.line, import_row.c.errors)
            .where(import_row.c.job == job_id, import_row.c.outcome == "refused")
            .order_by(import_row.c.line)
        )
        found = [
            {"line": row.line, "column": each["column"], "code": each["code"], "reason": each[language]}
            for row in rows
            for each in row.errors
        ]
        if format == "csv":
            return Response(b"".join(write_csv(REPORT, found)), media_type="text/csv; charset=utf-8")
        buffer = io.BytesIO()
        write_xlsx(buffer, REPORT, found)
        return Response(
            buffer.getvalue(),
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )

    add = router.add_api_route
    add("/{job_id}", get_job, methods=["GET"], operation_id="get_job", summary="读取任务 Read a job",
        response_model=JobOut)  # fmt: skip
    add("/{job_id}/events", job_events, methods=["GET"], operation_id="follow_job",
        summary="跟踪任务 Follow a job", response_class=StreamingResponse)  # fmt: skip
    add("/{job_id}/cancel", cancel, methods=["POST"], operation_id="cancel_job",
        summary="取消任务 Cancel a job", response_model=JobOut)  # fmt: skip
    add("/{job_id}/report", report, methods=["GET"], operation_id="get_job_report",
        summary="导入差错清单 Report of bad rows", response_class=Response)  # fmt: skip
    return router
