"""How recognitions come to be: by the city's decision, by an answer from elsewhere, in bulk; and their correction."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from enterprise_registry.messages import notify
from enterprise_registry.metadata import alone, parties, tell
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.recognitions.domain import ENDED, Recognition, end_of_validity, held_on
from enterprise_registry.recognitions.ending import EXPIRE, supersede, tell_end
from enterprise_registry.recognitions.kinds import find_kind
from enterprise_registry.recognitions.schemas import RecognitionCorrect, RecognitionCreate
from enterprise_registry.recognitions.store import recognitions
from enterprise_registry.reserve_pools import graduation as reserve_pools
from kechuang.clock import end_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events

_CORRECTABLE = ("certificate_no", "document_no", "issued_on", "valid_to")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a decision says. `renews` names what it renews; with `renews_held` that is what is held on its first day."""

    organisation: str
    kind: str
    issued_on: date
    source: str
    valid_from: date | None = None
    valid_to: date | None = None
    certificate_no: str | None = None
    document_no: str | None = None
    renews: str | None = None
    renews_held: bool = False
    application: str | None = None
    pack: str | None = None
    external_ids: tuple[Any, ...] = ()
    record_id: str | None = None
    round: str | None = None


async def record(uow: UnitOfWork, grant: Grant, *, verb: str = "create") -> Recognition:
    """Record a recognition; 409 when the same one (organisation, node, first day) is there already."""
    party = await parties.find(uow, grant.organisation)
    if party is None:
        raise invalid("/organisation", "organisation_unknown", "该单位尚未登记。", "Not registered.")
    shelf = library(uow)
    pack = shelf.stamped(grant.pack) if grant.pack else shelf.require_city_pack(party.city, grant.issued_on)
    kind = find_kind(shelf, pack, grant.kind)
    if kind.gained_by == "derived":
        raise invalid(
            "/kind", "derived_node", "该梯次由条件推定，不能登记。", "A derived node is never recorded."
        )
    first = grant.valid_from or grant.issued_on
    if grant.issued_on > uow.today:
        raise invalid("/issued_on", "in_the_future", "认定日期不能晚于今天。", "Not in the future.")
    await alone(uow, "recognition", grant.organisation)
    earlier = await recognitions.lookup(uow, organisation=grant.organisation, node=kind.canonical)
    same = next((each for each in earlier if each.valid_from == first), None)
    if same is not None:
        raise Conflict(
            Text("该单位同日起的同类认定已登记。", "This recognition is recorded already."),
            code="already_recognised",
            extra={"existing": {"id": same.id, "number": same.number, "label": same.kind}},
        )
    renewed = _renewed(earlier, grant.renews, first) or (_held(earlier, first) if grant.renews_held else None)
    created = await recognitions.create(
        uow, verb=verb, record_id=grant.record_id, organisation=grant.organisation, city=party.city, division=party.division,
        zones=list(party.zones), pack=stamp(pack), kind=kind.code, node=kind.canonical,
        level=kind.level, source=grant.source, decided_by=kind.decided_by,
        certificate_no=grant.certificate_no, document_no=grant.document_no, issued_on=grant.issued_on,
        valid_from=first,
        valid_to=grant.valid_to or end_of_validity(kind.validity, first),
        renews=renewed.id if renewed else None, application=grant.application,
        first_time=all(each.valid_from > first for each in earlier), benefits_to_recover=False, benefits=[],
        round=grant.round, external_ids=list(grant.external_ids),
    )  # fmt: skip
    if created.valid_to is not None:
        uow.schedule(EXPIRE, end_of_day(created.valid_to), created.id, created.version)
    await _decided(uow, created)
    notify(
        uow, created, "recognitions", "recognition.decided", kind=kind.name.zh,
        document_no=created.document_no or "", organisation=party.title,
        due_on=created.valid_to or "",
    )  # fmt: skip
    await _set_right(uow, created, earlier)
    if renewed is not None:
        await supersede(uow, renewed, created)
    await reserve_pools.graduate_for(uow, created)
    return created


