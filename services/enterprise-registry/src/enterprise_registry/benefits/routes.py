"""The HTTP edge of benefit grants and of the benefits themselves."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from enterprise_registry.benefits import applying, handling, paying
from enterprise_registry.benefits.catalogue import BenefitRulesOut, catalogue
from enterprise_registry.benefits.domain import BenefitGrant, due_back
from enterprise_registry.benefits.schemas import (
    EXAMPLE,
    PAYMENT,
    BenefitGrantAccount,
    BenefitGrantApprove,
    BenefitGrantBook,
    BenefitGrantCreate,
    BenefitGrantNewAccount,
    BenefitGrantOpinion,
    BenefitGrantOut,
    BenefitGrantPatch,
    BenefitGrantPay,
    BenefitGrantReason,
    BenefitGrantRecover,
    BenefitGrantRefuse,
    BenefitGrantReveal,
    BenefitGrantRevealed,
)
from enterprise_registry.benefits.store import grants
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import KitRoute, Operation, Read, Write, operation
from kechuang.http.schemas import Because, Input, Line
from kechuang_procedure.parties import ACTING_ROLES


class BenefitGrantOffer(Input):
    """The decision by which it is offered."""

    document_no: Line | None = None


def _show(found: BenefitGrant, _unit: ReadUnit) -> BenefitGrantOut:
    fields = {name: getattr(found, name) for name in BenefitGrantOut.model_fields if name != "to_recover"}
    due = due_back(found) if found.state == "paid" else 0
    return BenefitGrantOut.model_validate(fields | {"to_recover": due})


router = ResourceRouter(grants, BenefitGrantOut, show=_show)


@router.create(example=EXAMPLE)
async def create(body: BenefitGrantCreate, uow: Write) -> BenefitGrant:
    """Begin an application (an enterprise), or put an enterprise forward as eligible (an officer).

    422 `benefit_unknown`; for an officer 409 `not_a_beneficiary` with the whole finding, `already_benefited`.
    """
    if uow.actor.roles & ACTING_ROLES:
        return await applying.draft(uow, body)
    return await handling.put_forward(uow, body)


@router.update(example={"statement": "2023年度研发投入后补助。"})
async def update(record_id: RecordId, body: BenefitGrantPatch, uow: Write) -> BenefitGrant:
    """Change a draft."""
    return await applying.update(uow, record_id, body)


@router.verb("apply")
async def apply(record_id: RecordId, uow: Write) -> BenefitGrant:
    """Hand in: what passes on verified data is settled at once, the rest goes to an officer.

    `dry_run=true` shows the finding without handing in. 409 `already_benefited`, `integrity_record_in_force`.
    """
    return await applying.apply(uow, record_id)


@router.verb("withdraw", example=Because.example)
async def withdraw(record_id: RecordId, body: Because, uow: Write) -> BenefitGrant:
    """Take an application back before it is decided."""
    return await applying.withdraw(uow, record_id, body.reason)


@router.verb("offer", example={"document_no": "荆科〔2024〕18号"})
async def offer(record_id: RecordId, body: BenefitGrantOffer, uow: Write) -> BenefitGrant:
    """Offer what was found eligible; 409 `handler_does_not_decide` for who put it forward."""
    return await handling.offer(uow, record_id, body.document_no)


@router.verb("accept", example={"account": "6222020000001234"})
async def accept(record_id: RecordId, body: BenefitGrantAccount, uow: Write) -> BenefitGrant:
    """Take what is offered, without any application; 409 `integrity_record_in_force`."""
    return await applying.accept(uow, record_id, body.account)


@router.verb("decline", example=Because.example)
async def decline(record_id: RecordId, body: Because, uow: Write) -> BenefitGrant:
    """Leave what is offered."""
    return await applying.decline(uow, record_id, body.reason)


@router.verb("set-account", example={"account": "6222020000001234"})
async def set_account(record_id: RecordId, body: BenefitGrantNewAccount, uow: Write) -> BenefitGrant:
    """Correct where the money goes, also after a failed payment."""
    return await applying.set_account(uow, record_id, body.account)


@router.verb("review", example={"opinion": "研发费用已由审计报告证实。"})
async def review(record_id: RecordId, body: BenefitGrantOpinion, uow: Write) -> BenefitGrant:
    """Handle an application that did not settle at once; who does cannot decide it."""
    return await handling.review(uow, record_id, body.opinion)


@router.verb("approve", example={"document_no": "九科〔2024〕6号"})
async def approve(record_id: RecordId, body: BenefitGrantApprove, uow: Write) -> BenefitGrant:
    """Approve. 409 `amount_missing`, `cap_exceeded` with what is left, `handler_does_not_decide`."""
    return await handling.approve(uow, record_id, body)


@router.verb("refuse", example={"grounds": "研发费用未经核实。"})
async def refuse(record_id: RecordId, body: BenefitGrantRefuse, uow: Write) -> BenefitGrant:
    """Refuse, with grounds; never by who handled it."""
    return await handling.refuse(uow, record_id, body)


@router.verb("stop", example={"reason": "企业已注销。"})
async def stop(record_id: RecordId, body: BenefitGrantReason, uow: Write) -> BenefitGrant:
    """End a grant that was not paid; what was booked is free again."""
    return await handling.stop(uow, record_id, body.reason)


@router.verb("book", example={"budget": "018e2b69-…"})
async def book(record_id: RecordId, body: BenefitGrantBook, uow: Write) -> BenefitGrant:
    """Book it on a budget of its fund. 409 `budget_exhausted` with what is left, `no_budget`, `account_missing`."""
    return await paying.book(uow, record_id, body.budget)


@router.verb("pay", example=PAYMENT)
async def pay(record_id: RecordId, body: BenefitGrantPay, uow: Write) -> BenefitGrant:
    """Record a payment with its voucher, or its failure; after a failure it is paid again."""
    return await paying.pay(uow, record_id, body)


@router.verb("recover", example={"amount": "100000.00", "voucher": "JK-2025-000045"})
async def recover(record_id: RecordId, body: BenefitGrantRecover, uow: Write) -> BenefitGrant:
    """Record money that came back. 409 `more_than_paid` with what can still be recovered."""
    return await paying.recover(uow, record_id, body)


@router.other(
    "POST", "/{record_id}/reveal", action="reveal", operation_id="reveal_benefit_grant",
    summary="查看完整账号 Reveal the account number", private=True,
    response_model=BenefitGrantRevealed, example={"reason": "拨付资金。"},
)  # fmt: skip
async def reveal(record_id: RecordId, body: BenefitGrantReveal, uow: Write) -> BenefitGrantRevealed:
    """Read the account number in the clear, in order to pay; every reading is audited with its reason."""
    return BenefitGrantRevealed(account=await handling.reveal(uow, record_id, body.reason))


rules_router = APIRouter(prefix="/benefit-rules", tags=["惠企政策 Benefits"], route_class=KitRoute)


@rules_router.get("", operation_id="list_benefit_rules", summary="惠企政策清单 Benefits of a city")
@operation(Operation("benefit-rules:read"))
async def benefit_rules(
    unit: Read,
    city: Annotated[str, Query(description="Area id of the city", examples=["360400"])],
    on: Annotated[date | None, Query(description="In force on this day; today when left out")] = None,
) -> BenefitRulesOut:
    """The benefits of a city's plan in the versions of a day: condition, amount, caps, fund and clause."""
    return catalogue(unit, city, on or unit.today)
