"""The enterprise's side: apply, accept or decline an offer, say where the money goes."""

from collections.abc import Mapping
from typing import Any

from enterprise_registry.benefits.domain import BenefitGrant
from enterprise_registry.benefits.evaluation import Finding, evaluate
from enterprise_registry.benefits.granting import granted, tell_organisation
from enterprise_registry.benefits.rules import benefit
from enterprise_registry.benefits.schemas import BenefitGrantCreate, BenefitGrantPatch
from enterprise_registry.benefits.store import grants
from enterprise_registry.integrity import require_no_sanction
from enterprise_registry.metadata import acting_for, alone, parties
from enterprise_registry.policy.library import library, stamp
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.http.attachments import attached
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.personal import Secret, mask_bank_account
from kechuang.personal.store import seal
from kechuang.text import Text

NOTHING: Mapping[str, Any] = {
    "attachments": [], "grounds": [], "payments": [], "recoveries": [], "paid": 0, "recovered": 0, "item": "",
}  # fmt: skip


async def draft(uow: UnitOfWork, body: BenefitGrantCreate) -> BenefitGrant:
    """Begin an application; nobody else sees it until it is handed in."""
    uscc = acting_for(uow, body.organisation, "benefit-grants:create")
    await parties.require_authority(uow, uscc, "draft")
    party = await parties.require_active(uow, uscc, "/organisation")
    shelf = library(uow)
    pack = shelf.require_city_pack(party.city, uow.today, "/organisation")
    found = benefit(shelf, pack, body.rule, uow.today)
    values = columns(body)
    record_id = new_id()
    account = await sealed_account(uow, record_id, values.pop("account"))
    values["attachments"] = await attached(uow, "benefit-grants", record_id, body.attachments)
    return await grants.create(
        uow, record_id=record_id, city=party.city, division=party.division, zones=list(party.zones),
        pack=stamp(pack), rule_version=found.model.version, mode=found.model.mode, fund=found.model.fund,
        exclusive_group=found.exclusive_group, year=str(uow.today.year), as_of=uow.today,
        origin="application", **{**NOTHING, **values, "organisation": uscc}, **account,
    )  # fmt: skip


async def sealed_account(uow: UnitOfWork, record_id: str, account: Secret | None) -> dict[str, Any]:
    """Encrypt an account number under the grant's own key and keep its last digits to show."""
    if account is None:
        return {}
    sealed = await seal(uow, record_id, "account", {"account": account})
    return {"account": sealed["account"], "account_shown": str(mask_bank_account(account))}


async def update(uow: UnitOfWork, record_id: str, body: BenefitGrantPatch) -> BenefitGrant:
    """Change a draft."""
    grant = await grants.load(uow, record_id, "update")
    await parties.require_authority(uow, grant.organisation or "", "draft")
    values = columns(body, only_set=True)
    account = await sealed_account(uow, grant.id, values.pop("account", None))
    if "attachments" in values:
        values["attachments"] = await attached(
            uow, "benefit-grants", grant.id, body.attachments, before=grant.attachments
        )
    return await grants.change(uow, grant, "update", **values, **account)


async def apply(uow: UnitOfWork, record_id: str) -> BenefitGrant:
    """Hand in: what passes is settled at once, the rest goes to an officer.

    409 `already_benefited` with the grant that pays for the item, `integrity_record_in_force`.
    """
    grant = await grants.load(uow, record_id, "apply")
    uscc = grant.organisation or ""
    await parties.require_authority(uow, uscc, "submit")
    await parties.require_active(uow, uscc, "/organisation")
    await require_no_sanction(uow, uscc)
    await alone(uow, "benefit", uscc)
    shelf = library(uow)
    pack = shelf.require_city_pack(grant.city, uow.today, "/organisation")
    found = benefit(shelf, pack, grant.rule, uow.today)
    finding = await evaluate(uow, found, uscc, uow.today, besides=grant.id)
    require_unpaid(finding)
    applied = await grants.change(
        uow, grant, "apply", pack=stamp(pack), rule_version=found.model.version, mode=found.model.mode,
        fund=found.model.fund, exclusive_group=found.exclusive_group, year=str(uow.today.year),
        as_of=uow.today, amount=finding.amount, **stored(finding),
    )  # fmt: skip
    if finding.outcome == "beneficiary" and found.model.mode != "reviewed":
        return await granted(uow, applied, "settle")
    return await grants.change(uow, applied, "refer", implied=True)


def stored(finding: Finding) -> dict[str, Any]:
    """Give what of a finding stands on the grant, beside its amount."""
    return {"finding": finding.shown, "grounds": list(finding.grounds), "item": finding.item}


def require_unpaid(finding: Finding) -> None:
    """Refuse an item that another grant pays for (不重复享受)."""
    if finding.shown["already"] is not None:
        raise Conflict(
            Text(
                f"同一事项已由{finding.shown['already']['number']}享受同类政策，不重复兑现。",
                "Another grant pays for this item already.",
            ),
            code="already_benefited",
            extra={"existing": finding.shown["already"]},
        )


async def withdraw(uow: UnitOfWork, record_id: str, reason: str | None) -> BenefitGrant:
    """Take an application back."""
    grant = await grants.load(uow, record_id, "withdraw")
    await parties.require_authority(uow, grant.organisation or "", "submit")
    uow.reason = reason
    return await grants.change(uow, grant, "withdraw", reason=reason)


async def accept(uow: UnitOfWork, record_id: str, account: Secret | None) -> BenefitGrant:
    """Take what was offered, and say where the money goes."""
    grant = await grants.load(uow, record_id, "accept")
    await parties.require_authority(uow, grant.organisation or "", "submit")
    await require_no_sanction(uow, grant.organisation or "")
    return await granted(uow, grant, "accept", **await sealed_account(uow, grant.id, account))


async def decline(uow: UnitOfWork, record_id: str, reason: str | None) -> BenefitGrant:
    """Leave what was offered; the item is free again."""
    grant = await grants.load(uow, record_id, "decline")
    await parties.require_authority(uow, grant.organisation or "", "submit")
    uow.reason = reason
    return await grants.change(uow, grant, "decline", reason=reason)


async def set_account(uow: UnitOfWork, record_id: str, account: Secret) -> BenefitGrant:
    """Correct where the money goes, until it was paid."""
    grant = await grants.load(uow, record_id, "set-account")
    await parties.require_authority(uow, grant.organisation or "", "submit")
    changed = await grants.change(uow, grant, "set-account", **await sealed_account(uow, grant.id, account))
    tell_organisation(uow, changed, "benefit.account_changed")
    return changed
