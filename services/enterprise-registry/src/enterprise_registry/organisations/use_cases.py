"""What can be done with an organisation. Every change tells the other services its new snapshot."""

from collections.abc import Mapping
from typing import Any

from enterprise_registry.metadata import alone, parties, tell
from enterprise_registry.organisations.domain import Organisation, facts_stated
from enterprise_registry.organisations.schemas import (
    OrganisationCreate,
    OrganisationDeregister,
    OrganisationPatch,
    OrganisationRelocate,
    OrganisationRename,
)
from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.facts import check_registration_facts, vocabulary_of
from enterprise_registry.policy.library import library
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, invalid
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.personal import Secret, mask_name
from kechuang.personal.store import seal, unseal
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events
from kechuang_procedure.parties import ACTING_ROLES

_ESTABLISHED = "establishment_date"


async def register(uow: UnitOfWork, body: OrganisationCreate) -> Organisation:
    """Register an organisation; 409 with the existing record when its code is known."""
    await alone(uow, "organisation", body.uscc)
    known = await organisations.lookup_one(uow, uscc=body.uscc)
    if known is not None:
        raise already_registered(uow, known)
    return await _told(uow, await organisations.create(uow, **await stated(uow, body)))


async def stated(uow: UnitOfWork, body: OrganisationCreate) -> dict[str, Any]:
    """Check what a registration states, and give it as the new record's values."""
    place = library(uow).place(body.division, body.city, body.zones)
    values = columns(body)
    facts = _facts(uow, place.city, values.pop("facts"), values)
    record_id = new_id()
    values |= await _sealed(uow, record_id, values.pop("legal_representative"))
    values |= {"city": place.city, "division": place.division, "zones": list(place.zones)}
    return values | {
        "record_id": record_id,
        "organisation": body.uscc,
        "former_names": [],
        "facts": facts_stated({}, facts, verified=False, on=uow.today),
        "scale_source": "given" if body.scale else None,
    }


def already_registered(uow: UnitOfWork, known: Organisation) -> Conflict:
    """Name the existing record to those who may see it, and only the fact to others."""
    seen = uow.permissions.permits(uow.actor, "organisations:read", known.sight)
    reference = {"id": known.id, "number": known.number, "label": known.name}
    return Conflict(
        Text(f"统一社会信用代码 {known.uscc} 已登记，请勿重复登记。",
             f"The credit code {known.uscc} is registered already."),
        code="already_registered", extra={"existing": reference} if seen else {},
    )  # fmt: skip


