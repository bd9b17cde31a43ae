"""The HTTP edge of recognitions."""

from enterprise_registry.recognitions import ending, use_cases
from enterprise_registry.recognitions.domain import Recognition, is_expiring
from enterprise_registry.recognitions.imports import IMPORT
from enterprise_registry.recognitions.schemas import (
    EXAMPLE,
    RecognitionCorrect,
    RecognitionCreate,
    RecognitionOut,
    RecognitionRevoke,
    RecognitionSurrender,
)
from enterprise_registry.recognitions.store import recognitions
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write


def _show(found: Recognition, unit: ReadUnit) -> RecognitionOut:
    fields = {name: getattr(found, name) for name in RecognitionOut.model_fields if name != "expiring"}
    return RecognitionOut.model_validate(fields | {"expiring": is_expiring(found, unit.today)})


router = ResourceRouter(recognitions, RecognitionOut, show=_show)


@router.create(example=EXAMPLE)
async def create(body: RecognitionCreate, uow: Write) -> Recognition:
    """Record a recognition that was decided elsewhere; the city's own come by deciding applications.

    409 `already_recognised` when organisation, node and first day are recorded already.
    """
    return await use_cases.receive(uow, body)


IMPORT.add_routes(router)


@router.verb("revoke", example={"document_no": "江科〔2024〕9号", "reason": "经查提供虚假材料。",
                                "heard_on": "2024-06-03", "benefits_to_recover": True})  # fmt: skip
async def revoke(record_id: RecordId, body: RecognitionRevoke, uow: Write) -> Recognition:
    """Revoke by a decision after a hearing; the answer lists the benefits that rested on it.

    With `benefits_to_recover` what was paid of them is marked to be recovered. `dry_run=true` shows the list before.
    """
    return await ending.revoke(uow, record_id, body)


@router.verb("surrender", example={"reason": "主营业务变更，主动放弃。"})
async def surrender(record_id: RecordId, body: RecognitionSurrender, uow: Write) -> Recognition:
    """The holder gives it up; needs the authorisation to sign."""
    return await ending.surrender(uow, record_id, body.reason)


@router.verb(
    "correct", bulk=False, example={"certificate_no": "GR202444000002", "reason": "登记时录入有误。"}
)
async def correct(record_id: RecordId, body: RecognitionCorrect, uow: Write) -> Recognition:
    """Correct a number, the day of the decision or the last day that was recorded wrongly."""
    return await use_cases.correct(uow, record_id, body)
