"""What can be done with a risk compensation pool. Every change is a ledger row under the pool's row lock."""

from typing import Any

import sqlalchemy as sa

from enterprise_registry.finance.pools.domain import PPM, RiskPool
from enterprise_registry.finance.pools.schemas import (
    RiskPoolCompensate,
    RiskPoolContribute,
    RiskPoolCreate,
    RiskPoolDischarge,
    RiskPoolRecover,
)
from enterprise_registry.finance.pools.store import entry, pools
from enterprise_registry.policy.library import library
from kechuang import money
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events


async def create(uow: UnitOfWork, body: RiskPoolCreate) -> RiskPool:
    """Set up a pool, open and empty."""
    library(uow).require_city_pack(body.city, uow.today)
    made = await pools.create(
        uow, title=body.title, city=body.city, division=body.division or body.city,
        share_ppm=body.share_percent * (PPM // 100), multiple=body.multiple, contributed=0, guaranteed=0,
        compensated=0, recovered=0, external_ids=[each.model_dump() for each in body.external_ids],
    )  # fmt: skip
    _tell(uow, made)
    return made


async def contribute(uow: UnitOfWork, record_id: str, body: RiskPoolContribute) -> RiskPool:
    """Pay in."""
    pool = await pools.load(uow, record_id, "contribute")
    return await _post(
        uow, pool, "contributed", body.amount, verb="contribute", contributor=body.contributor,
        voucher=body.voucher,
    )  # fmt: skip


async def guarantee(
    uow: UnitOfWork, pool_id: str, amount: int, *, need: str, loan_no: str, city: str | None
) -> RiskPool:
    """Let a pool stand for a loan, with the loan's own transaction; 409 `pool_over_limit` with the room left."""
    pool = await pools.lookup_one(uow, lock=True, id=pool_id)
    if pool is None or pool.city != city:
        raise invalid("/risk_pool", "pool_unknown", "本市没有该补偿池。", "The city has no such pool.")
    if pool.room is not None and amount > pool.room:
        left = money.format(pool.room)
        raise Conflict(
            Text(f"超过补偿池放大倍数，最多还可纳入{left}元。", f"The pool can stand for {left} yuan more."),
            code="pool_over_limit",
            extra={"left": left},
        )
    return await _post(
        uow, pool, "guaranteed", amount, verb="guarantee", implied=True, need=need, loan_no=loan_no
    )


async def compensate(uow: UnitOfWork, record_id: str, body: RiskPoolCompensate) -> RiskPool:
    """Bear the pool's share of a loan's loss; the loan's guarantee ends to the extent of the loss.

    409 `not_guaranteed` with what the pool stands for of this loan, `pool_exhausted` with its balance.
    """
    pool = await pools.load(uow, record_id, "compensate")
    await _require_guaranteed(uow, pool, body.need, body.loan_no, body.loss)
    share = pool.share_of(body.loss)
    if share == 0:
        raise invalid("/loss", "too_small", "损失的分担额不足一分。", "The share is less than a fen.")
    if share > pool.figures.balance:
        left = money.format(pool.figures.balance)
        raise Conflict(
            Text(f"补偿池余额仅{left}元，不足代偿。", f"The pool has only {left} yuan."),
            code="pool_exhausted",
            extra={"balance": left, "asked": money.format(share)},
        )
    loan: dict[str, Any] = {"need": body.need, "loan_no": body.loan_no}
    paid = await _post(uow, pool, "compensated", share, verb="compensate", voucher=body.voucher, **loan)
    return await _post(uow, paid, "discharged", body.loss, verb="discharge", implied=True, **loan)


async def discharge(uow: UnitOfWork, record_id: str, body: RiskPoolDischarge) -> RiskPool:
    """A loan was paid back, wholly or in part: the pool stands for that part no longer."""
    pool = await pools.load(uow, record_id, "discharge")
    left = await _guaranteed(uow, pool, body.need, body.loan_no)
    amount = body.amount or left
    await _require_guaranteed(uow, pool, body.need, body.loan_no, max(amount, 1))
    return await _post(
        uow, pool, "discharged", amount, verb="discharge", need=body.need, loan_no=body.loan_no
    )


async def recover(uow: UnitOfWork, record_id: str, body: RiskPoolRecover) -> RiskPool:
    """Money came back from a debtor; 409 `more_than_compensated` with what can still come."""
    pool = await pools.load(uow, record_id, "recover")
    left = pool.compensated - pool.recovered
    if body.amount > left:
        raise Conflict(
            Text(f"追偿不能超过已代偿未追回的{money.format(left)}元。",
                 f"No more than {money.format(left)} yuan can come back."),
            code="more_than_compensated", extra={"left": money.format(left)},
        )  # fmt: skip
    return await _post(uow, pool, "recovered", body.amount, verb="recover", voucher=body.voucher)


async def close(uow: UnitOfWork, record_id: str, reason: str) -> RiskPool:
    """Close it; 409 `guarantees_open` while it stands for loans."""
    pool = await pools.load(uow, record_id, "close")
    if pool.guaranteed:
        open_ = money.format(pool.guaranteed)
        raise Conflict(
            Text(f"尚有{open_}元贷款在补偿范围内。", f"It stands for loans of {open_} yuan."),
            code="guarantees_open", extra={"guaranteed": open_},
        )  # fmt: skip
    uow.reason = reason
    closed = await pools.change(uow, pool, "close")
    _tell(uow, closed)
    return closed


async def _guaranteed(uow: UnitOfWork, pool: RiskPool, need: str, loan_no: str) -> int:
    """Give the fen of one loan that a locked pool stands for now."""
    signed = sa.case((entry.c.kind == "guaranteed", entry.c.amount), else_=-entry.c.amount)
    statement = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(signed), 0), sa.BigInteger)).where(
        entry.c.pool == pool.id, entry.c.need == need, entry.c.loan_no == loan_no,
        entry.c.kind.in_(("guaranteed", "discharged")),
    )  # fmt: skip
    found: int = (await uow.execute(statement)).scalar_one()
    return found


