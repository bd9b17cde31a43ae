"""Booking and taking back: the only writers of the ledger. An enterprise's bookings follow one another."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from enterprise_registry.metadata import alone, parties, tell
from enterprise_registry.points.domain import PointEntry
from enterprise_registry.points.store import point_entries, table
from kechuang.access import Actor
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.ids import new_id
from kechuang_contracts import enterprise_registry as events


@dataclass(frozen=True, slots=True)
class Booking:
    """What is to be booked. `source`: {kind, id, number, label}; `source_key` names it once and for all."""

    organisation: str
    rule: str
    points: int
    happened_on: date
    source: Mapping[str, Any]
    source_key: str
    pack: str
    origin: str = "automatic"
    evidence: Sequence[Mapping[str, Any]] = ()
    note: str | None = None
    record_id: str | None = None


async def earlier(uow: UnitOfWork, organisation: str, rule: str, source_key: str) -> list[PointEntry]:
    """What was booked for the source before, reversed or not, counter-entries left out; locks the enterprise's ledger."""
    await alone(uow, "points", organisation)
    found = await point_entries.lookup(uow, organisation=organisation, rule=rule, source_key=source_key)
    return [each for each in found if each.reverses is None]


@contextmanager
def _acting(uow: UnitOfWork, origin: str) -> Iterator[None]:
    """What a rule books needs nobody's right: whoever's act met the rule need not reach the enterprise's ledger.

    History still names that person, since it is written with the whole transaction.
    """
    caller = uow.actor
    if origin == "automatic":
        uow.actor = Actor.system(uow.database.service.name)
    try:
        yield
    finally:
        uow.actor = caller


async def book(uow: UnitOfWork, booking: Booking, *, verb: str) -> PointEntry | None:
    """Book an entry today; None when the source is no enterprise that is registered here."""
    owner = await parties.find(uow, booking.organisation)
    if owner is None:
        return None
    with _acting(uow, booking.origin):
        created = await point_entries.create(
        uow, verb=verb, record_id=booking.record_id, organisation=booking.organisation, city=owner.city, division=owner.division,
        zones=list(owner.zones), pack=booking.pack, rule=booking.rule, points=booking.points,
        booked_on=uow.today, happened_on=booking.happened_on, origin=booking.origin,
        source=dict(booking.source), source_key=booking.source_key,
        evidence=[dict(each) for each in booking.evidence], note=booking.note,
        handlers=[uow.actor.subject] if booking.origin == "manual" else [],
    )  # fmt: skip
    await _told(uow, created)
    return created


async def take_back(uow: UnitOfWork, entry: PointEntry, reason: str, *, verb: str, origin: str) -> PointEntry:
    """Reverse a locked entry by a counter-entry of today; gives the reversed one. 409 when it is reversed already."""
    counter_id = new_id()
    with _acting(uow, origin):
        reversed_ = await point_entries.change(
            uow, entry, verb, implied=verb != "reverse", reversed_by=counter_id, reason=reason
        )
        counter = await point_entries.create(
            uow, verb="reverse" if verb == "reverse" else "derive", record_id=counter_id,
            organisation=entry.organisation, city=entry.city, division=entry.division,
            zones=list(entry.zones), pack=entry.pack, rule=entry.rule, points=-entry.points,
            booked_on=uow.today, happened_on=uow.today, origin=origin, source=dict(entry.source),
            source_key=entry.source_key, reverses=entry.id, reason=reason, evidence=[],
        )  # fmt: skip
    await _told(uow, counter)
    await tell(
        uow,
        events.PointEntryReversed(
            city=entry.city, division=entry.division, zones=list(entry.zones),
            organisation=entry.organisation or "", rule=entry.rule, counter_entry=counter.id,
            reversed_on=uow.today,
        ),
        aggregate=reversed_.id, version=reversed_.version,
    )  # fmt: skip
    return reversed_


async def _told(uow: UnitOfWork, entry: PointEntry) -> None:
    await tell(
        uow,
        events.PointEntryRecorded(
            city=entry.city, division=entry.division, zones=list(entry.zones),
            organisation=entry.organisation or "", rule=entry.rule, points=entry.points,
            booked_on=entry.booked_on, reverses=entry.reverses, pack=entry.pack,
        ),
        aggregate=entry.id, version=entry.version,
    )  # fmt: skip


async def balance(unit: ReadUnit | UnitOfWork, organisation: str, on: date) -> tuple[int, int]:
    """The balance at the end of a day in hundredths, and of how many entries.

    Of every entry, wherever the enterprise was when it was booked: who may read the balance reads the whole one.
    """
    statement = sa.select(sa.func.coalesce(sa.func.sum(table.c.points), 0), sa.func.count()).where(
        table.c.organisation == organisation, table.c.booked_on <= on
    )
    row: Any = (await unit.execute(statement)).one()
    return int(row[0]), int(row[1])
