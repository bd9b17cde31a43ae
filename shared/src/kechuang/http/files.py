"""Files over HTTP: a raw stream in, ranges out; who may see the record may see the file.

    POST /files?for=<resource>    → id and SHA-256; quarantined until scanned
    GET  /files/{id}              → what it is
    GET  /files/{id}/content      → the bytes, with ranges

A file is attached by a use case (`attach`); until then its uploader alone sees it.
"""

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from kechuang.db.tables import file as files
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotFound, invalid
from kechuang.files import MEDIA, FileStore, NoScanner, after_scan, check_media, object_key, parse_range
from kechuang.http.route import KitRoute, Operation, Read, Write, operation
from kechuang.http.schemas import Output
from kechuang.ids import new_id
from kechuang.records import Records
from kechuang.service import Service
from kechuang.text import Text

LIMIT = 16 * 1024 * 1024
FileId = Annotated[str, Path(pattern=r"^[a-z]{2}_[0-9a-f-]{36}$", description="`<service>_<uuid>`")]


class FileOut(Output):
    """A stored file."""

    id: str
    state: str = Field(description="quarantined, clean, refused, attached or expired")
    resource: str
    record_id: str | None
    name: str
    media_type: str
    size: int = Field(description="bytes")
    sha256: str


def _absent() -> NotFound:
    return NotFound(Text("未找到该文件。", "There is no such file for you."))


async def _visible(service: Service, unit: ReadUnit, file_id: str) -> Any:
    row = (await unit.execute(sa.select(files).where(files.c.id == file_id))).first()
    if row is None:
        raise _absent()
    if row.record_id is None:
        held = unit.permissions.tokens(unit.actor, "files:read")
        if held is not None and f"self:{row.subject}" not in held:
            raise _absent()
    else:
        try:
            await Records(service.resource(row.resource)).get(unit, row.record_id)
        except NotFound:
            raise _absent() from None
    return row


async def attach(
    uow: UnitOfWork, resource: str, record_id: str, file_ids: Iterable[str], pointer: str
) -> None:
    """Attach the caller's own clean files to a record; refuses others by field."""
    for number, file_id in enumerate(file_ids):
        statement = (
            sa.update(files)
            .where(
                files.c.id == file_id, files.c.resource == resource, files.c.subject == uow.actor.subject,
                files.c.state == "clean", files.c.record_id.is_(None),
            )
            .values(record_id=record_id, state="attached")
        )  # fmt: skip
        if (await uow.execute(statement)).rowcount != 1:
            raise invalid(
                f"{pointer}/{number}", "file_unusable",
                "该文件不存在、尚未通过检查或已被使用。", "The file is absent, not yet clean, or in use.",
            )  # fmt: skip


def file_router(service: Service) -> APIRouter:
    """Give the routes of one service's files."""
    router = APIRouter(prefix="/files", tags=["文件 Files"], route_class=KitRoute)
    if not service.permissions.knows("files:create") or not service.resources:
        return router
    names = {each.name for each in service.resources}

    @operation(Operation("files:create", streams=True))
    async def upload_file(
        request: Request,
        uow: Write,
        for_: Annotated[str, Query(alias="for", description="The resource it is meant for")],
        name: Annotated[str, Query(min_length=1, max_length=200, description="File name")],
        sha256: Annotated[
            str | None, Query(pattern="^[0-9a-fA-F]{64}$", description="Compared when given")
        ] = None,
    ) -> FileOut:
        """Upload one file as the raw body; its content must be of the declared media type."""
        if for_ not in names:
            raise invalid("#query/for", "resource_unknown", "没有这种资源。", "There is no such resource.")
        file_id = f"{service.code}_{new_id()}"
        declared = request.headers.get("content-type", "").split(";")[0].strip()
        store = FileStore.from_url(request.app.state.settings.files_url)
        key = object_key(file_id)
        stored = await store.put(
            key, request.stream(), limit=LIMIT, sha256=sha256,
            inspect=partial(check_media, declared, name, allowed=frozenset(MEDIA)),
        )  # fmt: skip
        # The scanner is pluggable; the one that ships passes everything, and says so in the operator guide.
        verdict = await NoScanner().scan((await store.get(key)).chunks)
        values = {
            "id": file_id, "state": str(after_scan(verdict)), "resource": for_, "name": name,
            "media_type": declared, "size": stored.size, "sha256": stored.sha256, "key": key,
            "subject": uow.actor.subject, "organisation": uow.actor.organisation, "created_at": uow.now,
        }  # fmt: skip
        await uow.execute(sa.insert(files).values(values))
        uow.audit("files:create", resource="files", record_id=file_id, digest=stored.sha256)
        return FileOut.model_validate({**values, "record_id": None})

    @operation(Operation("files:read"))
    async def get_file(file_id: FileId, unit: Read) -> FileOut:
        """Read what a file is."""
        return FileOut.model_validate(await _visible(service, unit, file_id))

    @operation(Operation("files:read"))
    async def file_content(file_id: FileId, unit: Read, request: Request) -> Response:
        """Read the bytes; `Range` gives a part of them."""
        row = await _visible(service, unit, file_id)
        if row.state not in ("clean", "attached"):
            raise Conflict(Text("文件尚未通过检查。", "The file is not cleared yet."), code="file_not_clean")
        part = parse_range(request.headers.get("range"), row.size)
        stream = await FileStore.from_url(request.app.state.settings.files_url).get(row.key, part)
        headers = {"Accept-Ranges": "bytes", "ETag": f'"{row.sha256}"', "X-Content-Type-Options": "nosniff"}
        if part is not None:
            headers["Content-Range"] = part.content_range
        return StreamingResponse(stream.chunks, 206 if part else 200, headers, media_type=row.media_type)

    add = router.add_api_route
    body = {media: {"schema": {"type": "string", "format": "binary"}} for media in sorted(MEDIA)}
    add("", upload_file, methods=["POST"], operation_id="upload_file", summary="上传文件 Upload a file",
        status_code=201, response_model=FileOut,
        openapi_extra={"requestBody": {"required": True, "content": body}})  # fmt: skip
    add("/{file_id}", get_file, methods=["GET"], operation_id="get_file", summary="读取文件信息 Read a file",
        response_model=FileOut)  # fmt: skip
    add("/{file_id}/content", file_content, methods=["GET"], operation_id="get_file_content",
        summary="下载文件 Download", response_class=StreamingResponse,
        responses={206: {"description": "The part that `Range` asked for"},
                   416: {"$ref": "#/components/responses/Problem416"}})  # fmt: skip
    return router
