"""The HTTP edge of budgets."""

from typing import Annotated

from fastapi import Path, Query

from enterprise_registry.budgets import reading, use_cases
from enterprise_registry.budgets.domain import Budget
from enterprise_registry.budgets.schemas import (
    EXAMPLE,
    BudgetAllocate,
    BudgetClose,
    BudgetCreate,
    BudgetEntry,
    BudgetFundYears,
    BudgetOpen,
    BudgetOut,
    BudgetPatch,
    BudgetRecountJob,
)
from enterprise_registry.budgets.store import budgets
from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Page
from kechuang.jobs import start_job


def _show(found: Budget, _unit: ReadUnit) -> BudgetOut:
    fields = {name: getattr(found, name) for name in BudgetOut.model_fields if name != "free"}
    return BudgetOut.model_validate(fields | {"free": found.figures.free})


router = ResourceRouter(budgets, BudgetOut, show=_show)


@router.other("GET", "/funds/{year}", action="read", operation_id="list_budget_funds",
              summary="年度资金总览 Funds of a year", response_model=BudgetFundYears)  # fmt: skip
async def funds(
    unit: Read,
    year: Annotated[int, Path(ge=2000, le=2100)],
    city: Annotated[str, Query(description="Area id of the city", examples=["360400"])],
) -> BudgetFundYears:
    """Each fund of the city's plan with what was set aside, booked and paid, and whether that is what it promises."""
    return BudgetFundYears(city=city, year=year, items=await reading.fund_years(unit, city, year))


@router.create(example=EXAMPLE)
async def create(body: BudgetCreate, uow: Write) -> Budget:
    """Draw up a budget; nothing can be booked before it is opened. 422 `fund_unknown`."""
    return await use_cases.draft(uow, body)


@router.update(example={"amount": "32000000.00"})
async def update(record_id: RecordId, body: BudgetPatch, uow: Write) -> Budget:
    """Change a draft."""
    return await use_cases.update(uow, record_id, body)


@router.verb("open", example={"document_no": "九财科〔2024〕1号"})
async def open_(record_id: RecordId, body: BudgetOpen, uow: Write) -> Budget:
    """Set the amount aside: from now on it can be booked and allocated."""
    return await use_cases.open_(uow, record_id, body.document_no)


@router.verb(
    "allocate", example={"amount": "5000000.00", "spender": "project-bidding", "title": "揭榜挂帅专项"}
)
async def allocate(record_id: RecordId, body: BudgetAllocate, uow: Write) -> Budget:
    """Give a part to a budget of its own; it stands in `allocations`. 409 `budget_exhausted` with what is left."""
    return await use_cases.allocate(uow, record_id, body)


@router.verb("close", example={"reason": "年度结束。"})
async def close(record_id: RecordId, body: BudgetClose, uow: Write) -> Budget:
    """Close it; the rest goes back to the budget that it came from. 409 `bookings_open`, `allocations_open`."""
    return await use_cases.close(uow, record_id, body)


@router.other("GET", "/{record_id}/entries", action="read", operation_id="list_budget_entries",
              summary="预算台账 Ledger", response_model=Page[BudgetEntry])  # fmt: skip
async def entries(
    record_id: RecordId,
    unit: Read,
    limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Page[BudgetEntry]:
    """The rows that the figures are the sum of, oldest first."""
    await budgets.get(unit, record_id)
    after = paging.decode_position(cursor)
    rows = await reading.ledger(unit, record_id, after, limit + 1)
    more = len(rows) > limit
    return Page[BudgetEntry](
        items=[BudgetEntry.model_validate(each) for each in rows[:limit]],
        next_cursor=paging.encode_position(rows[limit - 1].seq) if more else None,
    )


@router.other("POST", "/recount", action="recount", operation_id="recount_budgets", status=202,
              summary="核对台账 Recount the ledgers", response_model=BudgetRecountJob)  # fmt: skip
async def recount(uow: Write) -> BudgetRecountJob:
    """Recount every ledger in a job; its result names the budgets whose figures are not the sum of their rows."""
    job = await start_job(uow, reading.RECOUNT, chunks=(), resource="budgets")
    uow.audit("budgets:recount", resource="budgets")
    return BudgetRecountJob(id=job, state="running")