def _facts(
    uow: UnitOfWork, city: str | None, facts: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    stated = dict(facts)
    if values.get("established_on") is not None:
        stated[_ESTABLISHED] = values["established_on"].isoformat()
    shelf = library(uow)
    pack = shelf.require_city_pack(city, uow.today, "/division")
    given = {key: value for key, value in stated.items() if value is not None}
    errors: list[FieldError] = list(
        check_registration_facts(vocabulary_of(shelf.packs, pack), given, "/facts")
    )
    if errors:
        raise Invalid(Text("登记指标填写有误。", "A fact of registration is wrong."), errors=errors)
    return stated


async def _sealed(uow: UnitOfWork, record_id: str, name: Secret | None) -> dict[str, Any]:
    if name is None:
        return {"legal_representative": None, "legal_representative_shown": None}
    sealed = await seal(uow, record_id, "representative", {"name": name})
    return {"legal_representative": sealed["name"], "legal_representative_shown": str(mask_name(name))}


async def update(uow: UnitOfWork, record_id: str, body: OrganisationPatch) -> Organisation:
    """Change what describes the organisation. What its own people state is to be verified again."""
    found = await organisations.load(uow, record_id, "update")
    await parties.require_authority(uow, found.uscc, "draft")
    values = columns(body, only_set=True)
    if "legal_representative" in values:
        values |= await _sealed(uow, found.id, values.pop("legal_representative"))
    if "scale" in values:
        values["scale_source"] = "given" if values["scale"] else None
    if "facts" in values or "established_on" in values:
        stated = _facts(uow, found.city, values.pop("facts", None) or {}, values)
        by_office = not (uow.actor.roles & ACTING_ROLES) and found.state != "registered"
        values["facts"] = facts_stated(found.facts, stated, verified=by_office, on=uow.today)
    return await _told(uow, await organisations.change(uow, found, "update", **values))


async def verify(uow: UnitOfWork, record_id: str, reason: str | None) -> Organisation:
    """The county confirms the registration; counted once, on this day."""
    found = await organisations.load(uow, record_id, "verify")
    uow.reason = reason
    facts = {key: {**each, "verified": True, "on": str(uow.today)} for key, each in found.facts.items()}
    verified = await organisations.change(
        uow, found, "verify", facts=facts, registered_on=found.registered_on or uow.today
    )
    await tell(
        uow,
        events.OrganisationRegistered(
            **_placed(verified), uscc=verified.uscc, kind=verified.kind,
            registered_on=verified.registered_on or uow.today,
        ),
        aggregate=verified.uscc, version=verified.version,
    )  # fmt: skip
    return await _told(uow, verified)


async def change_state(uow: UnitOfWork, record_id: str, verb: str, reason: str | None) -> Organisation:
    """Suspend or resume."""
    found = await organisations.load(uow, record_id, verb)
    uow.reason = reason
    return await _told(uow, await organisations.change(uow, found, verb))


async def deregister(uow: UnitOfWork, record_id: str, body: OrganisationDeregister) -> Organisation:
    """End it for good; `merged_into` names the active organisation that took it over."""
    found = await organisations.load(uow, record_id, "deregister")
    if body.merged_into is not None:
        if body.merged_into == found.uscc:
            raise invalid(
                "/merged_into", "merged_into_itself", "不能并入自身。", "It cannot merge into itself."
            )
        await parties.require_active(uow, body.merged_into, "/merged_into")
    uow.reason = body.reason
    changed = await organisations.change(
        uow, found, "deregister", deregistered_on=uow.today, merged_into=body.merged_into
    )
    return await _told(uow, changed)


async def rename(uow: UnitOfWork, record_id: str, body: OrganisationRename) -> Organisation:
    """Take over a new name; the former one stays searchable in history."""
    found = await organisations.load(uow, record_id, "rename")
    uow.reason = body.reason
    former = [*found.former_names, found.name]
    return await _told(
        uow, await organisations.change(uow, found, "rename", name=body.name, former_names=former)
    )


async def relocate(uow: UnitOfWork, record_id: str, body: OrganisationRelocate) -> Organisation:
    """Move to another county or zone; what was decided before keeps its place."""
    found = await organisations.load(uow, record_id, "relocate")
    uow.reason = body.reason
    place = library(uow).place(body.division, body.city, body.zones)
    moved = await organisations.change(
        uow, found, "relocate", city=place.city, division=place.division, zones=list(place.zones)
    )
    return await _told(uow, moved)


async def classify(uow: UnitOfWork, uscc: str, scale: str | None, above_scale: bool | None) -> None:
    """Take over what verified filings gave: the size class, and whether it is above scale. None changes nothing."""
    found = await organisations.lookup_one(uow, lock=True, uscc=uscc)
    if found is None or found.state == "deregistered":
        return
    values: dict[str, Any] = {} if scale is None else {"scale": scale, "scale_source": "computed"}
    values |= {} if above_scale is None else {"above_scale": above_scale}
    if all(getattr(found, name) == value for name, value in values.items()):
        return
    await _told(uow, await organisations.change(uow, found, "classify", implied=True, **values))


async def reveal(uow: UnitOfWork, record_id: str, reason: str) -> str | None:
    """Read the legal representative's name in the clear; the reading and its reason are audited."""
    found = await organisations.load(uow, record_id, "reveal")
    uow.audit(
        "organisations:reveal", resource="organisations", record_id=found.id, version=found.version,
        reason=reason,
    )  # fmt: skip
    if found.legal_representative is None:
        return None
    opened = await unseal(uow, "representative", {found.id: {"name": found.legal_representative}})
    fields = opened[found.id]
    return fields["name"].reveal() if fields else None


async def _told(uow: UnitOfWork, found: Organisation) -> Organisation:
    await tell(uow, snapshot(found), aggregate=found.uscc, version=found.version)
    return found


def snapshot(found: Organisation) -> events.OrganisationChanged:
    """What the other services are told of an organisation."""
    return events.OrganisationChanged(
        **_placed(found), uscc=found.uscc, title=found.name, kind=found.kind, scale=found.scale,
        industry=found.industry, chains=list(found.chains), state=found.state,
        affiliates=list(found.affiliates),
    )  # fmt: skip


def _placed(found: Organisation) -> dict[str, Any]:
    return {"city": found.city, "division": found.division, "zones": list(found.zones)}
