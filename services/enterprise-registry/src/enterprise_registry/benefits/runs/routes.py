"""The HTTP edge of runs."""

from typing import Annotated, Literal

from fastapi import Query

from enterprise_registry.benefits.runs import use_cases
from enterprise_registry.benefits.runs.domain import BenefitRun
from enterprise_registry.benefits.runs.schemas import (
    EXAMPLE,
    BenefitRunCreate,
    BenefitRunIssue,
    BenefitRunItem,
    BenefitRunOut,
)
from enterprise_registry.benefits.runs.store import item, runs
from kechuang.http import paging
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Because, Page

router = ResourceRouter(runs, BenefitRunOut)


@router.create(example=EXAMPLE)
async def create(body: BenefitRunCreate, uow: Write) -> BenefitRun:
    """Compute the list of a benefit over held, verified data in a job; nobody gets anything. 422 `benefit_unknown`."""
    return await use_cases.compute(uow, body)


@router.other("GET", "/{record_id}/items", action="read", operation_id="list_benefit_run_items",
              summary="受益名单 The list", response_model=Page[BenefitRunItem])  # fmt: skip
async def items(
    record_id: RecordId,
    unit: Read,
    outcome: Annotated[Literal["beneficiary", "unknown", "excluded"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Page[BenefitRunItem]:
    """Who would get how much and why; who is excluded; of whom nobody can say, and which facts are missing."""
    await runs.get(unit, record_id)
    binding = paging.binding_of({"run": record_id, "outcome": outcome})
    after = "" if cursor is None else str(paging.decode(cursor, binding, item.c.organisation).value)
    rows = await use_cases.listed(unit, record_id, outcome, after, limit + 1)
    more = len(rows) > limit
    return Page[BenefitRunItem](
        items=[BenefitRunItem.model_validate(each) for each in rows[:limit]],
        next_cursor=paging.Cursor(rows[limit - 1].organisation, "").encode(binding) if more else None,
    )


@router.verb("issue", example={"document_no": "荆科〔2024〕18号"})
async def issue(record_id: RecordId, body: BenefitRunIssue, uow: Write) -> BenefitRun:
    """Decide the list: each organisation on it is offered its benefit, unless its answer has changed since.

    409 `handler_does_not_decide` for who computed it.
    """
    return await use_cases.issue(uow, record_id, body.document_no)


@router.verb("discard", example=Because.example)
async def discard(record_id: RecordId, body: Because, uow: Write) -> BenefitRun:
    """Put the list aside."""
    return await use_cases.discard(uow, record_id, body.reason)
