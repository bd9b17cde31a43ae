"""The steps that the acts on register records are made of."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from kechuang.clock import end_of_day
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.http.files import attach
from kechuang.http.schemas import columns
from kechuang.records import Records
from kechuang.resources import Resource
from kechuang.timers import Timer
from kechuang_procedure.registers import checks
from kechuang_procedure.registers.counting import Counting
from kechuang_procedure.registers.domain import (
    HELD_STATES,
    RegisterKind,
    RegisterRecord,
    end_of_validity,
    natural_key,
    standing,
)
from kechuang_procedure.registers.rules import RegisterPlace, RegisterRules
from kechuang_procedure.registers.schemas import RegisterPatch

What = Literal["confirmed", "ended"]
Answer = Literal["confirmed", "refused"]
_CONTENT = ("title", "level", "organisation", "parent", "chain", "valid_from", "valid_to", "document_no")


class RegisterSteps:
    """What a service's registers consist of, and their steps."""

    rules: RegisterRules
    RESOURCE: Resource[RegisterRecord]
    table: sa.Table
    records: Records[RegisterRecord]
    counting: Counting
    timer: str

    async def announce(self, uow: UnitOfWork, record: RegisterRecord, what: What) -> None:
        """Tell others that a record counts from its first day on, or ended; nothing unless overridden."""

    def answer(
        self, uow: UnitOfWork, record: RegisterRecord, outcome: Answer, reason: str | None = None
    ) -> None:
        """Tell the organisation that reported a record what came of it; nothing unless overridden."""

    def may_confirm(self, uow: UnitOfWork) -> bool:
        """Whether the caller's roles may ever confirm records."""
        return uow.permissions.may_ever(uow.actor, self.RESOURCE.action("confirm"))

    def kind(self, uow: UnitOfWork | ReadUnit, record: RegisterRecord) -> RegisterKind:
        """The kind of a record as its city's pack declares it now, else as it did when the record was made."""
        found = self.rules.kinds(uow, record.city or "", uow.today).get(record.kind)
        return found or checks.known(self.rules.stamped_kinds(uow, record.pack or ""), record.kind)

    async def held(
        self, unit: ReadUnit | UnitOfWork, organisation: str, kinds: Sequence[str], day: date
    ) -> list[RegisterRecord]:
        """The records of some kinds that an organisation holds and that count on a day: for a rule's sake."""
        last = self.counting.last
        statement = sa.select(*self.records.columns).where(
            self.table.c.organisation == organisation,
            self.table.c.kind.in_(kinds),
            self.table.c.state.in_(HELD_STATES),
            self.table.c.standing == "counted",
            self.table.c.valid_from <= day,
            sa.or_(last.is_(None), last >= day),
        )
        return [self.records.row(row) for row in await unit.execute(statement)]

    async def _loaded(self, uow: UnitOfWork, record_id: str, verb: str) -> RegisterRecord:
        """Lock a record for a verb; its state is looked at before what is asked for."""
        found = await self.records.load(uow, record_id, verb)
        self.RESOURCE.machine.require(verb, found.state)
        return found

    async def _confirmed(
        self, uow: UnitOfWork, found: RegisterRecord, *, implied: bool = False, **values: Any
    ) -> RegisterRecord:
        confirmed = await self.records.change(uow, found, "confirm", implied=implied, **values)
        if confirmed.valid_to is not None:
            uow.schedule(self.timer, end_of_day(confirmed.valid_to), confirmed.id, confirmed.version)
        await self._told(uow, confirmed, "confirmed")
        return confirmed

    async def _told(self, uow: UnitOfWork, record: RegisterRecord, what: What) -> None:
        if record.standing != "not_counted":
            await self.announce(uow, record, what)

    async def expire(self, uow: UnitOfWork, timer: Timer) -> None:
        """Its last day has passed; the day on the record decides."""
        found = await self.records.lookup_one(uow, lock=True, id=timer.record_id)
        if found is None or found.state != "confirmed":
            return
        if found.valid_to is None or found.valid_to >= uow.today:
            return
        expired = await self.records.change(uow, found, "expire", ended_on=found.valid_to, outcome="expired")
        await self._told(uow, expired, "ended")

    def _stated(self, kind: RegisterKind, values: Mapping[str, Any]) -> dict[str, Any]:
        stated = {name: values[name] for name in _CONTENT} | {
            "fields": dict(values["fields"]),
            "evidence": list(values["evidence"]),
        }
        return stated | {
            "natural_key": natural_key(kind, stated),
            "standing": standing(kind, stated["fields"]),
        }

    async def _restated(
        self, uow: UnitOfWork, kind: RegisterKind, found: RegisterRecord, body: RegisterPatch
    ) -> dict[str, Any]:
        """The record's content with what a patch says, checked as a new one is."""
        given = columns(body, only_set=True)
        values = {name: given.get(name, getattr(found, name)) for name in _CONTENT}
        merged = {**found.fields, **(given.get("fields") or {})}
        values["fields"] = {name: each for name, each in merged.items() if each is not None}
        values["evidence"] = given.get("evidence", list(found.evidence)) or []
        for name in ("title", "valid_from"):
            values[name] = values[name] or getattr(found, name)
        values["valid_to"] = _restated_end(kind, found, given)
        await checks.content(self.rules, uow, kind, values, found.city or "", held_by=found.organisation)
        if values["parent"] != found.parent:
            place = RegisterPlace(found.city or "", found.division, found.zones, found.pack or "")
            parent = await self._parent(uow, kind, values["parent"], place, values["valid_from"])
            values["parent"] = parent.id if parent else None
        return self._stated(kind, values)

    async def _attach_new(self, uow: UnitOfWork, before: RegisterRecord, after: RegisterRecord) -> None:
        known = {each["file"] for each in before.evidence}
        new = [each["file"] for each in after.evidence if each["file"] not in known]
        await attach(uow, self.RESOURCE.name, after.id, new, "/evidence")

    async def _authorised(self, uow: UnitOfWork) -> None:
        """Refuse a person who acts for an organisation without its authorisation."""
        if uow.actor.organisation is not None:
            await self.rules.require_authority(uow, uow.actor.organisation)

    async def _parent(
        self, uow: UnitOfWork, kind: RegisterKind, parent_id: str | None, place: RegisterPlace, first: date
    ) -> RegisterRecord | None:
        if not checks.names_parent(kind, parent_id):
            return None
        found = await self.records.lookup_one(uow, id=parent_id) or await self.records.lookup_one(
            uow, number=parent_id
        )
        return checks.usable_parent(uow, self.RESOURCE.name, kind, found, place.city, first)


def _restated_end(kind: RegisterKind, found: RegisterRecord, given: Mapping[str, Any]) -> date | None:
    """The last day after a change: as stated; reckoned anew where it followed from a first day that changes."""
    first = given.get("valid_from") or found.valid_from
    reckoned = found.valid_to == end_of_validity(kind, found.valid_from)
    stated: date | None = given.get("valid_to", None if reckoned else found.valid_to)
    return stated or end_of_validity(kind, first)
