"""The HTTP edge of technical needs."""

from commissioner_matching.technical_needs import use_cases
from commissioner_matching.technical_needs.domain import Need
from commissioner_matching.technical_needs.schemas import (
    EXAMPLE,
    TechnicalNeedCreate,
    TechnicalNeedOut,
    TechnicalNeedPatch,
)
from commissioner_matching.technical_needs.store import needs
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import columns

router = ResourceRouter(needs, TechnicalNeedOut)


@router.create(example=EXAMPLE)
async def create(body: TechnicalNeedCreate, uow: Write) -> Need:
    """An enterprise's clerk drafts a need; nobody else sees it until it is submitted."""
    return await use_cases.file_need(uow, columns(body))


@router.update(example={"budget": "350000.00"})
async def update(record_id: RecordId, body: TechnicalNeedPatch, uow: Write) -> Need:
    """The owner changes a draft, or a need that was returned for correction."""
    return await use_cases.correct_need(uow, record_id, columns(body, only_set=True))


@router.verb("submit")
async def submit(record_id: RecordId, uow: Write) -> Need:
    """The owner submits the need to its county; needs the authorisation to submit."""
    return await use_cases.submit_need(uow, record_id)