async def _require_guaranteed(uow: UnitOfWork, pool: RiskPool, need: str, loan_no: str, amount: int) -> None:
    left = await _guaranteed(uow, pool, need, loan_no)
    if amount > left:
        raise Conflict(
            Text(f"该笔贷款在补偿范围内的金额为{money.format(left)}元。",
                 f"The pool stands for {money.format(left)} yuan of this loan."),
            code="not_guaranteed", extra={"left": money.format(left)},
        )  # fmt: skip


async def _post(
    uow: UnitOfWork,
    pool: RiskPool,
    kind: str,
    amount: int,
    *,
    verb: str,
    implied: bool = False,
    **details: Any,
) -> RiskPool:
    """Write one row and change the figures by it, on a locked pool; tell the new figures."""
    figures = pool.figures.after(kind, amount)
    changed = await pools.change(
        uow, pool, verb, implied=implied, contributed=figures.contributed, guaranteed=figures.guaranteed,
        compensated=figures.compensated, recovered=figures.recovered,
    )  # fmt: skip
    row = {
        "pool": pool.id, "kind": kind, "amount": amount, "on": uow.today, "at": uow.now,
        "subject": uow.actor.subject, **details,
    }  # fmt: skip
    await uow.execute(sa.insert(entry).values(row))
    _tell(uow, changed)
    return changed


def _tell(uow: UnitOfWork, pool: RiskPool) -> None:
    figures = pool.figures
    uow.emit(
        events.RiskPoolChanged(
            city=pool.city, division=pool.division, contributed_fen=figures.contributed,
            compensated_fen=figures.compensated, recovered_fen=figures.recovered,
            balance_fen=figures.balance, state=pool.state,
        ),
        aggregate=pool.id, version=pool.version,
    )  # fmt: skip
