"""Posting to a budget's ledger: the row and the figures change together, under the budget's row lock.

Who spends locks in one order: the grant, then its budget, then the budget that this one was taken from.
"""

from typing import Any

import sqlalchemy as sa

from enterprise_registry.budgets.domain import OWN_SERVICE, Budget
from enterprise_registry.budgets.store import budgets, entry
from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text

_VERBS = {"booked": "book", "released": "release", "paid": "pay", "recovered": "recover"}


async def post(
    uow: UnitOfWork,
    budget: Budget,
    kind: str,
    amount: int,
    *,
    verb: str,
    record: str | None = None,
    voucher: str | None = None,
    implied: bool = True,
    **values: Any,
) -> Budget:
    """Write one ledger row of `amount` fen on a locked budget and change its figures by it.

    409 `budget_exhausted` with what is left, when more is taken than is free.
    """
    if kind in ("booked", "allocated") and amount > budget.figures.free:
        raise exhausted(budget, amount)
    figures = budget.figures.after(kind, amount)
    changed = await budgets.change(
        uow, budget, verb, implied=implied, amount=figures.amount, allocated=figures.allocated,
        booked=figures.booked, paid=figures.paid, recovered=figures.recovered, **values,
    )  # fmt: skip
    await write(uow, budget.id, kind, amount, record=record, voucher=voucher)
    return changed


async def write(
    uow: UnitOfWork,
    budget: str,
    kind: str,
    amount: int,
    *,
    record: str | None = None,
    voucher: str | None = None,
) -> None:
    """Write one ledger row, where the record itself is changed beside it."""
    await uow.execute(
        sa.insert(entry).values(
            budget=budget, kind=kind, amount=amount, on=uow.today, at=uow.now, subject=uow.actor.subject,
            record=record, voucher=voucher,
        )
    )  # fmt: skip


def exhausted(budget: Budget, asked: int) -> Conflict:
    """The refusal when a budget has less left than is asked; it names the rest."""
    free = money.format(budget.figures.free)
    return Conflict(
        Text(
            f"预算“{budget.title}”（{budget.number}）可用余额为{free}元，不足{money.format(asked)}元；"
            "请调减金额或改用其他预算。",
            f"Budget {budget.number} has {free} yuan left, not {money.format(asked)}; "
            "take less, or another budget.",
        ),
        code="budget_exhausted",
        extra={"budget": budget.id, "free": free, "asked": money.format(asked)},
    )


async def locked(uow: UnitOfWork, budget_id: str, pointer: str = "/budget") -> Budget:
    """Lock a budget that the caller may see, in order to post to it."""
    found = await budgets.lookup_one(uow, lock=True, id=budget_id)
    if found is None or not uow.permissions.permits(uow.actor, "budgets:read", found.sight):
        raise invalid(pointer, "budget_unknown", "没有该预算。", "There is no such budget for you.")
    return found


async def book(
    uow: UnitOfWork, budget_id: str, amount: int, *, record: str, city: str | None, fund: str | None
) -> Budget:
    """Book `amount` fen of a fund for a record; exactly as much is booked as is there, whoever asks at once.

    422 for another city's or fund's budget, 409 `budget_not_open`, `budget_of_another_service`,
    `budget_exhausted`.
    """
    budget = await locked(uow, budget_id)
    if budget.city != city:
        raise invalid("/budget", "budget_elsewhere", "该预算属于其他城市。", "The budget is another city's.")
    if fund is not None and budget.fund != fund:
        raise invalid(
            "/budget", "other_fund", f"该项奖补应从“{fund}”列支。", f"This is paid from the fund {fund}."
        )
    if budget.state != "open":
        raise Conflict(
            Text("该预算不在执行中，不能记账。", "The budget is not open; nothing can be booked on it."),
            code="budget_not_open",
            extra={"state": budget.state},
        )
    if budget.spender != OWN_SERVICE:
        raise Conflict(
            Text("该预算已划给其他业务使用。", "The budget is for another service to spend."),
            code="budget_of_another_service",
            extra={"spender": budget.spender},
        )
    return await post(uow, budget, "booked", amount, verb="book", record=record)


async def settle(
    uow: UnitOfWork, budget_id: str, kind: str, amount: int, *, record: str, voucher: str | None = None
) -> Budget:
    """Note on a budget that what was booked was released or paid, or that what was paid was recovered."""
    budget = await budgets.lookup_one(uow, lock=True, id=budget_id)
    if budget is None:
        raise LookupError(f"no budget {budget_id}")
    return await post(uow, budget, kind, amount, verb=_VERBS[kind], record=record, voucher=voucher)
