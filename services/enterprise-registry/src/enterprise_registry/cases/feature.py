"""The common mechanism of cases under this service's name, with what only this service knows."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from enterprise_registry.applications.store import applications
from enterprise_registry.cases.kinds import kind_of
from enterprise_registry.cases.rung_actions import actions_of
from enterprise_registry.cases.telling import tell_cases
from enterprise_registry.filings.store import filings
from enterprise_registry.metadata import metadata, parties
from enterprise_registry.organisations.store import ORGANISATIONS, organisations
from enterprise_registry.policy.library import library
from enterprise_registry.policy_documents.store import basis_warnings
from enterprise_registry.recognitions.counts import held_on
from enterprise_registry.recognitions.store import recognitions
from enterprise_registry.recognitions.store import table as recognition_table
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import FieldError, Invalid, invalid
from kechuang.records import Records
from kechuang.text import Text
from kechuang_procedure.cases import Case, CasePlace, Cases, Kind
from kechuang_procedure.cases.hooks import Happened
from kechuang_procedure.cases.opening import MAX_TARGETS
from kechuang_procedure.cases.schemas import CaseLink, CaseSelect

# Records of other services that a contact may lead to; what is said of them is taken as said.
_ELSEWHERE = frozenset({"technical-needs", "dispatches", "calls", "bids", "contracts", "external-projects"})


class EnterpriseCases(Cases):
    """Cases of this service."""

    def kind(self, uow: UnitOfWork, city: str | None, code: str) -> Kind:
        """Give a kind of the city's pack of today."""
        shelf = library(uow)
        return kind_of(shelf, shelf.require_city_pack(city, uow.today), code)

    def stamped(self, unit: UnitOfWork | ReadUnit, case: Case) -> Kind:
        """Give the kind under the pack version of the case."""
        shelf = library(unit)
        return kind_of(shelf, shelf.stamped(case.pack or ""), case.kind)

    def place(self, uow: UnitOfWork, city: str, area: str) -> CasePlace:
        """Give a city, one of its counties, or one of its functional zones."""
        shelf = library(uow)
        shelf.require_city_pack(city, uow.today)
        of_city, known = shelf.areas().get(area, (None, None))
        zone = known is not None and known.reports != "division"
        if known is None or of_city != city or not (zone or known.kind in ("county", "city")):
            raise invalid(
                "/division", "division_unknown", "应为该市的县（市、区）或功能区。",
                "It is a county or a functional zone of the city.",
            )  # fmt: skip
        return CasePlace(city, city, (area,)) if zone else CasePlace(city, area)

    async def checked_action(
        self, uow: UnitOfWork, kind: Kind, organisation: str | None, action: str | None
    ) -> None:
        """Refuse an action that none of the organisation's rungs has, a service that its city does not offer."""
        await super().checked_action(uow, kind, organisation, action)
        if action is None or organisation is None:
            return
        shelf = library(uow)
        if kind.catalogue == "services":
            pack = shelf.stamped(kind.pack)
            known = {each.code for each in pack.services.services}
        else:
            found = await organisations.lookup_one(uow, uscc=organisation)
            known = {each.action for each in await actions_of(uow, found)} if found else set()
        if action not in known:
            offered = ", ".join(sorted(known)) or "–"
            raise invalid(
                "/action", "action_unknown", f"该单位目前没有这个动作，可选：{offered}。",
                f"No such action for this organisation today; there are: {offered}.",
            )  # fmt: skip

    async def selected(self, uow: UnitOfWork, place: CasePlace, select: CaseSelect) -> Sequence[str]:
        """Find active organisations of the place that meet all that is said, by credit code."""
        table = ORGANISATIONS.table
        conditions = [table.c.city == place.city, table.c.state == "active"]
        if place.division not in (place.city, None):
            conditions.append(table.c.division == place.division)
        for name, wanted in (("division", select.division), ("kind", select.kind), ("scale", select.scale)):
            if wanted:
                conditions.append(table.c[name].in_(wanted))
        if place.zones:
            conditions.append(table.c.zones.overlap(list(place.zones)))
        if select.zone:
            conditions.append(table.c.zones.overlap(select.zone))
        if select.chain:
            conditions.append(table.c.chains.overlap(select.chain))
        if select.holds:
            shelf = library(uow)
            pack = shelf.require_city_pack(place.city, uow.today)
            nodes = []
            for index, each in enumerate(select.holds):
                shelf.node(pack, each, f"/targets/select/holds/{index}")
                nodes.append(shelf.canonical(pack, each))
            held = sa.exists().where(
                recognition_table.c.organisation == table.c.uscc,
                recognition_table.c.node.in_(nodes),
                held_on(uow.today),
            )
            conditions.append(held)
        statement = sa.select(table.c.uscc).where(*conditions).order_by(table.c.uscc).limit(MAX_TARGETS + 1)
        return [row.uscc for row in await uow.execute(statement)]

    async def linked(self, uow: UnitOfWork, link: CaseLink, organisation: str) -> dict[str, Any]:
        """Check a record of this service: it exists, and it is the organisation's own."""
        own: Mapping[str, Records[Any]] = {
            "applications": applications, "recognitions": recognitions, "filings": filings,
            self.RESOURCE.name: self.records,
        }  # fmt: skip
        if link.resource in _ELSEWHERE:
            return link.model_dump() | {"checked": False}
        records = own.get(link.resource)
        if records is None:
            offered = ", ".join(sorted({*own, *_ELSEWHERE}))
            text = Text(f"可关联：{offered}。", f"What a contact leads to is one of: {offered}.")
            raise Invalid(text, errors=[FieldError("/resource", "resource_unknown", text)])
        found = await records.lookup_one(uow, id=link.id)
        if found is None or found.organisation != organisation:
            raise invalid(
                "/id", "linked_unknown", "没有该单位的这条记录。", "The organisation has no such record."
            )
        label = records.resource.describe(found)
        return {
            "resource": link.resource,
            "id": found.id,
            "number": found.number,
            "label": label,
            "checked": True,
        }

    async def warned(self, uow: UnitOfWork, kind: Kind, basis: Sequence[str]) -> list[dict[str, Any]]:
        """Warn of documents that are no longer in force: those named, and the plan of the case's pack."""
        return await basis_warnings(uow, kind.pack, basis)

    async def told(
        self,
        uow: UnitOfWork,
        case: Case,
        happened: Happened,
        *,
        to: Sequence[str] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Publish events and send messages."""
        await tell_cases(uow, case, self.stamped(uow, case), happened, to, details or {})


cases = EnterpriseCases(
    metadata, parties, resource="enterprise-cases", singular="enterprise_case", table="enterprise_case",
    prefix="EC", title=Text("企业服务事项", "Enterprise case"),
)  # fmt: skip
