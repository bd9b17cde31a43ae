"""Registers as a feature that a service takes in under its own resource name.

    class EnterpriseRecords(Registers):
        async def announce(self, uow, record, what): …        the service's own events
        def answer(self, uow, record, outcome, reason): …     what the reporting organisation is told

    records = EnterpriseRecords(metadata, rules, resource="enterprise-records", singular="enterprise_record",
                                table="enterprise_record", prefix="ER", title=Text("名册记录", "Register record"))

gives `records.RESOURCE`, `records.router`, `records.timers`, `records.IMPORT`, and for use cases `report`,
`confirm`, `end`, `correct`, `held`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from kechuang.db.unit import UnitOfWork
from kechuang.errors import invalid
from kechuang.http.files import attach
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.records import Records
from kechuang.text import Text
from kechuang.timers import TimerHandler
from kechuang_procedure.registers import checks, keys
from kechuang_procedure.registers.counting import Counting
from kechuang_procedure.registers.domain import OPEN_STATES, RegisterRecord, end_of_validity
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
from kechuang_procedure.registers.steps import RegisterSteps
from kechuang_procedure.registers.store import resource_of

_ONE_DAY = timedelta(days=1)


class Registers(RegisterSteps):
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
        self.timer = f"{resource}.expire"
        self.timers: Mapping[str, TimerHandler] = {self.timer: self.expire}
        self.IMPORT = import_of(self)
        self.router = routes(self)

    # -- acts ----------------------------------------------------------------------------------

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
        await self._authorised(uow)
        place = await self.rules.locate(uow, body, host)
        kind = checks.known(self.rules.kinds(uow, place.city, uow.today), body.kind)
        checks.require_role(uow, kind.reporters, "report")
        checks.own_host(uow, kind, host)
        parent = await self._parent(uow, kind, body.parent, place, body.valid_from)
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
        found = await self._loaded(uow, record_id, "update")
        await self._authorised(uow)
        kind = self.kind(uow, found)
        stated = await self._restated(uow, kind, found, body)
        await keys.require_free(uow, self.records, found.city or "", kind.code, stated, own=found.id)
        changed = await self.records.change(uow, found, "update", **stated)
        await self._attach_new(uow, found, changed)
        return changed

    async def confirm(self, uow: UnitOfWork, record_id: str, body: RegisterConfirm) -> RegisterRecord:
        """Confirm: from now on it counts on the days it holds. 422 `evidence_missing` names what is demanded."""
        found = await self._loaded(uow, record_id, "confirm")
        kind = self.kind(uow, found)
        checks.require_role(uow, kind.confirmers, "confirm")
        checks.require_evidence(kind, found.evidence)
        uow.reason = body.reason
        confirmed = await self._confirmed(uow, found, document_no=body.document_no or found.document_no)
        self.answer(uow, confirmed, "confirmed")
        return confirmed

    async def refuse(self, uow: UnitOfWork, record_id: str, reason: str) -> RegisterRecord:
        """Refuse what was reported; it never counts."""
        found = await self._loaded(uow, record_id, "refuse")
        checks.require_role(uow, self.kind(uow, found).confirmers, "refuse")
        uow.reason = reason
        refused = await self.records.change(uow, found, "refuse", reason=reason)
        self.answer(uow, refused, "refused", reason)
        return refused

    async def end(self, uow: UnitOfWork, record_id: str, body: RegisterEnd) -> RegisterRecord:
        """End: status lost, tenant left. `ended_on` is the last day on which it holds, not after today."""
        found = await self._loaded(uow, record_id, "end")
        await self._authorised(uow)
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
        found = await self._loaded(uow, record_id, "correct")
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


def _is_officer(uow: UnitOfWork) -> bool:
    return uow.actor.is_system or bool(uow.actor.areas) or "integration" in uow.actor.roles


def _reporter(uow: UnitOfWork, host: str | None, parent: RegisterRecord | None) -> str | None:
    """The organisation that reports: the caller's, else that of the record which this is a part of."""
    own = uow.actor.organisation or (parent.organisation if parent else None)
    return own if own != host else None
