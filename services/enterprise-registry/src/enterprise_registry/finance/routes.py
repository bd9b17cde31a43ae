"""The HTTP edge of finance needs."""

from enterprise_registry.finance import use_cases
from enterprise_registry.finance.domain import FinanceNeed
from enterprise_registry.finance.schemas import (
    EXAMPLE,
    LOAN,
    FinanceNeedClose,
    FinanceNeedCreate,
    FinanceNeedFund,
    FinanceNeedOut,
    FinanceNeedPatch,
    FinanceNeedReason,
    FinanceNeedTake,
)
from enterprise_registry.finance.store import needs
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write

router = ResourceRouter(needs, FinanceNeedOut)


@router.create(example=EXAMPLE)
async def create(body: FinanceNeedCreate, uow: Write) -> FinanceNeed:
    """File a need; no bank sees it without `shared_with_banks`, which only who may submit can give."""
    return await use_cases.file(uow, body)


@router.update(example={"shared_with_banks": False})
async def update(record_id: RecordId, body: FinanceNeedPatch, uow: Write) -> FinanceNeed:
    """Change it, or give and withdraw the consent, while no bank has taken it."""
    return await use_cases.update(uow, record_id, body)


@router.verb("take", example={"meeting": "2024年春季银企对接会"})
async def take(record_id: RecordId, body: FinanceNeedTake, uow: Write) -> FinanceNeed:
    """A bank takes it. 404 without the owner's consent, and for every other bank from then on."""
    return await use_cases.take(uow, record_id, body.meeting)


@router.verb("release", example={"reason": "不符合本行准入条件。"})
async def release(record_id: RecordId, body: FinanceNeedReason, uow: Write) -> FinanceNeed:
    """The bank gives it back; it is open again."""
    return await use_cases.release(uow, record_id, body.reason)


@router.verb("fund", example=LOAN)
async def fund(record_id: RecordId, body: FinanceNeedFund, uow: Write) -> FinanceNeed:
    """Record a loan; several may follow. 409 `loan_known`, `pool_over_limit` with what the pool still stands for."""
    return await use_cases.fund(uow, record_id, body)


@router.verb("close", example={"outcome": "met"})
async def close(record_id: RecordId, body: FinanceNeedClose, uow: Write) -> FinanceNeed:
    """End it with what became of it."""
    return await use_cases.close(uow, record_id, body)
