"""What the packs say of registers, as the mechanism asks it."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import Library, library, stamp
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models import registers as declared
from kechuang_procedure.registers import RegisterHost, RegisterKind, RegisterPlace, RequiredEvidence
from kechuang_procedure.registers.schemas import RegisterCreate

SERVICE = "enterprise-registry"


def kind_of(kind: declared.RegisterKind) -> RegisterKind:
    """Read a pack's kind as the mechanism knows it."""
    return RegisterKind(
        code=kind.code, name=Text(kind.name.zh, kind.name.en), register=kind.group,
        levels=tuple(each.value for each in kind.levels), fields=kind.fields,
        validity_years=kind.validity_years, parent=kind.parent, natural_key=kind.natural_key,
        evidence=tuple(RequiredEvidence(each.code, Text(each.name.zh, each.name.en)) for each in kind.evidence),
        hosted=kind.hosted, host_kinds=kind.host_kinds, chained=kind.chained,
        reporters=frozenset(kind.reported_by), confirmers=frozenset(kind.confirmed_by),
        counts_with_report=kind.counts_with_report, one_day=kind.one_day, public=kind.public,
        tests=kind.counts_when, apart=kind.counts_apart,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _kinds(shelf: Library, pack_id: str, version: str) -> Mapping[str, RegisterKind]:
    pack = shelf.packs.version(pack_id, version)
    return {
        each.code: kind_of(each)
        for seen in reversed(shelf.packs.visible(pack).packs)
        for each in seen.registers.kinds
        if each.service == SERVICE
    }


def kinds_of(shelf: Library, pack: Pack) -> Mapping[str, RegisterKind]:
    """The kinds that a pack sees, its own before those of packs it refers to."""
    return _kinds(shelf, pack.id, pack.version)


class PackRules:
    """Kinds from the city's pack in force, places from packs and the registration of the host."""

    def kinds(self, unit: ReadUnit | UnitOfWork, city: str, on: date) -> Mapping[str, RegisterKind]:
        """The kinds of a city on a day; refuses a city without a pack."""
        shelf = library(unit)
        return kinds_of(shelf, shelf.require_city_pack(city, on))

    def stamped_kinds(self, unit: ReadUnit | UnitOfWork, pack: str) -> Mapping[str, RegisterKind]:
        """The kinds under the pack version of a record."""
        shelf = library(unit)
        return kinds_of(shelf, shelf.stamped(pack))

    def dimensions(self, unit: ReadUnit) -> frozenset[str]:
        """The dimensions of all packs' kinds."""
        shelf = library(unit)
        return frozenset(
            name
            for pack in shelf.latest()
            for kind in kinds_of(shelf, pack).values()
            for name in kind.dimensions
        )

    async def locate(self, uow: UnitOfWork, body: RegisterCreate, host: str | None) -> RegisterPlace:
        """The host's registered place; where there is no host, or it lies elsewhere, the one that is named."""
        shelf = library(uow)
        party = await parties.find(uow, host) if host else None
        if body.division is not None:
            place = shelf.place(body.division, body.city, body.zones)
            city, division, zones = place.city, place.division, place.zones
        elif party is not None and party.city is not None and body.city in (None, party.city):
            city, division, zones = party.city, party.division or party.city, tuple(party.zones)
        elif body.city is not None:
            place = shelf.place(body.city, body.city, body.zones)
            city, division, zones = place.city, place.division, place.zones
        else:
            raise invalid(
                "/division", "missing", "请填写所在县（市、区）或城市，或已登记的依托单位。",
                "Name the division or the city, or a registered organisation.",
            )  # fmt: skip
        pack = shelf.require_city_pack(city, uow.today)
        return RegisterPlace(city, division, zones, stamp(pack))

    async def host(self, unit: ReadUnit | UnitOfWork, uscc: str) -> RegisterHost | None:
        """A registered organisation."""
        party = await parties.find(unit, uscc)
        return RegisterHost(party.kind, party.state == "deregistered") if party else None

    def knows_chain(self, uow: UnitOfWork, city: str, chain: str) -> bool:
        """Whether the city's pack has the chain."""
        shelf = library(uow)
        pack = shelf.require_city_pack(city, uow.today)
        return any(
            chain == each.code for seen in shelf.packs.visible(pack).packs for each in seen.chains.chains
        )

    async def require_authority(self, uow: UnitOfWork, organisation: str) -> None:
        """An enterprise's clerk needs the authorisation to submit; a carrier's account is its own."""
        await parties.require_authority(uow, organisation, "submit")
