"""What can be done with a finance need: file, take, release, record loans, close."""

import sqlalchemy as sa

from enterprise_registry.finance.domain import FinanceNeed
from enterprise_registry.finance.pools.use_cases import guarantee
from enterprise_registry.finance.schemas import (
    FinanceNeedClose,
    FinanceNeedCreate,
    FinanceNeedFund,
    FinanceNeedPatch,
)
from enterprise_registry.finance.store import needs
from enterprise_registry.metadata import acting_for, alone, parties
from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.schemas import columns
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events
from kechuang_procedure.parties import ACTING_ROLES


async def file(uow: UnitOfWork, body: FinanceNeedCreate) -> FinanceNeed:
    """File a need; it is open at once, and shown to banks only with the owner's consent."""
    uscc = acting_for(uow, body.organisation, "finance-needs:create")
    await parties.require_authority(uow, uscc, "submit")
    party = await parties.require_active(uow, uscc, "/organisation")
    values = columns(body) | {"organisation": uscc}
    return await needs.create(
        uow, city=party.city, division=party.division, zones=list(party.zones), loans=[], funded=0,
        consented_on=uow.today if body.shared_with_banks else None, **values,
    )  # fmt: skip


async def update(uow: UnitOfWork, record_id: str, body: FinanceNeedPatch) -> FinanceNeed:
    """Change what is needed, give the consent or withdraw it, while no bank has taken it."""
    need = await needs.load(uow, record_id, "update")
    values = columns(body, only_set=True)
    shared = values.get("shared_with_banks", need.shared_with_banks)
    await parties.require_authority(
        uow, need.organisation or "", "submit" if "shared_with_banks" in values else "draft"
    )
    if shared != need.shared_with_banks:
        values["consented_on"] = uow.today if shared else None
    return await needs.change(uow, need, "update", **values)


async def take(uow: UnitOfWork, record_id: str, meeting: str | None) -> FinanceNeed:
    """A bank takes it; the first one gets it and no other bank sees it any more."""
    need = await needs.load(uow, record_id, "take")
    bank = uow.actor.organisation
    if bank is None:
        raise invalid("/bank", "missing", "令牌中没有银行。", "The token names no bank.")
    return await needs.change(
        uow, need, "take", bank=bank, taken_on=uow.today, meeting=meeting or need.meeting
    )


async def release(uow: UnitOfWork, record_id: str, reason: str) -> FinanceNeed:
    """The bank gives it back; it is open for others again."""
    need = await needs.load(uow, record_id, "release")
    uow.reason = reason
    return await needs.change(uow, need, "release", bank=None, taken_on=None, reason=reason)


async def fund(uow: UnitOfWork, record_id: str, body: FinanceNeedFund) -> FinanceNeed:
    """Record a loan; several may follow one another. With a pool its guarantee is noted there.

    409 `loan_known` for a contract number that this bank has recorded already, `pool_over_limit`.
    """
    need = await needs.load(uow, record_id, "fund")
    on = body.funded_on or uow.today
    if on > uow.today:
        raise invalid("/funded_on", "in_the_future", "放款日期不能晚于今天。", "Not in the future.")
    await _require_new_loan(uow, need, body.loan_no)
    loan = {
        "bank": need.bank, "amount": money.format(body.amount), "product": body.product,
        "loan_no": body.loan_no, "funded_on": on.isoformat(), "term_months": body.term_months,
        "risk_pool": body.risk_pool,
    }  # fmt: skip
    funded = await needs.change(
        uow, need, "fund", loans=[*need.loans, loan], funded=need.funded + body.amount
    )
    if body.risk_pool is not None:
        await guarantee(uow, body.risk_pool, body.amount, need=need.id, loan_no=body.loan_no, city=need.city)
    uow.emit(
        events.FinanceNeedFunded(
            city=need.city, division=need.division, zones=list(need.zones),
            organisation=need.organisation or "", lender=need.bank or "", product=body.product,
            guaranteed=body.risk_pool is not None, risk_pool=body.risk_pool, amount_fen=body.amount,
            funded_on=on,
        ),
        aggregate=funded.id, version=funded.version,
    )  # fmt: skip
    return funded


async def _require_new_loan(uow: UnitOfWork, need: FinanceNeed, loan_no: str) -> None:
    """Refuse a contract that this bank has recorded before, upon whichever need: a loan is counted once."""
    await alone(uow, "loan", need.bank or "", loan_no)
    table = needs.table
    same = sa.select(table.c.number).where(
        table.c.bank == need.bank, table.c.loans.contains([{"bank": need.bank, "loan_no": loan_no}])
    )
    known = (await uow.execute(same.limit(1))).scalar()
    if known is not None:
        raise Conflict(
            Text(f"该借款合同已在融资需求{known}登记。", f"This loan is recorded already, upon {known}."),
            code="loan_known", extra={"loan_no": loan_no, "need": known},
        )  # fmt: skip


async def close(uow: UnitOfWork, record_id: str, body: FinanceNeedClose) -> FinanceNeed:
    """End it, by its owner, its bank or an officer, with what became of it."""
    need = await needs.load(uow, record_id, "close")
    if uow.actor.roles & ACTING_ROLES:
        await parties.require_authority(uow, need.organisation or "", "submit")
    uow.reason = body.reason
    return await needs.change(
        uow, need, "close", outcome=body.outcome, closed_on=uow.today, reason=body.reason
    )
