"""The HTTP edge of filings."""

from enterprise_registry.filings import deciding, use_cases
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.imports import add_import_routes
from enterprise_registry.filings.schemas import EXAMPLE, FilingCorrect, FilingCreate, FilingOut, FilingPatch
from enterprise_registry.filings.store import filings
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because
from kechuang_procedure.returns import ReturnForCorrection

router = ResourceRouter(filings, FilingOut)


@router.create(example=EXAMPLE)
async def create(body: FilingCreate, uow: Write) -> Filing:
    """Begin a filing for a period that is over; wrong values are refused, missing ones are not yet.

    409 `already_filed` names the filing of the same form and period.
    """
    return await use_cases.draft(uow, body)


@router.update(example={"facts": {"employees": 121}})
async def update(record_id: RecordId, body: FilingPatch, uow: Write) -> Filing:
    """Change a draft or a returned filing; `facts` are merged by key."""
    return await use_cases.update(uow, record_id, body)


@router.verb("submit")
async def submit(record_id: RecordId, uow: Write) -> Filing:
    """Hand in; every missing or contradicting field is listed. `dry_run=true` is the pre-flight."""
    return await use_cases.submit(uow, record_id)


@router.verb("return", example={"items": [{"pointer": "/facts/rd_expense", "label": "研发费用",
                                           "reason": "与审计报告不一致"}]})  # fmt: skip
async def return_(record_id: RecordId, body: ReturnForCorrection, uow: Write) -> Filing:
    """Return once for correction, with all items and a due day."""
    return await deciding.return_(uow, record_id, body)


@router.verb("verify", example=Because.example)
async def verify(record_id: RecordId, body: Because, uow: Write) -> Filing:
    """The county accepts the figures; never by who submitted them."""
    return await deciding.verify(uow, record_id, body.reason)


@router.verb("correct", example={"reason": "审计调整。"})
async def correct(record_id: RecordId, body: FilingCorrect, uow: Write) -> Filing:
    """Begin a correction: answers the new draft, whose `supersedes` is this filing.

    The verified filing stays in force until the correction is verified.
    """
    return await use_cases.correct(uow, record_id, body.reason)


@router.verb("withdraw", example=Because.example)
async def withdraw(record_id: RecordId, body: Because, uow: Write) -> Filing:
    """Take back what was not verified."""
    return await use_cases.withdraw(uow, record_id, body.reason)


add_import_routes(router)
