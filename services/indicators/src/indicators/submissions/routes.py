"""The HTTP edge of submissions."""

from indicators.submissions import use_cases
from indicators.submissions.domain import Submission
from indicators.submissions.schemas import EXAMPLE, SubmissionCreate, SubmissionOut, SubmissionPatch
from indicators.submissions.store import submissions
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, columns
from kechuang_procedure.returns import ReturnForCorrection

router = ResourceRouter(submissions, SubmissionOut)


@router.create(example=EXAMPLE)
async def create(body: SubmissionCreate, uow: Write) -> Submission:
    """An officer of the reporting area drafts the return; 409 `window_not_open` outside the window."""
    return await use_cases.draft(
        uow, columns(body) | {"cells": [each.model_dump(mode="json") for each in body.cells]}
    )


@router.update(example={"comment": "按统计口径更正。"})
async def update(record_id: RecordId, body: SubmissionPatch, uow: Write) -> Submission:
    """Change a draft, or one that was returned for correction."""
    return await use_cases.correct(uow, record_id, columns(body, only_set=True))


@router.verb("submit")
async def submit(record_id: RecordId, uow: Write) -> Submission:
    """Hand the return in; 409 `nothing_reported` without a value or the mark of a nil return."""
    return await use_cases.submit(uow, record_id)


@router.verb(
    "return",
    example={"items": [{"pointer": "/cells/0/value", "label": "覆盖率", "reason": "与统计年报不一致"}]},
)
async def return_(record_id: RecordId, body: ReturnForCorrection, uow: Write) -> Submission:
    """The city returns it once, with everything that is to be corrected."""
    return await use_cases.send_back(uow, record_id, body)


@router.verb("verify", example=Because.example)
async def verify(record_id: RecordId, body: Because, uow: Write) -> Submission:
    """The city verifies the values; never who submitted them."""
    return await use_cases.verify(uow, record_id, body.reason)


@router.verb("publish", example=Because.example)
async def publish(record_id: RecordId, body: Because, uow: Write) -> Submission:
    """Publish: the values count from now on, and are revised by a new submission only."""
    return await use_cases.publish(uow, record_id, body.reason)
