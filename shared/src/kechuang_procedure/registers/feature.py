"""Registers as a feature that a service takes in under its own resource name.

    class EnterpriseRecords(Registers):
        async def announce(self, uow, record, what): …        the service's own events

    records = EnterpriseRecords(metadata, rules, resource="enterprise-records", singular="enterprise_record",
                                table="enterprise_record", prefix="ER", title=Text("名册记录", "Register record"))

gives `records.RESOURCE`, `records.router`, `records.timers`, `records.IMPORT`, and for use cases `report`,
`confirm`, `end`, `correct`, `held`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from kechuang.clock import end_of_day
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang.http.files import attach
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.records import Records
from kechuang.text import Text
from kechuang.timers import Timer, TimerHandler
from kechuang_procedure.registers import checks, keys
from kechuang_procedure.registers.counting import Counting
from kechuang_procedure.registers.domain import (
    HELD_STATES,
    OPEN_STATES,
    RegisterKind,
    RegisterRecord,
    end_of_validity,
    natural_key,
    standing,
)
from kechuang_procedure.registers.edge import routes
from kechuang_procedure.registers.imports import import_of
from kechuang_procedure.registers.rules import RegisterPlace, RegisterRules
from kechuang_procedure.registers.schemas import (
    RegisterConfirm,
    RegisterCorrect,
    RegisterCreate,
    RegisterEnd,
    RegisterPatch,
)
from kechuang_procedure.registers.store import resource_of

What = Literal["confirmed", "ended"]
_ONE_DAY = timedelta(days=1)
_CONTENT = ("title", "level", "organisation", "parent", "chain", "valid_from", "valid_to", "document_no")


class Registers:
    """The register records of one service. Override `announce` to tell others."""

    def __init__(
        self,
        metadata: sa.MetaData,
        rules: RegisterRules,
        *,
        resource: str,
        singular: str,
        table: str,
        prefix: str,
        title: Text,
    ) -> None:
        self.rules = rules
        self.RESOURCE = resource_of(
            metadata, resource=resource, singular=singular, table=table, prefix=prefix, title=title
        )
        self.table = self.RESOURCE.table
        self.records = Records(self.RESOURCE)
        self.counting = Counting(self.table)
        self._timer = f"{resource}.expire"
        self.timers: Mapping[str, TimerHandler] = {self._timer: self._expire}
        self.IMPORT = import_of(self)
        self.router = routes(self)

    async def announce(self, uow: UnitOfWork, record: RegisterRecord, what: What) -> None:
        """Tell others that a record counts from its first day on, or ended; nothing unless overridden."""

    # -- for use cases -------------------------------------------------------------------------

    def may_confirm(self, uow: UnitOfWork) -> bool:
        """Whether the caller's roles may ever confirm records."""
        return uow.permissions.may_ever(uow.actor, self.RESOURCE.action("confirm"))

    def kind(self, uow: UnitOfWork | ReadUnit, record: RegisterRecord) -> RegisterKind:
        """The kind of a record as its city's pack declares it now, else as it did on the record's first day."""
        found = self.rules.kinds(uow, record.city or "", uow.today).get(record.kind)
        return found or checks.known(self.rules.kinds(uow, record.city or "", record.valid_from), record.kind)

    async def report(
        self, uow: UnitOfWork, body: RegisterCreate, *, confirmed: bool = False
    ) -> RegisterRecord:
        """Report a record. It counts when it is confirmed: at once where the kind says so or `confirmed` does.

        Refuses 422 by field for what the kind does not allow, 409 `register_overlap` where a record of the same
        natural key holds on one of its days.
        """
        host = body.organisation
        if host is None and not _is_officer(uow):
            host = uow.actor.organisation
        if uow.actor.organisation is not None:
            await self.rules.require_authority(uow, uow.actor.organisation)
        place = await self.rules.locate(uow, body, host)
        kind = checks.known(self.rules.kinds(uow, place.city, uow.today), body.kind)
        checks.require_role(uow, kind.reporters, "report")
        parent = await self._parent(uow, kind, body.parent, place)
        values = {**columns(body), "organisation": host, "parent": parent.id if parent else None}
        await checks.content(self.rules, uow, kind, values, place.city)
        checks.same_register(kind, body.register_)
        values["valid_to"] = body.valid_to or end_of_validity(kind, body.valid_from)
        stated = self._stated(kind, values)
        await keys.require_free(uow, self.records, place.city, kind.code, stated, own=None)
        record_id = new_id()
        created = await self.records.create(
            uow, record_id=record_id, **stated,
            register=kind.register, kind=kind.code, reporter=_reporter(uow, host, parent),
            city=place.city, division=place.division, zones=list(place.zones), pack=place.pack,
            external_ids=[each.model_dump() for each in body.external_ids], public=kind.public,
        )  # fmt: skip
        await attach(
            uow, self.RESOURCE.name, record_id, [each["file"] for each in stated["evidence"]], "/evidence"
        )
        if kind.counts_with_report or confirmed:
            return await self._confirmed(uow, created, implied=True)
        return created

    async def update(self, uow: UnitOfWork, record_id: str, body: RegisterPatch) -> RegisterRecord:
        """Change a record that waits for confirmation."""
        found = await self.records.load(uow, record_id, "update")
        kind = self.kind(uow, found)
        stated = await self._restated(uow, kind, found, body)
        await keys.require_free(uow, self.records, found.city or "", kind.code, stated, own=found.id)
        changed = await self.records.change(uow, found, "update", **stated)
        await self._attach_new(uow, found, changed)
        return changed

    async def confirm(self, uow: UnitOfWork, record_id: str, body: RegisterConfirm) -> RegisterRecord:
        """Confirm: from now on it counts on the days it holds. 422 `evidence_missing` names what is demanded."""
        found = await self.records.load(uow, record_id, "confirm")
        kind = self.kind(uow, found)
        checks.require_role(uow, kind.confirmers, "confirm")
        checks.require_evidence(kind, found.evidence)
        uow.reason = body.reason
        return await self._confirmed(uow, found, document_no=body.document_no or found.document_no)

    async def refuse(self, uow: UnitOfWork, record_id: str, reason: str) -> RegisterRecord:
        """Refuse what was reported; it never counts."""
        found = await self.records.load(uow, record_id, "refuse")
        checks.require_role(uow, self.kind(uow, found).confirmers, "refuse")
        uow.reason = reason
        return await self.records.change(uow, found, "refuse", reason=reason)

    async def end(self, uow: UnitOfWork, record_id: str, body: RegisterEnd) -> RegisterRecord:
        """End: status lost, tenant left. `ended_on` is the last day on which it holds, not after today."""
        found = await self.records.load(uow, record_id, "end")
        kind = self.kind(uow, found)
        checks.require_role(uow, kind.reporters | kind.confirmers if kind.confirmers else frozenset(), "end")
        checks.ending(found, body.ended_on, uow.today)
        uow.reason = body.reason
        ended = await self.records.change(
            uow, found, "end", ended_on=body.ended_on, outcome="ended", reason=body.reason,
            document_no=body.document_no or found.document_no,
        )  # fmt: skip
        await self._told(uow, ended, "ended")
        return ended

    async def correct(self, uow: UnitOfWork, record_id: str, body: RegisterCorrect) -> RegisterRecord:
        """Correct what was recorded wrongly: a new record supersedes this one, which stays with its history.

        The new one is confirmed (or ended) as the old one was; records that are part of the old one follow.
        """
        found = await self.records.load(uow, record_id, "correct")
        kind = self.kind(uow, found)
        checks.require_role(uow, kind.confirmers, "correct")
        uow.reason = body.reason
        stated = await self._restated(uow, kind, found, body)
        place = await self._moved(uow, found, stated, body)
        ended_on = body.ended_on if "ended_on" in body.model_fields_set else found.ended_on
        restated = {**stated, "ended_on": ended_on}
        await keys.require_free(uow, self.records, found.city or "", kind.code, restated, own=found.id)
        new = new_id()
        old = await self.records.change(
            uow, found, "correct", superseded_by=new, outcome="corrected", reason=body.reason,
            ended_on=found.valid_from - _ONE_DAY,
        )  # fmt: skip
        await self._told(uow, old, "ended")
        created = await self.records.create(
            uow, record_id=new, **stated, register=kind.register, kind=kind.code, reporter=found.reporter,
            city=found.city, division=place.division, zones=list(place.zones), pack=found.pack,
            external_ids=list(found.external_ids), public=kind.public, supersedes=found.id,
        )  # fmt: skip
        await self._attach_new(uow, found, created)
        for each in await self.records.lookup(uow, lock=True, parent=found.id):
            if each.state in OPEN_STATES:
                await self.records.change(uow, each, "follow", implied=True, parent=new)
        created = await self._confirmed(uow, created, implied=True)
        if ended_on is None or created.state != "confirmed":
            return created
        checks.ending(created, ended_on, uow.today)
        ended = await self.records.change(
            uow, created, "end", implied=True, ended_on=ended_on, outcome=found.outcome, reason=body.reason
        )
        await self._told(uow, ended, "ended")
        return ended

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

    # -- steps ---------------------------------------------------------------------------------

    async def _confirmed(
        self, uow: UnitOfWork, found: RegisterRecord, *, implied: bool = False, **values: Any
    ) -> RegisterRecord:
        confirmed = await self.records.change(uow, found, "confirm", implied=implied, **values)
        if confirmed.valid_to is not None:
            uow.schedule(self._timer, end_of_day(confirmed.valid_to), confirmed.id, confirmed.version)
        await self._told(uow, confirmed, "confirmed")
        return confirmed

    async def _told(self, uow: UnitOfWork, record: RegisterRecord, what: What) -> None:
        if record.standing != "not_counted":
            await self.announce(uow, record, what)

    async def _expire(self, uow: UnitOfWork, timer: Timer) -> None:
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
        await checks.content(self.rules, uow, kind, values, found.city or "")
        checks.ordered(values["valid_from"], values["valid_to"])
        if values["parent"] != found.parent:
            place = RegisterPlace(found.city or "", found.division, found.zones, found.pack or "")
            parent = await self._parent(uow, kind, values["parent"], place)
            values["parent"] = parent.id if parent else None
        return self._stated(kind, values)

    async def _moved(
        self, uow: UnitOfWork, found: RegisterRecord, stated: Mapping[str, Any], body: RegisterCorrect
    ) -> RegisterPlace:
        """The place of a corrected record: another one of the same city where host or division are corrected."""
        if body.division is None and stated["organisation"] == found.organisation:
            return RegisterPlace(found.city or "", found.division, found.zones, found.pack or "")
        asked = RegisterCreate(
            kind=found.kind, title=stated["title"], valid_from=stated["valid_from"], division=body.division
        )
        place = await self.rules.locate(uow, asked, stated["organisation"])
        if place.city != found.city:
            raise invalid(
                "/division" if body.division else "/organisation", "other_city",
                "更正不能改到其他城市，请终止后在对方城市登记。",
                "A correction stays in its city; end the record and report it there.",
            )  # fmt: skip
        return place

    async def _attach_new(self, uow: UnitOfWork, before: RegisterRecord, after: RegisterRecord) -> None:
        known = {each["file"] for each in before.evidence}
        new = [each["file"] for each in after.evidence if each["file"] not in known]
        await attach(uow, self.RESOURCE.name, after.id, new, "/evidence")

    async def _parent(
        self, uow: UnitOfWork, kind: RegisterKind, parent_id: str | None, place: RegisterPlace
    ) -> RegisterRecord | None:
        if not checks.names_parent(kind, parent_id):
            return None
        found = await self.records.lookup_one(uow, id=parent_id) or await self.records.lookup_one(
            uow, number=parent_id
        )
        return checks.usable_parent(uow, self.RESOURCE.name, kind, found, place.city)


def _is_officer(uow: UnitOfWork) -> bool:
    return uow.actor.is_system or bool(uow.actor.areas) or "integration" in uow.actor.roles


def _reporter(uow: UnitOfWork, host: str | None, parent: RegisterRecord | None) -> str | None:
    """The organisation that reports: the caller's, else that of the record which this is a part of."""
    own = uow.actor.organisation or (parent.organisation if parent else None)
    return own if own != host else None
