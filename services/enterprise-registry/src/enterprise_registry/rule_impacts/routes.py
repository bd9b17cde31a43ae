"""The HTTP edge of rule impacts."""

from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import StreamingResponse

from enterprise_registry.rule_impacts import download, use_cases
from enterprise_registry.rule_impacts.domain import RuleImpact
from enterprise_registry.rule_impacts.schemas import (
    EXAMPLE,
    ListedOutcome,
    RuleImpactCases,
    RuleImpactCreate,
    RuleImpactOut,
)
from enterprise_registry.rule_impacts.store import rule_impacts
from enterprise_registry.rule_impacts.use_cases import Asked
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.text import negotiate

router = ResourceRouter(rule_impacts, RuleImpactOut)


@router.create(example=EXAMPLE)
async def create(body: RuleImpactCreate, uow: Write) -> RuleImpact:
    """Try a version over all enterprises of a city: who gains, loses, stays. Follow it by `GET /jobs/{job}`.

    422 `version_unknown`, or `pack_faulty` with file and line for an uploaded version that has faults.
    """
    return await use_cases.start(uow, body)


OutcomeOf = Annotated[ListedOutcome, Query(description="stays, gains, loses or unknown")]
NodeOf = Annotated[str | None, Query(max_length=200, description="`pack-id/code`")]
DivisionOf = Annotated[str | None, Query(max_length=60, description="Area id of a county")]


@router.other(
    "GET", "/{record_id}/cases", action="read", operation_id="list_rule_impact_cases",
    summary="受影响企业 Enterprises", response_model=RuleImpactCases,
)  # fmt: skip
async def list_cases(
    record_id: RecordId,
    unit: Read,
    outcome: OutcomeOf,
    node: NodeOf = None,
    division: DivisionOf = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> RuleImpactCases:
    """The enterprises with an outcome, each with its results before and after and the leaf that decided."""
    return await use_cases.list_cases(
        unit, record_id, Asked(outcome, node, division), limit=limit, cursor=cursor
    )


@router.other(
    "GET", "/{record_id}/cases/export", action="export", operation_id="export_rule_impact_cases",
    summary="导出受影响企业 Export", response_class=StreamingResponse,
)  # fmt: skip
async def export_cases(
    record_id: RecordId,
    unit: Read,
    request: Request,
    outcome: Annotated[ListedOutcome | None, Query(description="All that are named when left out")] = None,
    node: NodeOf = None,
    division: DivisionOf = None,
    format: Annotated[Literal["csv", "xlsx", "ndjson"], Query()] = "csv",  # noqa: A002  the parameter's name
) -> StreamingResponse:
    """The same as one file, with headings in the language of `Accept-Language`. The act is audited.

    409 `not_completed` while it runs; 413 `too_many_rows` beyond what a sheet holds.
    """
    language = negotiate(request.headers.get("accept-language"))
    return await download.cases_file(unit, record_id, Asked(outcome, node, division), format, language)
