"""The HTTP edge of policy documents."""

from enterprise_registry.policy_documents import schemas, use_cases
from enterprise_registry.policy_documents.domain import PolicyDocument, in_force, is_expiring
from enterprise_registry.policy_documents.store import policy_documents
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because

_COMPUTED = ("in_force", "expiring")


def _show(document: PolicyDocument, unit: ReadUnit) -> schemas.PolicyDocumentOut:
    names = (name for name in schemas.PolicyDocumentOut.model_fields if name not in _COMPUTED)
    fields = {name: getattr(document, name) for name in names}
    marks = {"in_force": in_force(document, unit.today), "expiring": is_expiring(document, unit.today)}
    return schemas.PolicyDocumentOut.model_validate(fields | marks)


router = ResourceRouter(policy_documents, schemas.PolicyDocumentOut, show=_show)


@router.create(example=schemas.EXAMPLE)
async def create(body: schemas.PolicyDocumentCreate, uow: Write) -> PolicyDocument:
    """Draft a document with its validity; somebody else publishes it."""
    return await use_cases.draft(uow, body)


@router.update(example={"valid_to": "2029-04-19"})
async def update(record_id: RecordId, body: schemas.PolicyDocumentPatch, uow: Write) -> PolicyDocument:
    """Change a draft."""
    return await use_cases.update(uow, record_id, body)


@router.verb("publish")
async def publish(record_id: RecordId, uow: Write) -> PolicyDocument:
    """Publish; never by who drafted it. It expires by itself, and ends what it revises.

    409 `handler_does_not_decide`, 409 `valid_from_missing`.
    """
    return await use_cases.publish(uow, record_id)


@router.verb("discard", example=Because.example)
async def discard(record_id: RecordId, body: Because, uow: Write) -> PolicyDocument:
    """Give up a draft."""
    return await use_cases.discard(uow, record_id, body.reason)


@router.verb("revise", example={"reason": "按2024年评估意见修订。"})
async def revise(record_id: RecordId, body: schemas.PolicyDocumentRevise, uow: Write) -> PolicyDocument:
    """Begin a revision: answers the new draft, whose `supersedes` is this document; it stays in force until then."""
    return await use_cases.revise(uow, record_id, body.reason)


@router.verb("extend", example={"valid_to": "2030-04-19", "reason": "经评估继续有效。"})
async def extend(record_id: RecordId, body: schemas.PolicyDocumentExtend, uow: Write) -> PolicyDocument:
    """Extend its validity (延长有效期) while it is in force; 409 `already_expired` afterwards."""
    return await use_cases.extend(uow, record_id, body)


@router.verb("repeal", example={"reason": "已被上级文件替代。"})
async def repeal(record_id: RecordId, body: schemas.PolicyDocumentRepeal, uow: Write) -> PolicyDocument:
    """Repeal it by a decision (废止)."""
    return await use_cases.repeal(uow, record_id, body)
