"""Money: book on a budget, pay, recover. Locks in one order: the grant, then its budget."""

from typing import Any

import sqlalchemy as sa

from enterprise_registry.benefits.domain import BenefitGrant, due_back
from enterprise_registry.benefits.granting import of_money, tell_organisation
from enterprise_registry.benefits.schemas import BenefitGrantPay, BenefitGrantRecover
from enterprise_registry.benefits.store import grants
from enterprise_registry.budgets import posting
from enterprise_registry.budgets.domain import OWN_SERVICE
from enterprise_registry.budgets.store import table as budget_table
from enterprise_registry.integrity import require_no_sanction
from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events


async def book(uow: UnitOfWork, record_id: str, budget: str | None) -> BenefitGrant:
    """Book the amount on a budget of the fund; 409 `budget_exhausted` with what is left, when that is less."""
    grant = await grants.load(uow, record_id, "book")
    await require_no_sanction(uow, grant.organisation or "")
    chosen = budget or await _budget_of_this_year(uow, grant)
    changed = await grants.change(uow, grant, "book", budget=chosen, booked_on=uow.today)
    await posting.book(uow, chosen, grant.amount or 0, record=grant.id, city=grant.city, fund=grant.fund)
    return changed


async def _budget_of_this_year(uow: UnitOfWork, grant: BenefitGrant) -> str:
    """Choose the fund's open budget of the running year: the first with enough left, else the fullest.

    Only a choice: what is there is decided under the budget's lock.
    """
    table = budget_table
    free = table.c.amount - table.c.allocated - table.c.booked
    statement = (
        sa.select(table.c.id)
        .where(
            table.c.city == grant.city, table.c.year == str(uow.today.year), table.c.state == "open",
            table.c.spender == OWN_SERVICE, *([table.c.fund == grant.fund] if grant.fund else []),
        )
        .order_by((free >= (grant.amount or 0)).desc(), sa.case((free >= (grant.amount or 0), 0), else_=-free),
                  table.c.id)
        .limit(1)
    )  # fmt: skip
    found: str | None = (await uow.execute(statement)).scalar()
    if found is None:
        raise Conflict(
            Text("该资金本年度没有执行中的预算，请先下达预算。", "The fund has no open budget this year."),
            code="no_budget",
            extra={"fund": grant.fund, "year": uow.today.year},
        )
    return found


async def pay(uow: UnitOfWork, record_id: str, body: BenefitGrantPay) -> BenefitGrant:
    """Record that it was paid, with its voucher, or that the payment failed; after a failure it is paid again."""
    grant = await grants.load(uow, record_id, "pay")
    on = body.paid_on or uow.today
    if on > uow.today:
        raise invalid("/paid_on", "in_the_future", "拨付日期不能晚于今天。", "Not in the future.")
    if grant.booked_on is not None and on < grant.booked_on:
        raise invalid(
            "/paid_on", "before_the_booking", f"拨付日期不能早于记账日（{grant.booked_on}）。",
            f"Nothing is paid before it was booked ({grant.booked_on}).",
        )  # fmt: skip
    amount = grant.amount or 0
    attempt = {
        "outcome": body.outcome, "voucher": body.voucher, "on": on.isoformat(), "reason": body.reason,
        "amount": money.format(amount),
    }  # fmt: skip
    attempts = [*grant.payments, attempt]
    if body.outcome == "failed":
        failed = await grants.change(uow, grant, "pay", to="payment_failed", payments=attempts)
        tell_organisation(uow, failed, "benefit.payment_failed", reasons=body.reason)
        return failed
    await require_no_sanction(uow, grant.organisation or "")
    paid = await grants.change(uow, grant, "pay", to="paid", payments=attempts, paid=amount, paid_on=on)
    budget = grant.budget or ""
    await posting.settle(uow, budget, "paid", amount, record=grant.id, voucher=body.voucher)
    uow.emit(
        events.BenefitPaid(**of_money(paid, amount), budget=budget, paid_on=on),
        aggregate=paid.id, version=paid.version,
    )  # fmt: skip
    tell_organisation(uow, paid, "benefit.paid", document_no=body.voucher or "")
    return paid


async def recover(uow: UnitOfWork, record_id: str, body: BenefitGrantRecover) -> BenefitGrant:
    """Record money that came back; 409 `more_than_paid` with what can still be recovered.

    Until everything demanded is back the grant stays paid.
    """
    grant = await grants.load(uow, record_id, "recover")
    left = due_back(grant)
    if body.amount > left:
        raise Conflict(
            Text(
                f"追回金额不能超过应追回的{money.format(left)}元。",
                f"No more than {money.format(left)} yuan can be recovered.",
            ),
            code="more_than_paid",
            extra={"left": money.format(left)},
        )
    part: dict[str, Any] = {
        "on": uow.today.isoformat(), "amount": money.format(body.amount), "voucher": body.voucher,
    }  # fmt: skip
    uow.reason = body.reason
    changed = await grants.change(
        uow, grant, "recover", to="recovered" if body.amount == left else None,
        recovered=grant.recovered + body.amount, recoveries=[*grant.recoveries, part],
        reason=body.reason or grant.reason,
    )  # fmt: skip
    budget = grant.budget or ""
    await posting.settle(uow, budget, "recovered", body.amount, record=grant.id, voucher=body.voucher)
    uow.emit(
        events.BenefitRecovered(**of_money(changed, body.amount), budget=budget, recovered_on=uow.today),
        aggregate=changed.id, version=changed.version,
    )  # fmt: skip
    return changed
