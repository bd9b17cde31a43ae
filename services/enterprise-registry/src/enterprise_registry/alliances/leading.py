"""Who leads an alliance: still permitted when it is decided upon, and followed by another one when it leaves."""

from enterprise_registry.alliances import rules
from enterprise_registry.alliances.domain import Alliance, left, placed, stays, yesterday
from enterprise_registry.alliances.membership import codes, one_joined
from enterprise_registry.alliances.schemas import AllianceChangeLead, AllianceMemberIn
from enterprise_registry.alliances.store import alliances
from enterprise_registry.metadata import parties, tell
from enterprise_registry.policy.library import library
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, Invalid, invalid
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events
from kechuang_packs import Pack


async def require_lead(uow: UnitOfWork, pack: Pack, kind: rules.AllianceKind, found: Alliance) -> None:
    """Refuse an alliance whose lead was lost since it was proposed: not active, or no longer permitted."""
    try:
        party = await parties.require_active(uow, found.organisation or "", "/lead")
        await rules.check_lead(uow, library(uow), pack, kind, party)
    except Invalid as lost:
        raise Conflict(
            Text(f"牵头单位已不符合条件：{lost.detail.zh}请解散或不予批准后另行组建。",
                 f"Its lead no longer qualifies: {lost.detail.en} Dissolve or refuse it, and propose another one."),
            code="lead_lost", extra={"lead": found.organisation},
        ) from None  # fmt: skip


async def change_lead(uow: UnitOfWork, record_id: str, body: AllianceChangeLead) -> Alliance:
    """Another organisation leads from today on; the former lead stays as a member where a role is named.

    The alliance keeps its number, its chain and its place: what was counted for a county stays counted there.
    """
    found = await alliances.load(uow, record_id, "change-lead")
    alliances.resource.machine.require("change-lead", found.state)
    shelf = library(uow)
    pack = shelf.stamped(found.pack or "")
    kind = rules.kind(pack, found.kind)
    former = found.organisation or ""
    if body.lead == former:
        raise invalid("/lead", "same_lead", "该单位已是牵头单位。", "The organisation leads it already.")
    party = await parties.require_active(uow, body.lead, "/lead")
    if party.city != found.city:
        raise invalid("/lead", "other_city", "牵头单位应在本市。", "A lead is of the alliance's city.")
    await rules.check_lead(uow, shelf, pack, kind, party)
    members = list(found.members)
    if stays(members, body.lead) is not None:
        members = list(left(members, body.lead, yesterday(uow.today)))
    if body.former_role is not None:
        joining = AllianceMemberIn(organisation=former, role=body.former_role)
        members = list(await one_joined(uow, kind, body.lead, members, joining, ""))
    uow.reason = body.reason
    changed = await alliances.change(
        uow, found, "change-lead", organisation=body.lead, members=members, member_codes=codes(members),
        document_no=body.document_no or found.document_no,
    )  # fmt: skip
    if changed.state == "active":
        event = events.AllianceLeadChanged(
            **placed(changed), kind=changed.kind, chain=changed.chain, lead=body.lead, former_lead=former,
            changed_on=uow.today,
        )  # fmt: skip
        await tell(uow, event, aggregate=changed.id, version=changed.version)
    return changed
