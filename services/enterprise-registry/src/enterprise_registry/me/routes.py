"""`GET /me`: what a screen needs first, answered for all services."""

import sqlalchemy as sa
from fastapi import APIRouter

from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import library
from kechuang.db.unit import ReadUnit
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Output
from kechuang_procedure.parties import SIGNATORY

router = APIRouter(prefix="/me", tags=["我 Me"], route_class=KitRoute)


class MeOrganisation(Output):
    """An organisation for which the caller acts; `scopes` are those of authorisations in force today."""

    uscc: str
    name: str | None
    state: str | None
    scopes: list[str]


class MeArea(Output):
    """An area of the caller's remit."""

    id: str
    zh: str | None
    en: str | None


class MeOut(Output):
    """The caller. `actions` are those that one of the roles may ever do, in any service."""

    subject: str
    person: str | None
    unit: str | None
    client: str | None
    roles: list[str]
    areas: list[MeArea]
    organisations: list[MeOrganisation]
    actions: list[str]


@router.get("", operation_id="get_me", summary="当前用户 Who am I")
@operation(Operation("me:read"))
async def me(unit: Read) -> MeOut:
    """Person, roles, organisations, areas and permitted actions of the caller."""
    actor, places = unit.actor, library(unit).areas()
    return MeOut(
        subject=actor.subject,
        person=actor.person,
        unit=actor.unit,
        client=actor.client,
        roles=sorted(actor.roles),
        areas=[
            MeArea(id=each, zh=places[each][1].name.zh, en=places[each][1].name.en)
            if each in places
            else MeArea(id=each, zh=None, en=None)
            for each in actor.areas
        ],
        organisations=await _organisations(unit),
        actions=sorted(each for each in unit.permissions.grants if unit.permissions.may_ever(actor, each)),
    )


async def _organisations(unit: ReadUnit) -> list[MeOrganisation]:
    scopes: dict[str, set[str]] = {}
    table = parties.authorities
    if unit.actor.person is not None:
        statement = sa.select(table.c.organisation, table.c.scopes).where(
            table.c.person == unit.actor.person,
            table.c.state == "active",
            table.c.valid_from <= unit.today,
            sa.or_(table.c.valid_to.is_(None), table.c.valid_to >= unit.today),
        )
        for row in await unit.execute(statement):
            scopes.setdefault(row.organisation, set()).update(row.scopes)
    own = unit.actor.organisation
    if own is not None:
        held = scopes.setdefault(own, set())
        if SIGNATORY in unit.actor.roles:
            held.update(("draft", "submit", "sign"))
    known = await parties.find_many(unit, scopes)
    return [
        MeOrganisation(
            uscc=uscc,
            name=known[uscc].title if uscc in known else None,
            state=known[uscc].state if uscc in known else None,
            scopes=sorted(held),
        )
        for uscc, held in sorted(scopes.items())
    ]
