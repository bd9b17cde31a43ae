"""The HTTP edge of risk compensation pools."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import Query

from enterprise_registry.finance.pools import use_cases
from enterprise_registry.finance.pools.domain import PPM, RiskPool
from enterprise_registry.finance.pools.schemas import (
    EXAMPLE,
    RiskPoolClose,
    RiskPoolCompensate,
    RiskPoolContribute,
    RiskPoolCreate,
    RiskPoolDischarge,
    RiskPoolEntry,
    RiskPoolOut,
    RiskPoolRecover,
)
from enterprise_registry.finance.pools.store import entry, pools
from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Page

_COMPUTED = {"share_percent", "balance", "room"}


def _show(found: RiskPool, _unit: ReadUnit) -> RiskPoolOut:
    fields = {name: getattr(found, name) for name in RiskPoolOut.model_fields if name not in _COMPUTED}
    percent = found.share_ppm * 100 // PPM
    more = {"share_percent": percent, "balance": found.figures.balance, "room": found.room}
    return RiskPoolOut.model_validate(fields | more)


router = ResourceRouter(pools, RiskPoolOut, show=_show)
_LOAN = {"need": "018e2b69-…", "loan_no": "KDT-2024-0001"}


@router.create(example=EXAMPLE)
async def create(body: RiskPoolCreate, uow: Write) -> RiskPool:
    """Set up a pool, open and empty."""
    return await use_cases.create(uow, body)


@router.verb(
    "contribute", example={"amount": "10000000.00", "contributor": "市财政局", "voucher": "GK-2024-0009"}
)
async def contribute(record_id: RecordId, body: RiskPoolContribute, uow: Write) -> RiskPool:
    """Pay in."""
    return await use_cases.contribute(uow, record_id, body)


@router.verb("compensate", example={**_LOAN, "loss": "1000000.00", "voucher": "DC-2025-0001"})
async def compensate(record_id: RecordId, body: RiskPoolCompensate, uow: Write) -> RiskPool:
    """Bear the pool's share of a loss. 409 `not_guaranteed`, `pool_exhausted` with the balance."""
    return await use_cases.compensate(uow, record_id, body)


@router.verb("discharge", example=_LOAN)
async def discharge(record_id: RecordId, body: RiskPoolDischarge, uow: Write) -> RiskPool:
    """A loan was paid back: the pool stands for it no longer. 409 `not_guaranteed`."""
    return await use_cases.discharge(uow, record_id, body)


@router.verb("recover", example={"amount": "200000.00", "voucher": "ZC-2025-0003"})
async def recover(record_id: RecordId, body: RiskPoolRecover, uow: Write) -> RiskPool:
    """Money came back from a debtor. 409 `more_than_compensated`."""
    return await use_cases.recover(uow, record_id, body)


@router.verb("close", example={"reason": "政策到期。"})
async def close(record_id: RecordId, body: RiskPoolClose, uow: Write) -> RiskPool:
    """Close it. 409 `guarantees_open` while it stands for loans."""
    return await use_cases.close(uow, record_id, body.reason)


@router.other("GET", "/{record_id}/entries", action="entries", operation_id="list_risk_pool_entries",
              summary="补偿池台账 Ledger", response_model=Page[RiskPoolEntry])  # fmt: skip
async def entries(
    record_id: RecordId,
    unit: Read,
    limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Page[RiskPoolEntry]:
    """The rows that the figures are the sum of, oldest first; they name loans, so banks do not read them."""
    await pools.get(unit, record_id)
    statement = sa.select(entry).where(
        entry.c.pool == record_id, entry.c.seq > paging.decode_position(cursor)
    )
    rows = list(await unit.execute(statement.order_by(entry.c.seq).limit(limit + 1)))
    more = len(rows) > limit
    return Page[RiskPoolEntry](
        items=[RiskPoolEntry.model_validate(each) for each in rows[:limit]],
        next_cursor=paging.encode_position(rows[limit - 1].seq) if more else None,
    )
