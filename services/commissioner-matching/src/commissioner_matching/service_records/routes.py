"""The HTTP edge of service records."""

from datetime import date

from pydantic import Field

from commissioner_matching.service_records import use_cases
from commissioner_matching.service_records.domain import ServiceRecord
from commissioner_matching.service_records.store import service_records
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Input, Line, Prose, RecordOut, columns, merge_patch

EXAMPLE = {
    "dispatch": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42",
    "on": "2024-03-20",
    "hours": 3.5,
    "place": "企业压铸车间",
    "content": "现场测温并调整压铸工艺参数，培训操作人员 6 名。",
}


class _Fields(Input):
    on: date = Field(description="Day of the service")
    hours: float = Field(ge=0.5, le=24, multiple_of=0.5)
    place: Line
    content: Prose
    evidence: list[Line] = Field(default_factory=list, max_length=20, description="File ids")


class ServiceRecordCreate(_Fields):
    """One service in a dispatch."""

    dispatch: Line


@merge_patch
class ServiceRecordPatch(_Fields):
    """Fields to change (JSON Merge Patch)."""


class ServiceRecordDispute(Input):
    """What is not right."""

    reason: Prose


class ServiceRecordSettle(Input):
    """How many hours count, and why."""

    hours: float = Field(ge=0, le=24, multiple_of=0.5)
    reason: Prose


class ServiceRecordOut(RecordOut):
    """A service record. `counted_hours` is null until it is confirmed or settled."""

    dispatch: str
    need: str | None
    persons: list[str]
    sending_unit: str | None
    on: date
    hours: float
    counted_hours: float | None
    place: str
    content: str
    evidence: list[str]
    late: bool
    dispute: str | None


router = ResourceRouter(service_records, ServiceRecordOut)


@router.create(example=EXAMPLE)
async def create(body: ServiceRecordCreate, uow: Write) -> ServiceRecord:
    """Log a service. 409 `dispatch_not_active`; 422 `outside_term`."""
    return await use_cases.log_service(uow, columns(body))


@router.update(example={"hours": 4.0})
async def update(record_id: RecordId, body: ServiceRecordPatch, uow: Write) -> ServiceRecord:
    """Correct a record that the host has not confirmed yet."""
    return await use_cases.correct(uow, record_id, columns(body, only_set=True))


@router.verb("confirm")
async def confirm(record_id: RecordId, uow: Write) -> ServiceRecord:
    """The host confirms the service."""
    return await use_cases.confirm(uow, record_id)


@router.verb("dispute", example={"reason": "当日实际到场两小时"})
async def dispute(record_id: RecordId, body: ServiceRecordDispute, uow: Write) -> ServiceRecord:
    """The host disputes the record."""
    return await use_cases.dispute(uow, record_id, body.reason)


@router.verb("settle", example={"hours": 2.0, "reason": "依据门禁记录"})
async def settle(record_id: RecordId, body: ServiceRecordSettle, uow: Write) -> ServiceRecord:
    """An officer settles the hours that count."""
    return await use_cases.settle(uow, record_id, body.hours, body.reason)
