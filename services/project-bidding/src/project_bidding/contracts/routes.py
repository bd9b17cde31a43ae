"""The HTTP edge of contracts."""

from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because
from project_bidding.contracts import use_cases
from project_bidding.contracts.domain import Contract
from project_bidding.contracts.schemas import (
    EXAMPLE,
    ContractCreate,
    ContractDecision,
    ContractOut,
    ContractRectify,
)
from project_bidding.contracts.store import contracts

DECISION = {"document_no": "江科验〔2026〕12号", "opinion": "完成全部考核指标，同意通过验收。"}
router = ResourceRouter(contracts, ContractOut)


@router.create(example=EXAMPLE)
async def create(body: ContractCreate, uow: Write) -> Contract:
    """Draft a task book from an award, with its milestones and tranches; the sums must fit."""
    return await use_cases.draft_contract(uow, body)


@router.verb("sign")
async def sign(record_id: RecordId, uow: Write) -> Contract:
    """A party, or the city's approver for the city, signs; the last signature starts the performance."""
    return await use_cases.sign(uow, record_id)


@router.verb("request-acceptance")
async def request_acceptance(record_id: RecordId, uow: Write) -> Contract:
    """The lead asks for acceptance. 409 `milestones_open`."""
    return await use_cases.request_acceptance(uow, record_id)


@router.verb("accept", example=DECISION)
async def accept(record_id: RecordId, body: ContractDecision, uow: Write) -> Contract:
    """Accept the work; never by who handled the contract."""
    return await use_cases.decide_acceptance(uow, record_id, "accept", body)


@router.verb("conclude", example=DECISION)
async def conclude(record_id: RecordId, body: ContractDecision, uow: Write) -> Contract:
    """Conclude without full acceptance (结题)."""
    return await use_cases.decide_acceptance(uow, record_id, "conclude", body)


@router.verb("fail", example=DECISION)
async def fail(record_id: RecordId, body: ContractDecision, uow: Write) -> Contract:
    """Refuse acceptance; money not paid out is free again."""
    return await use_cases.decide_acceptance(uow, record_id, "fail", body)


@router.verb("rectify", example={"rectify_by": "2026-09-30", "opinion": "补充连续生产验证数据。"})
async def rectify(record_id: RecordId, body: ContractRectify, uow: Write) -> Contract:
    """Order rectification, once, until a day."""
    return await use_cases.rectify(uow, record_id, body)


@router.verb("evaluate", example=Because.example)
async def evaluate(record_id: RecordId, body: Because, uow: Write) -> Contract:
    """Record the evaluation of the money's effect (绩效评价)."""
    contract = await contracts.load(uow, record_id, "evaluate")
    uow.reason = body.reason
    return await contracts.change(uow, contract, "evaluate")


@router.verb("terminate", example={"reason": "各方协商一致终止。"})
async def terminate(record_id: RecordId, body: Because, uow: Write) -> Contract:
    """End early; money not paid out is free again."""
    return await use_cases.terminate(uow, record_id, body.reason)


@router.verb("close", example=Because.example)
async def close(record_id: RecordId, body: Because, uow: Write) -> Contract:
    """Put the file away."""
    contract = await contracts.load(uow, record_id, "close")
    uow.reason = body.reason
    return await contracts.change(uow, contract, "close")
