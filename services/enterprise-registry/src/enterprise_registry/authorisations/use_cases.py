"""Granting and ending authorisations; the days on which they begin and end come by timers."""

from enterprise_registry.authorisations.domain import Authorisation, state_on
from enterprise_registry.authorisations.schemas import AuthorisationCreate
from enterprise_registry.authorisations.store import authorisations
from enterprise_registry.metadata import acting_for, parties, tell
from kechuang.clock import end_of_day, start_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.http.schemas import columns
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts import enterprise_registry as events
from kechuang_procedure.parties import SIGNATORY

TIMER = "authorisations.day"


async def propose(uow: UnitOfWork, body: AuthorisationCreate) -> Authorisation:
    """Grant at once where the signatory (or a trusted system) asks, else request it of the signatory."""
    uscc = acting_for(uow, body.organisation, "authorisations:create")
    party = await parties.find(uow, uscc)
    if party is None:
        raise invalid("/organisation", "organisation_unknown", "该单位尚未登记。", "Not registered.")
    if party.state == "deregistered":
        raise invalid(
            "/organisation", "organisation_not_active", "该单位已注销。", "The organisation was deregistered."
        )
    if body.valid_to is not None and body.valid_to < uow.today:
        raise invalid("/valid_to", "in_the_past", "截止日已过。", "The last day has passed.")
    if body.valid_to is not None and body.valid_to < body.valid_from:
        raise invalid("/valid_to", "before_valid_from", "截止日早于生效日。", "It ends before it begins.")
    requested = await authorisations.create(
        uow, **columns(body) | {"organisation": uscc, "scopes": sorted(set(body.scopes))},
        city=party.city, division=party.division, zones=list(party.zones),
    )  # fmt: skip
    if _may_grant(uow, requested):
        return await _grant(uow, requested)
    return requested


def _may_grant(uow: UnitOfWork, found: Authorisation) -> bool:
    return uow.permissions.permits(uow.actor, "authorisations:grant", found.sight)


async def grant(uow: UnitOfWork, record_id: str) -> Authorisation:
    """The signatory grants what was requested."""
    found = await authorisations.load(uow, record_id, "grant")
    if uow.actor.person == found.person and SIGNATORY not in uow.actor.roles:
        raise NotPermitted(Text("不能给自己授权。", "Nobody authorises themselves."), code="self_granted")
    return await _grant(uow, found)


async def _grant(uow: UnitOfWork, found: Authorisation) -> Authorisation:
    authorisations.resource.machine.require("grant", found.state)
    if found.valid_to is not None and found.valid_to < uow.today:
        raise Conflict(
            Text(f"申请的授权已于 {found.valid_to} 到期，请重新申请。",
                 f"What was requested ended on {found.valid_to}; request it anew."),
            code="authorisation_over",
        )  # fmt: skip
    granted = await authorisations.change(uow, found, "grant", to=state_on(uow.today, found.valid_from))
    if granted.state == "granted":
        uow.schedule(TIMER, start_of_day(granted.valid_from), granted.id, granted.version)
    if granted.valid_to is not None:
        uow.schedule(TIMER, end_of_day(granted.valid_to), granted.id, granted.version)
    return await _told(uow, granted)


async def revoke(uow: UnitOfWork, record_id: str, reason: str) -> Authorisation:
    """End it at once."""
    found = await authorisations.load(uow, record_id, "revoke")
    uow.reason = reason
    return await _told(uow, await authorisations.change(uow, found, "revoke"))


async def on_day(uow: UnitOfWork, timer: Timer) -> None:
    """A first or last day has come: the dates on the record decide."""
    found = await authorisations.lookup_one(uow, lock=True, id=timer.record_id)
    if found is None or found.state not in ("granted", "active"):
        return
    if found.valid_to is not None and found.valid_to < uow.today:
        await _told(uow, await authorisations.change(uow, found, "expire"))
    elif found.state == "granted" and found.valid_from <= uow.today:
        await _told(uow, await authorisations.change(uow, found, "activate"))


async def _told(uow: UnitOfWork, found: Authorisation) -> Authorisation:
    await tell(
        uow,
        events.AuthorisationChanged(
            person=found.person, organisation=found.organisation or "", scopes=list(found.scopes),
            valid_from=found.valid_from, valid_to=found.valid_to, state=found.state,
        ),
        aggregate=found.id, version=found.version,
    )  # fmt: skip
    return found
