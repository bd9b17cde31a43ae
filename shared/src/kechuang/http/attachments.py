"""Files that a record takes: `attachments: [{file, kind, title}]` in a body, checked against the stored files.

    attachments: list[Attachment] = Field(default_factory=list, max_length=50)     in the body
    attachments: list[AttachmentOut]                                               in the answer

    record_id = new_id()
    taken = await attached(uow, "filings", record_id, body.attachments)
    await filings.create(uow, record_id=record_id, **columns(body) | {"attachments": taken})

What the record keeps has the file's name, size and SHA-256, so that its history says what was handed in. A file
that is taken off the list stays with the record: it was seen there, and may be listed again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from kechuang.db.tables import file as files
from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Invalid
from kechuang.http.schemas import Input, Line, Output
from kechuang.text import Text

MOST = 50


class Attachment(Input):
    """A file that proves something."""

    file: str = Field(min_length=1, max_length=64, description="Id that `POST /files?for=<resource>` gave")
    kind: Line = Field(
        description="Code of the material, as the form or the call names it", examples=["audit_report"]
    )
    title: Line


class AttachmentOut(Output):
    """An attached file; its content is at `/files/{file}/content` for all who see the record."""

    file: str
    kind: str
    title: str
    name: str
    media_type: str
    size: int = Field(description="bytes")
    sha256: str


_ABSENT = Text(
    "没有这个文件，请先上传（POST /files）。",
    "There is no such file of yours; upload it first (POST /files).",
)
_UNCLEAN = Text("该文件未通过安全检查，不能使用。", "The file did not pass the check and cannot be used.")
_OTHER_PURPOSE = Text("该文件是为其他用途上传的，请重新上传。", "The file was uploaded for something else; upload it anew.")  # fmt: skip
_IN_USE = Text("该文件已附于其他记录，请重新上传。", "Another record has this file; upload it anew.")
_TWICE = Text("同一文件只能列一次。", "A file may be listed once only.")


async def attached(
    uow: UnitOfWork,
    resource: str,
    record_id: str,
    wanted: Sequence[Attachment],
    *,
    before: Sequence[Mapping[str, Any]] = (),
    pointer: str = "/attachments",
) -> list[dict[str, Any]]:
    """Take the caller's files for a record; gives what the record keeps of them.

    `before` is what the record has now: those files stay usable, also where the record took them over from
    another (a correction). Refuses with all faults at once: `file_unknown` (absent, or another's: the same
    answer), `file_unclean`, `file_for_other`, `file_in_use`, `file_twice`.
    """
    kept = {each["file"]: each for each in before}
    asked = sorted({each.file for each in wanted} - kept.keys())
    found = await _locked(uow, asked)
    errors: list[FieldError] = []
    seen: set[str] = set()
    for number, each in enumerate(wanted):
        fault = _fault(uow, found.get(each.file), resource, record_id) if each.file not in kept else None
        if each.file in seen:
            fault = ("file_twice", _TWICE)
        seen.add(each.file)
        if fault is not None:
            errors.append(FieldError(f"{pointer}/{number}/file", *fault))
    if errors:
        says = Text(f"有 {len(errors)} 个附件不能使用。", f"{len(errors)} attachment(s) cannot be used.")
        raise Invalid(says, errors=errors, code="attachments_invalid")
    if asked:
        await uow.execute(
            sa.update(files).where(files.c.id.in_(asked)).values(record_id=record_id, state="attached")
        )
    return [
        {**(kept.get(each.file) or _described(found[each.file])), "kind": each.kind, "title": each.title}
        for each in wanted
    ]


async def _locked(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, Any]:
    if not ids:
        return {}
    statement = sa.select(files).where(files.c.id.in_(ids)).order_by(files.c.id).with_for_update()
    return {row.id: row for row in await uow.execute(statement)}


def _fault(uow: UnitOfWork, row: Any, resource: str, record_id: str) -> tuple[str, Text] | None:
    if row is not None and row.record_id == record_id and row.resource == resource:
        return None
    if row is None or not (uow.actor.is_system or row.subject == uow.actor.subject):
        return "file_unknown", _ABSENT
    if row.record_id is not None:
        return "file_in_use", _IN_USE
    if row.resource != resource:
        return "file_for_other", _OTHER_PURPOSE
    return ("file_unclean", _UNCLEAN) if row.state != "clean" else None


def _described(row: Any) -> dict[str, Any]:
    return {
        "file": row.id,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
    }
