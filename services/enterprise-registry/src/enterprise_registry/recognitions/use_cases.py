"""How recognitions come to be and end: by the city's decision, by an answer from elsewhere, in bulk, by time."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from enterprise_registry.messages import notify
from enterprise_registry.metadata import alone, parties, tell
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.recognitions.domain import Recognition, end_of_validity, last_day
from enterprise_registry.recognitions.schemas import (
    RecognitionCorrect,
    RecognitionCreate,
    RecognitionRevoke,
)
from enterprise_registry.recognitions.store import recognitions
from kechuang.clock import end_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts import enterprise_registry as events

EXPIRE = "recognitions.expire"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a decision says."""

    organisation: str
    kind: str
    issued_on: date
    source: str
    valid_from: date | None = None
    valid_to: date | None = None
    certificate_no: str | None = None
    document_no: str | None = None
    renews: str | None = None
    application: str | None = None
    pack: str | None = None
    external_ids: tuple[Any, ...] = ()
    record_id: str | None = None


async def record(uow: UnitOfWork, grant: Grant, *, verb: str = "create") -> Recognition:
    """Record a recognition; 409 when the same one (organisation, node, first day) is there already."""
    party = await parties.find(uow, grant.organisation)
    if party is None:
        raise invalid("/organisation", "organisation_unknown", "该单位尚未登记。", "Not registered.")
    shelf = library(uow)
    pack = shelf.stamped(grant.pack) if grant.pack else shelf.require_city_pack(party.city, grant.issued_on)
    _, node = shelf.node(pack, grant.kind)
    if node.gained_by == "derived":
        raise invalid(
            "/kind", "derived_node", "该梯次由条件推定，不能登记。", "A derived node is never recorded."
        )
    canonical = shelf.canonical(pack, grant.kind)
    first = grant.valid_from or grant.issued_on
    await alone(uow, "recognition", grant.organisation)
    earlier = await recognitions.lookup(uow, organisation=grant.organisation, node=canonical)
    same = next((each for each in earlier if each.valid_from == first), None)
    if same is not None:
        raise Conflict(
            Text("该单位同日起的同类认定已登记。", "This recognition is recorded already."),
            code="already_recognised",
            extra={"existing": {"id": same.id, "number": same.number, "label": same.kind}},
        )
    renewed = _renewed(earlier, grant.renews)
    created = await recognitions.create(
        uow, verb=verb, record_id=grant.record_id, organisation=grant.organisation, city=party.city, division=party.division,
        zones=list(party.zones), pack=stamp(pack), kind=shelf.local_code(pack, canonical), node=canonical,
        level=node.level.value if node.level else None, source=grant.source, decided_by=node.decided_by,
        certificate_no=grant.certificate_no, document_no=grant.document_no, issued_on=grant.issued_on,
        valid_from=first,
        valid_to=grant.valid_to or end_of_validity(shelf.validity(pack, grant.kind), first),
        renews=renewed.id if renewed else None, application=grant.application,
        first_time=all(each.valid_from > first for each in earlier), benefits_to_recover=False,
        external_ids=list(grant.external_ids),
    )  # fmt: skip
    if created.valid_to is not None:
        uow.schedule(EXPIRE, end_of_day(created.valid_to), created.id, created.version)
    await _decided(uow, created)
    notify(
        uow, created, "recognitions", "recognition.decided", kind=node.name.zh,
        document_no=created.document_no or "", organisation=party.title,
        due_on=created.valid_to or "",
    )  # fmt: skip
    await _set_right(uow, created, earlier)
    if renewed is not None:
        await _supersede(uow, renewed, created)
    return created


def _renewed(earlier: list[Recognition], renews: str | None) -> Recognition | None:
    if renews is None:
        return None
    found = next((each for each in earlier if each.id == renews), None)
    if found is None:
        raise invalid(
            "/renews", "renewed_unknown", "被续认的记录不存在或不属于该单位同类认定。",
            "The renewed recognition is not one of this kind and organisation.",
        )  # fmt: skip
    return found