def _renewed(earlier: list[Recognition], renews: str | None, first: date) -> Recognition | None:
    if renews is None:
        return None
    found = next((each for each in earlier if each.id == renews), None)
    if found is None:
        raise invalid(
            "/renews", "renewed_unknown", "被续认的记录不存在或不属于该单位同类认定。",
            "The renewed recognition is not one of this kind and organisation.",
        )  # fmt: skip
    if found.valid_from >= first:
        raise invalid(
            "/renews",
            "renewed_later",
            "被续认的记录应早于本次认定。",
            "The renewed one began before this one.",
        )
    return found


def _held(earlier: list[Recognition], first: date) -> Recognition | None:
    """What an application renews without naming it: the kind as it is still held when the new one begins."""
    held = [each for each in earlier if each.valid_from < first and held_on(each, first)]
    return max(held, key=lambda each: (each.valid_from, each.id), default=None)


async def _set_right(uow: UnitOfWork, created: Recognition, earlier: list[Recognition]) -> None:
    """Lists may arrive out of order: an earlier recognition takes the mark of the first time from a later one."""
    for each in earlier:
        if each.first_time and each.valid_from > created.valid_from:
            locked = await recognitions.lookup_one(uow, lock=True, id=each.id)
            assert locked is not None, "nothing is deleted"
            later = await recognitions.change(uow, locked, "set-right", implied=True, first_time=False)
            await _told_anew(uow, later)


async def _told_anew(uow: UnitOfWork, found: Recognition) -> None:
    """Tell a corrected decision: what was told before never held, this does, and its end (if any) once more."""
    await tell_end(uow, found, "corrected", found.valid_from - timedelta(days=1))
    await _decided(uow, found)
    if found.state in ENDED and found.ended_on is not None:
        again = await recognitions.change(uow, found, "tell-again", implied=True)
        await tell_end(uow, again, again.state, found.ended_on)


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


async def correct(uow: UnitOfWork, record_id: str, body: RecognitionCorrect) -> Recognition:
    """Correct what was recorded wrongly: numbers, the day of the decision, the last day."""
    found = await recognitions.load(uow, record_id, "correct")
    uow.reason = body.reason
    values = body.model_dump(include=set(_CORRECTABLE), exclude_none=True)
    return await _correct(uow, found, values)


async def _correct(uow: UnitOfWork, found: Recognition, values: dict[str, Any]) -> Recognition:
    last = values.get("valid_to")
    if last is not None and last < found.valid_from:
        raise invalid(
            "/valid_to", "not_correctable", "有效期止不得早于生效日。",
            "The last day never lies before the first.",
        )  # fmt: skip
    if (issued := values.get("issued_on")) is not None and issued > uow.today:
        raise invalid("/issued_on", "in_the_future", "认定日期不能晚于今天。", "Not in the future.")
    to = found.state
    if last is not None and found.state == "expired":
        # It ran out by a last day that was recorded wrongly: the right one decides whether it is valid still.
        to, ended_on = ("valid", None) if last >= uow.today else ("expired", last)
        values = {**values, "ended_on": ended_on}
    corrected = await recognitions.change(uow, found, "correct", to=to, **values)
    if last is not None and to == "valid":
        uow.schedule(EXPIRE, end_of_day(last), corrected.id, corrected.version)
    await _told_anew(uow, corrected)
    return corrected


async def correct_by_list(uow: UnitOfWork, known: str, body: RecognitionCreate) -> bool:
    """Take over what a list says differently of a known recognition; False when it says nothing new."""
    found = await recognitions.load(uow, known, "correct")
    said = {name: getattr(body, name) for name in _CORRECTABLE}
    differing = {
        name: value for name, value in said.items() if value is not None and value != getattr(found, name)
    }
    if not differing:
        return False
    await _correct(uow, found, differing)
    return True


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
