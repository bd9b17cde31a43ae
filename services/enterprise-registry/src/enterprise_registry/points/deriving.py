"""Points that follow by themselves: from recognitions, verified years, confirmed records, and what others tell.

Each runs in the transaction of what earned the points. A source is booked once by a rule, however often it is told;
a correction that changes a year's points reverses the entry and books anew; what a person reversed stays reversed.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.filings.periods import year_of
from enterprise_registry.metadata import hears, parties
from enterprise_registry.points import rules
from enterprise_registry.points.domain import PointEntry
from enterprise_registry.points.ledger import Booking, book, earlier, take_back
from enterprise_registry.points.store import point_entries
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.registers.store import records
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Event, Received
from kechuang.messaging.handlers import AnyHandler, Handler
from kechuang_contracts.commissioner_matching import TechnicalNeedConfirmed, TechnicalNeedReopened
from kechuang_contracts.enterprise_registry import (
    FilingVerified,
    RecognitionDecided,
    RecognitionEnded,
    RegisterRecordConfirmed,
    RegisterRecordEnded,
)
from kechuang_contracts.project_bidding import AwardDecided, ContractSigned
from kechuang_packs import Pack
from kechuang_packs.models.scoring import PointRule
from kechuang_packs.scalar import Missing

_ANNULLED = frozenset({"revoked", "annulled", "cancelled", "withdrawn"})
"""Ends that say that the points were never deserved."""


async def _pack(uow: UnitOfWork, organisation: str) -> Pack | None:
    owner = await parties.find(uow, organisation)
    return library(uow).city_pack(owner.city, uow.today) if owner else None


async def _once(
    uow: UnitOfWork,
    organisation: str,
    pack: Pack,
    met: Iterable[tuple[PointRule, int]],
    on: date,
    source: dict[str, Any],
) -> None:
    """Book each rule that is met, unless this source was booked by it before."""
    key = f"{source['kind']}:{source['id']}"
    for rule, points in met:
        if not await earlier(uow, organisation, rule.code, key):
            await book(
                uow, Booking(organisation, rule.code, points, on, source, key, stamp(pack)), verb="derive"
            )


async def _annul(
    uow: UnitOfWork, kind: str, record_id: str, reason: str, *, besides: Collection[str] = ()
) -> None:
    """Take back what a source earned, but for what it earned by the rules in `besides`."""
    for each in await point_entries.lookup(uow, source_key=f"{kind}:{record_id}", state="recorded"):
        if each.reverses is None and each.rule not in besides:
            await earlier(uow, each.organisation or "", each.rule, each.source_key)
            locked = await point_entries.lookup_one(uow, lock=True, id=each.id)
            if locked is not None and locked.state == "recorded":
                await take_back(uow, locked, reason, verb="reverse-by-rule", origin="automatic")


async def recognised(uow: UnitOfWork, event: Received[RecognitionDecided]) -> None:
    """A recognition was decided, or its decision corrected: what it meets no more (the first time) is taken back."""
    data, shelf = event.data, library(uow)
    pack = await _pack(uow, data.organisation)
    if pack is None or shelf.find_node(pack, data.kind) is None:
        return
    node = shelf.canonical(pack, data.kind)
    source = {"kind": "recognition", "id": event.aggregate, "number": data.document_no, "label": data.kind}
    met = list(rules.for_recognition(shelf, pack, node, first_time=data.first_time))
    await _once(uow, data.organisation, pack, met, data.decided_on, source)
    await _annul(
        uow, "recognition", event.aggregate, "认定已更正 The recognition was corrected",
        besides={rule.code for rule, _ in met},
    )  # fmt: skip


async def recognition_ended(uow: UnitOfWork, event: Received[RecognitionEnded]) -> None:
    """A revoked recognition takes its points along; one that ran out keeps them."""
    if event.data.outcome in _ANNULLED:
        await _annul(uow, "recognition", event.aggregate, "认定已撤销 The recognition was revoked")


async def registered(uow: UnitOfWork, event: Received[RegisterRecordConfirmed]) -> None:
    """A record of a register was confirmed and counts."""
    data = event.data
    if data.organisation is None or data.standing != "counted":
        return
    pack = await _pack(uow, data.organisation)
    if pack is None:
        return
    first = await _first(uow, event.aggregate)
    source = {"kind": "register_record", "id": first, "number": None, "label": data.kind}
    met = rules.for_register(library(uow), pack, data.kind)
    await _once(uow, data.organisation, pack, met, data.valid_from, source)


async def _first(uow: UnitOfWork, record_id: str) -> str:
    """A correction of a record is a record of its own: give the one that stands at the beginning."""
    while True:
        found = await records.records.lookup_one(uow, id=record_id)
        if found is None or found.supersedes is None:
            return record_id
        record_id = found.supersedes


async def register_ended(uow: UnitOfWork, event: Received[RegisterRecordEnded]) -> None:
    """A record that was wrong takes its points along."""
    if event.data.outcome in _ANNULLED:
        await _annul(uow, "register_record", event.aggregate, "名册记录已撤销 The record was annulled")


async def verified(uow: UnitOfWork, event: Received[FilingVerified]) -> None:
    """A year was verified, for the first time or corrected: points of facts follow it."""
    data, shelf = event.data, library(uow)
    pack = await _pack(uow, data.organisation)
    if pack is None or data.statistical:
        return
    year = year_of(data.period)
    base = await fact_base(uow, pack, data.organisation, on=uow.today, verified_only=True)
    for rule in rules.rules(shelf, pack):
        if rule.fact is None or not base.vocabulary[rule.fact].yearly:
            continue
        value = base.lookup(rule.fact, base.on.year - year)
        points = None if isinstance(value, Missing) else rules.banded(shelf, pack, rule, value)
        source = {
            "kind": "filing",
            "id": event.aggregate,
            "number": None,
            "label": f"{data.form} {data.period}",
        }
        booking = Booking(
            data.organisation,
            rule.code,
            points or 0,
            data.verified_on,
            source,
            f"fact:{rule.fact}:{year}",
            stamp(pack),
        )
        await _restate(uow, booking, known=points is not None)


async def _restate(uow: UnitOfWork, booking: Booking, *, known: bool) -> None:
    """Bring the entry of a year to what the year is worth now; an unknown value changes nothing."""
    if not known:
        return
    before = await earlier(uow, booking.organisation, booking.rule, booking.source_key)
    live = next((each for each in before if each.state == "recorded"), None)
    if live is not None and live.points == booking.points:
        return
    if live is None and await _reversed_by_person(uow, before):
        return
    if live is not None:
        locked = await point_entries.lookup_one(uow, lock=True, id=live.id)
        assert locked is not None  # the ledger of this enterprise is ours alone
        await take_back(
            uow, locked, "数据更正 The year was corrected", verb="reverse-by-rule", origin="automatic"
        )
    if booking.points > 0:
        await book(uow, booking, verb="derive")


async def _reversed_by_person(uow: UnitOfWork, before: list[PointEntry]) -> bool:
    """Whether a person took back what was booked last."""
    if not before:
        return False
    last = max(before, key=lambda each: (each.created_at, each.id))
    counter = await point_entries.lookup_one(uow, reverses=last.id)
    return counter is not None and counter.origin == "manual"


async def resolved(uow: UnitOfWork, event: Received[TechnicalNeedConfirmed]) -> None:
    """An enterprise confirmed that its need is resolved."""
    data = event.data
    await _heard(uow, event, "need_resolved", [data.organisation], data.confirmed_on)


async def reopened(uow: UnitOfWork, event: Received[TechnicalNeedReopened]) -> None:
    """It is not resolved after all."""
    await _annul(uow, "need_resolved", event.aggregate, "需求重新打开 The need was reopened")


async def awarded(uow: UnitOfWork, event: Received[AwardDecided]) -> None:
    """A call was awarded: the lead and each member earn."""
    data = event.data
    await _heard(uow, event, "project_awarded", [data.lead, *data.members], data.decided_on)


async def signed(uow: UnitOfWork, event: Received[ContractSigned]) -> None:
    """A contract or an agreement was signed by all."""
    data = event.data
    await _heard(uow, event, "contract_signed", data.parties, data.signed_on)


async def _heard(
    uow: UnitOfWork, event: Received[Event], kind: str, organisations: list[str], on: date
) -> None:
    for uscc in sorted(set(organisations)):
        pack = await _pack(uow, uscc)
        if pack is not None:
            source = {"kind": kind, "id": event.aggregate, "number": None, "label": kind}
            await _once(uow, uscc, pack, rules.for_event(library(uow), pack, kind), on, source)


hears(RecognitionDecided, recognised)
hears(RecognitionEnded, recognition_ended)
hears(RegisterRecordConfirmed, registered)
hears(RegisterRecordEnded, register_ended)
hears(FilingVerified, verified)


def handlers() -> list[AnyHandler]:
    """Give the handlers of what other services tell."""
    return [
        Handler(TechnicalNeedConfirmed, resolved, name="points"),
        Handler(TechnicalNeedReopened, reopened, name="points"),
        Handler(AwardDecided, awarded, name="points"),
        Handler(ContractSigned, signed, name="points"),
    ]
