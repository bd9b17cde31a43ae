"""How an enterprise comes to its lead bank, and changes it."""

from datetime import timedelta

from enterprise_registry.finance.lead_banks.domain import LeadBank
from enterprise_registry.finance.lead_banks.schemas import LeadBankCreate
from enterprise_registry.finance.lead_banks.store import lead_banks
from enterprise_registry.metadata import acting_for, alone, parties
from kechuang.db.unit import UnitOfWork
from kechuang.errors import invalid
from kechuang_procedure.parties import ACTING_ROLES

_ONE_DAY = timedelta(days=1)


async def propose(uow: UnitOfWork, body: LeadBankCreate) -> LeadBank:
    """Name a bank; it becomes the lead bank when it confirms."""
    uscc = acting_for(uow, body.organisation, "lead-banks:create")
    await parties.require_authority(uow, uscc, "submit")
    party = await parties.require_active(uow, uscc, "/organisation")
    bank = await parties.require_active(uow, body.bank, "/bank")
    if bank.kind != "financial_institution":
        raise invalid("/bank", "not_a_bank", "该单位不是金融机构。", "It is no financial institution.")
    return await lead_banks.create(
        uow, organisation=uscc, city=party.city, division=party.division, zones=list(party.zones),
        bank=body.bank, external_ids=[each.model_dump() for each in body.external_ids],
    )  # fmt: skip


async def confirm(uow: UnitOfWork, record_id: str) -> LeadBank:
    """The bank confirms: from today it is the lead bank; the one before it was so until yesterday."""
    lead = await lead_banks.load(uow, record_id, "confirm")
    await alone(uow, "lead-bank", lead.organisation or "")
    for each in await lead_banks.lookup(uow, lock=True, organisation=lead.organisation, state="active"):
        last = max(uow.today - _ONE_DAY, each.valid_from or uow.today)
        await lead_banks.change(uow, each, "replace", implied=True, valid_to=last)
    return await lead_banks.change(uow, lead, "confirm", valid_from=uow.today)


async def decline(uow: UnitOfWork, record_id: str, reason: str) -> LeadBank:
    """The bank does not want to."""
    lead = await lead_banks.load(uow, record_id, "decline")
    uow.reason = reason
    return await lead_banks.change(uow, lead, "decline", reason=reason)


async def end(uow: UnitOfWork, record_id: str, reason: str) -> LeadBank:
    """The enterprise or the bank ends it; it was so until the end of today."""
    lead = await lead_banks.load(uow, record_id, "end")
    if uow.actor.roles & ACTING_ROLES:
        await parties.require_authority(uow, lead.organisation or "", "submit")
    uow.reason = reason
    last = uow.today if lead.state == "active" else None
    return await lead_banks.change(uow, lead, "end", valid_to=last, reason=reason)
