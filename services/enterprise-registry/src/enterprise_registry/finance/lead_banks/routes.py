"""The HTTP edge of lead banks."""

from enterprise_registry.finance.lead_banks import use_cases
from enterprise_registry.finance.lead_banks.domain import LeadBank
from enterprise_registry.finance.lead_banks.schemas import LeadBankCreate, LeadBankOut, LeadBankReason
from enterprise_registry.finance.lead_banks.store import lead_banks
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write

router = ResourceRouter(lead_banks, LeadBankOut)


@router.create(example={"bank": "91440703MATE000L4P"})
async def create(body: LeadBankCreate, uow: Write) -> LeadBank:
    """Name the bank that is to be the lead bank; 422 `not_a_bank`."""
    return await use_cases.propose(uow, body)


@router.verb("confirm")
async def confirm(record_id: RecordId, uow: Write) -> LeadBank:
    """The bank confirms; it takes the place of the one before it."""
    return await use_cases.confirm(uow, record_id)


@router.verb("decline", example={"reason": "不在本行服务范围。"})
async def decline(record_id: RecordId, body: LeadBankReason, uow: Write) -> LeadBank:
    """The bank does not want to."""
    return await use_cases.decline(uow, record_id, body.reason)


@router.verb("end", example={"reason": "更换合作银行。"})
async def end(record_id: RecordId, body: LeadBankReason, uow: Write) -> LeadBank:
    """The enterprise or the bank ends it."""
    return await use_cases.end(uow, record_id, body.reason)
