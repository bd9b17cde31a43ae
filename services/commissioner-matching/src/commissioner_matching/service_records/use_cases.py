"""What can be done with service records."""

from datetime import date, timedelta
from typing import Any

from commissioner_matching.dispatches.domain import Dispatch
from commissioner_matching.dispatches.store import dispatches
from commissioner_matching.metadata import parties
from commissioner_matching.packs import find_programme
from commissioner_matching.service_records.domain import ServiceRecord
from commissioner_matching.service_records.store import service_records
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text

_SERVED = ("active", "completed")


async def log_service(uow: UnitOfWork, values: dict[str, Any]) -> ServiceRecord:
    """Who serves logs one service within the term of an active (or just completed) dispatch."""
    dispatch = await dispatches.get(uow, values["dispatch"])
    if dispatch.state not in _SERVED:
        raise Conflict(
            Text("该选派尚未启动或已结束。", "The dispatch is not active."),
            code="dispatch_not_active",
            extra={"state": dispatch.state},
        )
    _require_day(uow, dispatch, values["on"])
    programme = find_programme(uow, dispatch.city, dispatch.programme)
    days = programme.rules.service_minimum.log_within_days if programme else None
    late = days is not None and uow.today > values["on"] + timedelta(days=days)
    return await service_records.create(
        uow, city=dispatch.city, division=dispatch.division, zones=list(dispatch.zones),
        organisation=dispatch.organisation, need=dispatch.need, persons=list(dispatch.persons),
        sending_unit=dispatch.sending_unit, pack=dispatch.pack, late=late, **_in_minutes(values),
    )  # fmt: skip


def _require_day(uow: UnitOfWork, dispatch: Dispatch, day: date) -> None:
    begins, ends = dispatch.valid_from or uow.today, dispatch.ended_on or dispatch.valid_to
    if day > uow.today or day < begins or (ends is not None and day > ends):
        raise invalid(
            "/on", "outside_term", f"服务日期应在选派期内且不晚于今天（{begins} 起）。",
            f"The day lies in the dispatch's term (from {begins}) and not in the future.",
        )  # fmt: skip


def _in_minutes(values: dict[str, Any]) -> dict[str, Any]:
    hours = values.pop("hours", None)
    return values if hours is None else {**values, "minutes": round(hours * 60)}


async def correct(uow: UnitOfWork, record_id: str, values: dict[str, Any]) -> ServiceRecord:
    """Correct a record before the host has looked at it."""
    record = await service_records.load(uow, record_id, "update")
    if "on" in values:
        _require_day(uow, (await dispatches.get(uow, record.dispatch)), values["on"])
    return await service_records.change(uow, record, "update", **_in_minutes(values))


async def confirm(uow: UnitOfWork, record_id: str) -> ServiceRecord:
    """The host confirms: the logged hours count."""
    record = await service_records.load(uow, record_id, "confirm")
    await parties.require_authority(uow, record.organisation or "", "submit")
    return await service_records.change(uow, record, "confirm", counted_minutes=record.minutes)


async def dispute(uow: UnitOfWork, record_id: str, reason: str) -> ServiceRecord:
    """The host disputes: nothing counts until it is settled."""
    uow.reason = reason
    record = await service_records.load(uow, record_id, "dispute")
    await parties.require_authority(uow, record.organisation or "", "submit")
    return await service_records.change(uow, record, "dispute", dispute=reason)


async def settle(uow: UnitOfWork, record_id: str, hours: float, reason: str) -> ServiceRecord:
    """An officer settles how many of the logged hours count."""
    uow.reason = reason
    record = await service_records.load(uow, record_id, "settle")
    minutes = round(hours * 60)
    if minutes > record.minutes:
        raise invalid("/hours", "more_than_logged", "裁定时长不能超过登记时长。", "Not more than was logged.")
    return await service_records.change(uow, record, "settle", counted_minutes=minutes)
