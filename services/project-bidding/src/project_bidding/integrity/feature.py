"""Integrity records: only a final decision makes one; in force it bars from bids and is told to everybody."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import ARRAY

from kechuang import access
from kechuang.clock import end_of_day
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Line, Prose, RecordOut, columns
from kechuang.records import Records
from kechuang.resources import Filter, Record, Resource, record_table
from kechuang.states import Machine, verb
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts.project_bidding import IntegrityRecordChanged
from project_bidding.calls.eligibility import IntegrityRecord as Known
from project_bidding.metadata import metadata

EXPIRE = "integrity-record.expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityRecord(Record):
    """A decided record. `measures` are what the subject is barred from; `lifted_on` ends it early."""

    subject_kind: str
    subject_id: str
    kind: str
    measures: Sequence[str]
    document_no: str
    grounds: str
    valid_from: date
    valid_to: date | None
    lifted_on: date | None


MACHINE = Machine(
    "integrity-records",
    {
        "in_force": Text("生效中", "In force"),
        "expired": Text("已期满", "Expired"),
        "lifted": Text("已解除", "Lifted"),
    },
    "in_force",
    (
        verb("lift", "解除", "Lift", from_="in_force", to="lifted", decides=True, not_by_handler=True),
        verb("expire", "期满", "Expire", from_="in_force", to="expired", automatic=True),
    ),
)


def sight(record: IntegrityRecord) -> Iterable[str]:
    """The subject itself and the supervisors of the place."""
    yield from access.place(record.city)
    yield from access.owner(record.subject_id if record.subject_kind == "organisation" else None)
    yield from access.person(record.subject_id if record.subject_kind == "person" else None)


_table = record_table(
    "integrity_record",
    metadata,
    "IR",
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("measures", ARRAY(sa.Text), nullable=False),
    sa.Column("document_no", sa.Text, nullable=False),
    sa.Column("grounds", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("lifted_on", sa.Date),
)
INTEGRITY_RECORDS: Resource[IntegrityRecord] = Resource(
    name="integrity-records",
    singular="integrity_record",
    title=Text("科研失信记录", "Integrity record"),
    table=_table,
    record=IntegrityRecord,
    machine=MACHINE,
    sight=sight,
    describe=lambda record: record.document_no,
    unlogged=frozenset({"grounds"}),
    filters={"subject": Filter("subject_id", Text("主体", "Subject"))},
)
records = Records(INTEGRITY_RECORDS)


class IntegrityRecordCreate(Input):
    """A final decision against an organisation or a person."""

    subject_kind: Literal["organisation", "person"]
    subject_id: str = Field(max_length=64)
    kind: Line = Field(examples=["提供虚假材料"])
    measures: list[Literal["bid", "review", "dispatch", "recognition", "benefit"]] = Field(min_length=1)
    document_no: Line
    grounds: Prose
    valid_from: date
    valid_to: date | None = None


class IntegrityRecordOut(RecordOut):
    """A decided record."""

    subject_kind: str
    subject_id: str
    kind: str
    measures: list[str]
    document_no: str
    grounds: str
    valid_from: date
    valid_to: date | None
    lifted_on: date | None


async def records_of(unit: ReadUnit | UnitOfWork, usccs: Sequence[str]) -> dict[str, list[Known]]:
    """Give the records of organisations that bar them from bids, whatever their dates."""
    statement = sa.select(_table).where(
        _table.c.subject_id.in_(list(usccs)),
        _table.c.subject_kind == "organisation",
        _table.c.measures.contains(["bid"]),
    )
    found: dict[str, list[Known]] = {}
    for row in await unit.execute(statement):
        found.setdefault(row.subject_id, []).append(
            Known(row.number, row.valid_from, row.valid_to, row.lifted_on)
        )
    return found


def _tell(uow: UnitOfWork, record: IntegrityRecord) -> None:
    uow.emit(
        IntegrityRecordChanged(
            subject_kind=record.subject_kind, subject_id=record.subject_id, measures=list(record.measures),
            valid_from=record.valid_from, valid_to=record.lifted_on or record.valid_to, state=record.state,
        ),
        aggregate=record.id,
        version=record.version,
    )  # fmt: skip


async def expire(uow: UnitOfWork, timer: Timer) -> None:
    """The last day has passed."""
    record = await records.lookup_one(uow, lock=True, id=timer.record_id)
    if record is not None and record.state == "in_force":
        _tell(uow, await records.change(uow, record, "expire"))


router = ResourceRouter(records, IntegrityRecordOut)


@router.create(
    example={
        "subject_kind": "organisation",
        "subject_id": "91440703MATE000L4P",
        "kind": "提供虚假材料",
        "measures": ["bid", "benefit"],
        "document_no": "江科信〔2024〕1号",
        "grounds": "经调查核实，申报材料中的检测报告系伪造。",
        "valid_from": "2024-06-01",
        "valid_to": "2027-05-31",
    }
)
async def create(body: IntegrityRecordCreate, uow: Write) -> IntegrityRecord:
    """Enter a final decision; its subject is barred at once and every service is told."""
    if body.valid_to is not None and body.valid_to < body.valid_from:
        raise invalid("/valid_to", "period_reversed", "止日早于起日。", "It ends before it begins.")
    values = columns(body) | {"valid_from": body.valid_from, "valid_to": body.valid_to}
    city = uow.actor.areas[0] if uow.actor.areas else None
    record = await records.create(uow, city=city, handlers=[uow.actor.subject], **values)
    if record.valid_to is not None:
        uow.schedule(EXPIRE, end_of_day(record.valid_to), record.id, record.version)
    _tell(uow, record)
    return record


@router.verb("lift", example=Because.example)
async def lift(record_id: RecordId, body: Because, uow: Write) -> IntegrityRecord:
    """End a record early, from today on."""
    record = await records.load(uow, record_id, "lift")
    uow.reason = body.reason
    lifted = await records.change(uow, record, "lift", lifted_on=uow.today)
    _tell(uow, lifted)
    return lifted
