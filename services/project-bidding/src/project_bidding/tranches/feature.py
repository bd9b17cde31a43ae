"""Tranches: table, money rules under concurrency, addresses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang import access, money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Line, RecordOut
from kechuang.money import Money, MoneyOut
from kechuang.records import Records
from kechuang.resources import Filter, Record, Resource, record_table
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text
from kechuang_contracts.project_bidding import TrancheReleased
from kechuang_procedure.messages import tell
from project_bidding import packs
from project_bidding.contracts import money as rules
from project_bidding.contracts.store import contracts, funder_accounts
from project_bidding.metadata import metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranche(Record):
    """A payment of one funder. `vouchers` are `{number, amount, on}`."""

    contract: str
    call: str
    funder: str
    fiscal: bool
    trigger: str
    milestone: str | None
    party_codes: Sequence[str]
    amount_fen: int
    approved_fen: int
    released_fen: int
    due_on: date | None
    vouchers: Sequence[Mapping[str, Any]]
    reconciled_on: date | None


MACHINE = Machine(
    "tranches",
    {
        "planned": Text("计划中", "Planned"),
        "due": Text("应拨付", "Due"),
        "approved": Text("已批准", "Approved"),
        "released": Text("已拨付", "Released"),
        "reconciled": Text("已对账", "Reconciled"),
    },
    "planned",
    (
        verb("fall-due", "到期应拨", "Fall due", from_="planned", to="due", automatic=True),
        verb("approve", "批准拨付", "Approve", from_="due", to="approved", decides=True, handles=True),
        verb("release", "拨付", "Release", from_="approved", decides=True, not_by_handler=True),
        verb("reconcile", "对账", "Reconcile", from_="released", to="reconciled", decides=True),
    ),
    awaits=(Awaits("due", "approve", days=30), Awaits("approved", "release", days=30)),
)


def sight(tranche: Tranche) -> Iterable[str]:
    """The contract's parties, the funder's unit, the officers of the place."""
    yield from access.owner(tranche.organisation)
    yield from access.party(*tranche.party_codes)
    yield from access.unit(tranche.funder)
    yield from access.place(tranche.city, tranche.division)


_table = record_table(
    "tranche",
    metadata,
    "TR",
    sa.Column("contract", sa.Text, nullable=False, index=True),
    sa.Column("call", sa.Text, nullable=False),
    sa.Column("funder", sa.Text, nullable=False),
    sa.Column("fiscal", sa.Boolean, nullable=False),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("milestone", sa.Text),
    sa.Column("party_codes", ARRAY(sa.Text), nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("approved_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("released_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("due_on", sa.Date),
    sa.Column("vouchers", JSONB, nullable=False, server_default="[]"),
    sa.Column("reconciled_on", sa.Date),
    sa.CheckConstraint("approved_fen BETWEEN 0 AND amount_fen", name="tranche_approved"),
    sa.CheckConstraint("released_fen BETWEEN 0 AND approved_fen", name="tranche_released"),
)
TRANCHES: Resource[Tranche] = Resource(
    name="tranches",
    singular="tranche",
    title=Text("拨款", "Tranche"),
    table=_table,
    record=Tranche,
    machine=MACHINE,
    sight=sight,
    describe=lambda tranche: f"{tranche.funder} {money.format(tranche.amount_fen)}",
    filters={
        "contract": Filter("contract", Text("任务书", "Contract")),
        "funder": Filter("funder", Text("出资方", "Funder")),
    },
)
tranches = Records(TRANCHES)


class TrancheApprove(Input):
    """How much is approved; by default what was planned."""

    amount: Money | None = None
    reason: Line | None = None


class TrancheRelease(Input):
    """A payment against a voucher; several may make up a tranche."""

    amount: Money | None = Field(default=None, description="By default all that is approved and not released")
    voucher: Line = Field(examples=["PZ-2024-0613"])


class TrancheOut(RecordOut):
    """A tranche."""

    contract: str
    funder: str
    fiscal: bool
    trigger: str = Field(description="signature, milestone or acceptance")
    milestone: str | None
    amount_fen: MoneyOut = Field(serialization_alias="amount")
    approved_fen: MoneyOut = Field(serialization_alias="approved")
    released_fen: MoneyOut = Field(serialization_alias="released")
    due_on: date | None
    vouchers: list[dict[str, Any]]
    reconciled_on: date | None


async def fall_due(uow: UnitOfWork, contract: str, trigger: str, milestone: str | None = None) -> None:
    """What waits for this trigger falls due now."""
    waiting = await tranches.lookup(uow, lock=True, contract=contract, trigger=trigger, state="planned")
    for each in waiting:
        if each.milestone == milestone:
            await tranches.change(uow, each, "fall-due", implied=True, due_on=uow.today)


async def _ledger(uow: UnitOfWork, tranche: Tranche) -> rules.Ledger:
    """Lock the contract and give its money as it is: acts on one contract queue here.

    What an ended contract had left is promised to others, so nothing moves on it: 409 `contract_ended`.
    """
    contract = await contracts.lookup_one(uow, lock=True, id=tranche.contract)
    assert contract is not None, "a tranche belongs to a contract"
    contract.require_alive()
    every = await tranches.lookup(uow, contract=tranche.contract)
    planned = [
        rules.Tranche(each.id, each.funder, each.amount_fen, "payment", each.approved_fen, each.released_fen)
        for each in every
    ]
    return rules.Ledger(contract.budget_fen, contract.funder_shares(), tuple(planned))


async def _locked(uow: UnitOfWork, tranche_id: str, verb_name: str) -> tuple[Tranche, rules.Ledger]:
    seen = await tranches.lookup_one(uow, id=tranche_id)
    if seen is not None:  # the contract first, then the tranche: one order for everybody
        await contracts.lookup_one(uow, lock=True, id=seen.contract)
    tranche = await tranches.load(uow, tranche_id, verb_name)
    return tranche, await _ledger(uow, tranche)


def _refuse(error: rules.MoneyRefusedError) -> Conflict:
    asked, limit = money.format(error.asked), money.format(error.limit)
    return Conflict(
        Text(f"金额{asked}超过上限{limit}。", f"{asked} is over the limit of {limit}."),
        code=error.code.replace("-", "_"),
        extra={"asked": asked, "limit": limit},
    )


async def approve_tranche(uow: UnitOfWork, tranche_id: str, amount: int | None) -> Tranche:
    """Approve a due tranche, up to what was planned."""
    tranche, ledger = await _locked(uow, tranche_id, "approve")
    MACHINE.require("approve", tranche.state)
    approved = tranche.amount_fen if amount is None else amount
    _positive(approved)
    try:
        rules.approve(ledger, tranche.id, approved)
    except rules.MoneyRefusedError as error:
        raise _refuse(error) from None
    return await tranches.change(uow, tranche, "approve", approved_fen=approved)


async def release_tranche(uow: UnitOfWork, tranche_id: str, body: TrancheRelease) -> Tranche:
    """Pay out: never more than approved, than the funder's share, or than the funder's promise to the call."""
    tranche, ledger = await _locked(uow, tranche_id, "release")
    MACHINE.require("release", tranche.state)
    amount = tranche.approved_fen - tranche.released_fen if body.amount is None else body.amount
    _positive(amount)
    if any(each["number"] == body.voucher for each in tranche.vouchers):
        raise invalid("/voucher", "voucher_used", "凭证号已使用。", "This voucher is entered already.")
    try:
        rules.release(ledger, tranche.id, amount)
    except rules.MoneyRefusedError as error:
        raise _refuse(error) from None
    released = tranche.released_fen + amount
    changed = await tranches.change(
        uow,
        tranche,
        "release",
        to="released" if released == tranche.approved_fen else None,
        released_fen=released,
        vouchers=[
            *tranche.vouchers,
            {"number": body.voucher, "amount": money.format(amount), "on": uow.today.isoformat()},
        ],
    )
    await _draw(uow, tranche, amount)
    uow.emit(
        TrancheReleased(
            city=changed.city, division=changed.division, zones=list(changed.zones),
            contract=changed.contract, funder=changed.funder, fiscal=changed.fiscal, amount_fen=amount,
            released_on=uow.today,
        ),
        aggregate=changed.id,
        version=changed.version,
    )  # fmt: skip
    await _tell_lead(uow, changed, amount)
    return changed


async def _tell_lead(uow: UnitOfWork, tranche: Tranche, amount: int) -> None:
    contract = await contracts.lookup_one(uow, id=tranche.contract)
    assert contract is not None, "a tranche belongs to a contract"
    tell(
        uow, packs.loaded(uow), tranche, "tranches", "tranche.released",
        {"organisation": access.owner(tranche.organisation)[:1]},
        title=contract.title, number=contract.number, amount=money.format(amount),
    )  # fmt: skip


async def _draw(uow: UnitOfWork, tranche: Tranche, amount: int) -> None:
    account = funder_accounts
    drawn = await uow.execute(
        sa.update(account)
        .where(
            account.c.call == tranche.call,
            account.c.funder == tranche.funder,
            account.c.released_fen <= account.c.committed_fen - amount,
        )
        .values(released_fen=account.c.released_fen + amount)
    )
    if drawn.rowcount != 1:
        raise Conflict(
            Text("超过该出资方承诺的经费。", "It is over what the funder has promised."),
            code="funder_exhausted",
        )


def _positive(amount: int) -> None:
    if amount <= 0:
        raise invalid("/amount", "amount_not_positive", "金额应大于零。", "The amount is above zero.")


router = ResourceRouter(tranches, TrancheOut)


@router.verb("approve", example={"amount": "450000.00"})
async def approve(record_id: RecordId, body: TrancheApprove, uow: Write) -> Tranche:
    """Approve a due tranche. 409 `approved_over_planned`, `contract_ended`."""
    uow.reason = body.reason
    return await approve_tranche(uow, record_id, body.amount)


@router.verb("release", example={"amount": "450000.00", "voucher": "PZ-2024-0613"})
async def release(record_id: RecordId, body: TrancheRelease, uow: Write) -> Tranche:
    """Pay out against a voucher; not by who approved.

    409 `released_over_approved`, `funder_exhausted`, `contract_ended`.
    """
    return await release_tranche(uow, record_id, body)


@router.verb("reconcile", example=Because.example)
async def reconcile(record_id: RecordId, body: Because, uow: Write) -> Tranche:
    """Confirm that the money arrived as released."""
    tranche = await tranches.load(uow, record_id, "reconcile")
    uow.reason = body.reason
    return await tranches.change(uow, tranche, "reconcile", reconciled_on=uow.today)
