"""How recognitions end: revoked after a hearing, given up, by a review, by a renewal, with their holder, by time."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from enterprise_registry.metadata import hears, parties, tell
from enterprise_registry.recognitions.domain import Recognition, last_day
from enterprise_registry.recognitions.schemas import RecognitionRevoke
from enterprise_registry.recognitions.store import recognitions
from kechuang.db.unit import UnitOfWork
from kechuang.errors import invalid
from kechuang.messaging.events import Received
from kechuang.timers import Timer
from kechuang_contracts import enterprise_registry as events

EXPIRE = "recognitions.expire"
_ONE_DAY = timedelta(days=1)
_DEREGISTERED = "单位已注销 The organisation was deregistered"

RestingOn = Callable[[UnitOfWork, Recognition, bool, str], Awaitable[Sequence[Mapping[str, Any]]]]
"""What rests on a recognition that is being revoked.

Called as `(uow, recognition, recover, reason)` in the transaction of the revocation; with `recover` it also marks
what was paid as to be recovered. Gives JSON-ready mappings `{grant, number, rule, amount}` for the record.
"""
_resting: list[RestingOn] = []


def lists_benefits(handle: RestingOn) -> RestingOn:
    """Register whoever knows what rests on recognitions (the benefits); a decorator, used once at import."""
    if handle not in _resting:
        _resting.append(handle)
    return handle


async def revoke(uow: UnitOfWork, record_id: str, body: RecognitionRevoke) -> Recognition:
    """Revoke by a decision after a hearing; it was held until yesterday. Lists the benefits that rested on it."""
    found = await recognitions.load(uow, record_id, "revoke")
    if not found.valid_from <= body.heard_on <= uow.today:
        raise invalid(
            "/heard_on", "not_heard", "应先听取陈述申辩：听取日应在认定之后、今天或之前。",
            "The organisation is heard first: a day after the recognition, not after today.",
        )  # fmt: skip
    uow.reason = body.reason
    recognitions.resource.machine.require("revoke", found.state)
    benefits = await _benefits(uow, found, body.benefits_to_recover, body.reason)
    return await _end(
        uow, found, "revoke", uow.today - _ONE_DAY, document_no=body.document_no, reason=body.reason,
        heard_on=body.heard_on, benefits_to_recover=body.benefits_to_recover, benefits=benefits,
    )  # fmt: skip


async def remove(
    uow: UnitOfWork, record_id: str, *, document_no: str, reason: str, heard_on: date | None, on: date,
    round_id: str,
) -> Recognition:  # fmt: skip
    """End it by the decision of a review round; it was held until the day before the decision."""
    found = await recognitions.lookup_one(uow, lock=True, id=record_id)
    assert found is not None, "an entry under review names an existing recognition"
    benefits = await _benefits(uow, found, False, reason)
    return await _end(
        uow, found, "remove", on - _ONE_DAY, document_no=document_no, reason=reason, heard_on=heard_on,
        benefits=benefits, round=round_id,
    )  # fmt: skip


async def _benefits(
    uow: UnitOfWork,
    found: Recognition,
    recover: bool,
    reason: str,
) -> list[dict[str, Any]]:
    return [dict(each) for handle in _resting for each in await handle(uow, found, recover, reason)]


async def surrender(uow: UnitOfWork, record_id: str, reason: str) -> Recognition:
    """The holder gives it up; it was held until yesterday."""
    found = await recognitions.load(uow, record_id, "surrender")
    await parties.require_authority(uow, found.organisation or "", "sign")
    uow.reason = reason
    return await _end(uow, found, "surrender", uow.today - _ONE_DAY, reason=reason)


async def expire(uow: UnitOfWork, timer: Timer) -> None:
    """Its last day has passed; the day on the record decides."""
    found = await recognitions.lookup_one(uow, lock=True, id=timer.record_id)
    if found is None or found.state != "valid" or found.valid_to is None or found.valid_to >= uow.today:
        return
    await _end(uow, found, "expire", found.valid_to)


async def supersede(uow: UnitOfWork, old: Recognition, new: Recognition) -> None:
    """A renewal that begins before the old one ends takes its place; otherwise the old one runs out."""
    last = last_day(old)
    locked = await recognitions.lookup_one(uow, lock=True, id=old.id)
    if locked is None or locked.state != "valid" or (last is not None and last < new.valid_from):
        return
    await _end(uow, locked, "supersede", new.valid_from - _ONE_DAY)


async def with_holder(uow: UnitOfWork, event: Received[events.OrganisationChanged]) -> None:
    """A deregistered organisation (注销) holds nothing from that day on; the figures of days before stay."""
    if event.data.state != "deregistered":
        return
    for each in await recognitions.lookup(uow, lock=True, organisation=event.data.uscc, state="valid"):
        await _end(uow, each, "end-with-holder", uow.today - _ONE_DAY, reason=_DEREGISTERED)


hears(events.OrganisationChanged, with_holder)


async def _end(uow: UnitOfWork, found: Recognition, verb: str, last: date, **values: Any) -> Recognition:
    ended = await recognitions.change(
        uow, found, verb, implied=verb in ("supersede", "remove", "end-with-holder"), ended_on=last, **values
    )
    await tell_end(uow, ended, ended.state, last)
    return ended


async def tell_end(uow: UnitOfWork, found: Recognition, outcome: str, last: date) -> None:
    """Tell that it ended, or with `corrected` that what was told of it before holds no more."""
    await tell(
        uow,
        events.RecognitionEnded(
            city=found.city, division=found.division, zones=list(found.zones),
            organisation=found.organisation or "", kind=found.kind, outcome=outcome, ended_on=last,
        ),
        aggregate=found.id, version=found.version,
    )  # fmt: skip
