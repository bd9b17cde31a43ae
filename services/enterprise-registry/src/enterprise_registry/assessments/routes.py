"""The HTTP edge of assessments and of the rung on a date."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from enterprise_registry.assessments import rerun, rungs, use_cases
from enterprise_registry.assessments.schemas import EXAMPLE, AssessmentCreate, AssessmentOut, AssessmentRerun
from enterprise_registry.organisations.store import organisations
from kechuang.http.resource import RecordId
from kechuang.http.route import KitRoute, Operation, Read, Write, operation

router = APIRouter(prefix="/assessments", tags=["对标评估 Assessments"], route_class=KitRoute)


@router.post(
    "", operation_id="assess_organisation", summary="对标评估 Assess", response_model=AssessmentOut,
    openapi_extra={"requestBody": {"content": {"application/json": {"example": EXAMPLE}}}},
)  # fmt: skip
@operation(Operation("assessments:create"))
async def assess(body: AssessmentCreate, uow: Write) -> dict[str, Any]:
    """Assess an organisation for a node: every leaf with value, threshold, clause and evidence; the gap.

    With `what_if` the given facts and held nodes are taken over what was filed. Nothing is stored.
    """
    return await use_cases.run(uow, body)


rungs_router = APIRouter(prefix="/organisations", tags=["单位 Organisation"], route_class=KitRoute)


@rungs_router.get(
    "/{record_id}/rungs", operation_id="list_organisation_rungs", summary="某日所处梯次 Rungs on a day",
    response_model=rungs.OrganisationRungs,
)  # fmt: skip
@operation(Operation("organisations:read"))
async def list_rungs(
    record_id: RecordId,
    unit: Read,
    as_of: Annotated[date | None, Query(description="The end of this day; today when left out")] = None,
) -> rungs.OrganisationRungs:
    """The nodes on which the organisation stands on a day: recognised, implied, or derived from facts."""
    found = await organisations.get(unit, record_id)
    return await rungs.on_day(unit, found, as_of or unit.today)


rerun_router = APIRouter(prefix="/applications", tags=["申报 Application"], route_class=KitRoute)


@rerun_router.get(
    "/{record_id}/assessment", operation_id="rerun_application_assessment", summary="复算测评 Re-run",
    response_model=AssessmentRerun,
)  # fmt: skip
@operation(Operation("applications:read"))
async def rerun_assessment(record_id: RecordId, unit: Read) -> dict[str, Any]:
    """Make the assessment of the day of submission anew, from the inputs and under the version that it keeps.

    409 `no_assessment_kept` before submission, and where the node has no rule that can be read.
    """
    return await rerun.of_application(unit, record_id)