async def _set_right(uow: UnitOfWork, created: Recognition, earlier: list[Recognition]) -> None:
    """Lists may arrive out of order: an earlier recognition takes the mark of the first time from a later one."""
    for each in earlier:
        if each.first_time and each.valid_from > created.valid_from:
            locked = await recognitions.lookup_one(uow, lock=True, id=each.id)
            if locked is None or locked.state not in ("valid", "expired"):
                continue
            later = await recognitions.change(uow, locked, "correct", implied=True, first_time=False)
            await _decided(uow, later)


async def _supersede(uow: UnitOfWork, old: Recognition, new: Recognition) -> None:
    """A renewal that begins before the old one ends takes its place; otherwise the old one runs out."""
    last = last_day(old)
    locked = await recognitions.lookup_one(uow, lock=True, id=old.id)
    if locked is None or locked.state != "valid" or (last is not None and last < new.valid_from):
        return
    await _end(uow, locked, "supersede", new.valid_from - _ONE_DAY)


async def receive(uow: UnitOfWork, body: RecognitionCreate) -> Recognition:
    """Record what was decided elsewhere."""
    return await record(
        uow,
        Grant(
            organisation=body.organisation, kind=body.kind, issued_on=body.issued_on, source="imported",
            valid_from=body.valid_from, valid_to=body.valid_to, certificate_no=body.certificate_no,
            document_no=body.document_no, renews=body.renews,
            external_ids=tuple(each.model_dump() for each in body.external_ids),
        ),
    )  # fmt: skip


async def revoke(uow: UnitOfWork, record_id: str, body: RecognitionRevoke) -> Recognition:
    """Revoke by a decision after a hearing; it was held until yesterday."""
    found = await recognitions.load(uow, record_id, "revoke")
    if body.heard_on > uow.today:
        raise invalid("/heard_on", "not_heard", "应先听取陈述申辩。", "The organisation is heard first.")
    uow.reason = body.reason
    return await _end(
        uow, found, "revoke", uow.today - _ONE_DAY, document_no=body.document_no, reason=body.reason,
        benefits_to_recover=body.benefits_to_recover,
    )  # fmt: skip


async def surrender(uow: UnitOfWork, record_id: str, reason: str) -> Recognition:
    """The holder gives it up; it was held until yesterday."""
    found = await recognitions.load(uow, record_id, "surrender")
    await parties.require_authority(uow, found.organisation or "", "sign")
    uow.reason = reason
    return await _end(uow, found, "surrender", uow.today - _ONE_DAY, reason=reason)


async def correct(uow: UnitOfWork, record_id: str, body: RecognitionCorrect) -> Recognition:
    """Correct numbers that were recorded wrongly."""
    found = await recognitions.load(uow, record_id, "correct")
    uow.reason = body.reason
    values = body.model_dump(include={"certificate_no", "document_no"}, exclude_none=True)
    corrected = await recognitions.change(uow, found, "correct", **values)
    await _decided(uow, corrected)
    return corrected


async def expire(uow: UnitOfWork, timer: Timer) -> None:
    """Its last day has passed; the day on the record decides."""
    found = await recognitions.lookup_one(uow, lock=True, id=timer.record_id)
    if found is None or found.state != "valid" or found.valid_to is None or found.valid_to >= uow.today:
        return
    await _end(uow, found, "expire", found.valid_to)


async def _end(uow: UnitOfWork, found: Recognition, verb: str, last: date, **values: Any) -> Recognition:
    implied = verb == "supersede"
    ended = await recognitions.change(uow, found, verb, implied=implied, ended_on=last, **values)
    await tell(
        uow,
        events.RecognitionEnded(
            city=ended.city, division=ended.division, zones=list(ended.zones),
            organisation=ended.organisation or "", kind=ended.kind, outcome=ended.state, ended_on=last,
        ),
        aggregate=ended.id, version=ended.version,
    )  # fmt: skip
    return ended


async def _decided(uow: UnitOfWork, found: Recognition) -> None:
    await tell(
        uow,
        events.RecognitionDecided(
            city=found.city, division=found.division, zones=list(found.zones),
            organisation=found.organisation or "", kind=found.kind, level=found.level, source=found.source,
            decided_by=found.decided_by, document_no=found.document_no, decided_on=found.issued_on,
            valid_from=found.valid_from, valid_to=found.valid_to, first_time=found.first_time,
            renews=found.renews, pack=found.pack,
        ),
        aggregate=found.id, version=found.version,
    )  # fmt: skip
