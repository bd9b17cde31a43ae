"""The HTTP edge of rule impacts."""

from typing import Annotated

from fastapi import Query

from enterprise_registry.rule_impacts import use_cases
from enterprise_registry.rule_impacts.domain import RuleImpact
from enterprise_registry.rule_impacts.schemas import (
    EXAMPLE,
    ListedOutcome,
    RuleImpactCases,
    RuleImpactCreate,
    RuleImpactOut,
)
from enterprise_registry.rule_impacts.store import rule_impacts
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write

router = ResourceRouter(rule_impacts, RuleImpactOut)


@router.create(example=EXAMPLE)
async def create(body: RuleImpactCreate, uow: Write) -> RuleImpact:
    """Try a version over all enterprises of a city: who gains, loses, stays. Follow it by `GET /jobs/{job}`.

    422 `version_unknown`, or `pack_faulty` with file and line for an uploaded version that has faults.
    """
    return await use_cases.start(uow, body)


@router.other(
    "GET", "/{record_id}/cases", action="read", operation_id="list_rule_impact_cases",
    summary="受影响企业 Enterprises", response_model=RuleImpactCases,
)  # fmt: skip
async def list_cases(
    record_id: RecordId,
    unit: Read,
    outcome: Annotated[ListedOutcome, Query(description="stays, gains, loses or unknown")],
    node: Annotated[str | None, Query(max_length=200, description="`pack-id/code`")] = None,
    division: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> RuleImpactCases:
    """The enterprises with an outcome, each with its results before and after and the leaf that decided."""
    return await use_cases.list_cases(
        unit, record_id, outcome, node=node, division=division, limit=limit, cursor=cursor
    )
