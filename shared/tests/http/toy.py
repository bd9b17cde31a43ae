"""A toy service with one resource, to try the HTTP edge on: notes that an organisation drafts and submits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import JSONB

from kechuang import access
from kechuang.access import PermissionTable
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.http.attachments import MOST, Attachment, AttachmentOut, attached
from kechuang.http.imports import Import, OnMatch, Outcome
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Line, RecordOut, columns, merge_patch
from kechuang.ids import new_id
from kechuang.money import Money, MoneyOut
from kechuang.records import Records
from kechuang.resources import Filter, Record, Resource, record_table
from kechuang.service import Service
from kechuang.spreadsheets import Column
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

metadata = sa.MetaData()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Record):
    title: str
    secret: str | None
    amount_fen: int | None
    due_on: date | None
    attachments: Sequence[Mapping[str, Any]]


def sight(note: Note) -> Iterable[str]:
    yield from access.owner(note.organisation)
    if note.state != "draft":
        yield from access.place(note.city, note.division)


NOTES: Resource[Note] = Resource(
    name="notes",
    singular="note",
    title=Text("便条", "Note"),
    table=record_table(
        "note", metadata, "NT",
        sa.Column("title", sa.Text, nullable=False), sa.Column("secret", sa.Text), sa.Column("amount_fen", sa.BigInteger),
        sa.Column("due_on", sa.Date), sa.Column("attachments", JSONB, nullable=False, server_default="[]"),
        searched=True,
    ),
    record=Note,
    machine=Machine(
        "notes",
        {"draft": Text("草稿", "Draft"), "submitted": Text("已提交", "Submitted"), "decided": Text("已决定", "Decided")},
        "draft",
        (
            verb("update", "修改", "Update", from_="draft"),
            verb("submit", "提交", "Submit", from_="draft", to="submitted"),
            verb("handle", "经办", "Handle", from_="submitted", handles=True),
            verb("decide", "决定", "Decide", from_="submitted", to="decided", decides=True, not_by_handler=True),
        ),
        awaits=(Awaits("submitted", "decide", days=5),),
    ),
    sight=sight,
    describe=lambda note: note.title,
    unlogged=frozenset({"secret"}),
    search=("title",),
    filters={"title": Filter("title", Text("标题", "Title"))},
    dates={"due_on": Text("到期日", "Due on")},
    sorts=("created_at", "updated_at", "number", "title"),
)  # fmt: skip
notes = Records(NOTES)


class NoteCreate(Input):
    title: Line
    secret: Line | None = None
    amount_fen: Money | None = Field(default=None, alias="amount")
    division: Annotated[str, Field(pattern=r"^\d{6}$")] = "440703"
    due_on: date | None = None
    attachments: list[Attachment] = Field(default_factory=list, max_length=MOST)


@merge_patch
class NotePatch(NoteCreate):
    """Fields to change."""


class NoteOut(RecordOut):
    title: str
    secret: str | None
    amount_fen: MoneyOut | None = Field(serialization_alias="amount")
    due_on: date | None
    attachments: list[AttachmentOut]


def show(note: Note, unit: ReadUnit) -> NoteOut:
    """Only the owner reads the secret."""
    shown = NoteOut.model_validate(note)
    mine = note.organisation == unit.actor.organisation
    return shown if mine or note.secret is None else shown.model_copy(update={"secret": "***"})


router = ResourceRouter(notes, NoteOut, show=show)


@router.create(example={"title": "一"})
async def create(body: NoteCreate, uow: Write) -> Note:
    """Draft a note."""
    record_id = new_id()
    files = await attached(uow, "notes", record_id, body.attachments)
    return await notes.create(
        uow, record_id=record_id, organisation=uow.actor.organisation, city="440700",
        **columns(body) | {"attachments": files},
    )  # fmt: skip


@router.update(example={"title": "二"})
async def update(record_id: RecordId, body: NotePatch, uow: Write) -> Note:
    """Change a draft."""
    note = await notes.load(uow, record_id, "update")
    values = columns(body, only_set=True)
    if "attachments" in values:
        values["attachments"] = await attached(
            uow, "notes", note.id, body.attachments, before=note.attachments
        )
    return await notes.change(uow, note, "update", **values)


@router.verb("submit")
async def submit(record_id: RecordId, uow: Write) -> Note:
    """Submit."""
    return await notes.change(uow, await notes.load(uow, record_id, "submit"), "submit")


@router.verb("handle")
async def handle(record_id: RecordId, uow: Write) -> Note:
    """Handle."""
    return await notes.change(uow, await notes.load(uow, record_id, "handle"), "handle")


@router.verb("decide", example=Because.example)
async def decide(record_id: RecordId, body: Because, uow: Write) -> Note:
    """Decide."""
    uow.reason = body.reason
    return await notes.change(uow, await notes.load(uow, record_id, "decide"), "decide")


async def take(uow: UnitOfWork, body: NoteCreate, on_match: OnMatch) -> tuple[Outcome, str]:
    """Import one note; the title is the natural key."""
    found = await notes.lookup_one(uow, title=body.title)
    if found and on_match == "skip":
        return "skipped", found.id
    made = await notes.create(uow, organisation=uow.actor.organisation, city="440700", **columns(body))
    return "created", made.id


IMPORT = Import(
    notes,
    (
        Column("title", Text("标题", "Title"), required=True, example="一"),
        Column("amount", Text("金额", "Amount"), kind="money", example="1.00"),
    ),
    NoteCreate,
    take,
)
IMPORT.add_routes(router)


WORDS = {
    "number": Text("编号", "Number"), "state": Text("状态", "State"), "title": Text("标题", "Title"),
    "amount": Text("金额", "Amount"), "secret": Text("密", "Secret"), "division": Text("所在县区", "Division"),
}  # fmt: skip


def permissions(folder: Path) -> PermissionTable:
    """Write a small table and read it back as a package's file."""
    table = """
notes:
  read: {enterprise_clerk: owner, county_officer: place, city_approver: place, auditor: all}
  create: {enterprise_clerk: owner}
  update: {enterprise_clerk: owner}
  submit: {enterprise_clerk: owner}
  handle: {county_officer: place}
  decide: {county_officer: place, city_approver: place}
  import: {enterprise_clerk: owner}
  export: {enterprise_clerk: owner, county_officer: place, auditor: all}
jobs:
  read: {enterprise_clerk: self, auditor: all}
  cancel: {enterprise_clerk: self}
files:
  create: {enterprise_clerk: self}
  read: {enterprise_clerk: self, county_officer: self}
"""
    package = folder / "toy_permissions"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "toy.yaml").write_text(table, encoding="utf-8")
    import sys

    sys.path.insert(0, str(folder))
    try:
        return PermissionTable.load("toy_permissions", "toy")
    finally:
        sys.path.remove(str(folder))


def service(folder: Path) -> Service:
    """The toy service."""
    return Service(
        name="toy", code="ty", package="toy", title=Text("试", "toy"), summary=Text("试", "toy"),
        metadata=metadata, permissions=permissions(folder), resources=(NOTES,), routers=(router,),
        jobs={IMPORT.kind: IMPORT.job}, words=WORDS,
    )  # fmt: skip
