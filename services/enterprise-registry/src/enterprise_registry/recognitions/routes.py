"""The HTTP edge of recognitions and their counts."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from enterprise_registry.recognitions import counts, use_cases
from enterprise_registry.recognitions.domain import Recognition, is_expiring
from enterprise_registry.recognitions.schemas import (
    EXAMPLE,
    RecognitionCorrect,
    RecognitionCount,
    RecognitionCounts,
    RecognitionCreate,
    RecognitionImport,
    RecognitionImportResult,
    RecognitionImportRow,
    RecognitionOut,
    RecognitionRevoke,
    RecognitionSurrender,
)
from enterprise_registry.recognitions.store import recognitions
from kechuang.db.unit import ReadUnit
from kechuang.errors import Refusal, invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import KitRoute, Operation, Read, Write, operation


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


@router.other(
    "POST", "/arrivals", action="create", operation_id="receive_recognitions",
    summary="批量登记上级认定 Record a list from elsewhere", needs_key=True, dry_run=True,
    response_model=RecognitionImportResult, example={"items": [EXAMPLE], "on_match": "skip"},
)  # fmt: skip
async def receive(body: RecognitionImport, uow: Write) -> RecognitionImportResult:
    """Record up to 200 recognitions decided elsewhere; each row's outcome is in the answer."""
    rows = []
    for index, item in enumerate(body.items):
        row: dict[str, Any] = {"index": index, "id": None, "number": None, "code": None, "detail": None}
        try:
            made = await use_cases.receive(uow, item)
        except Refusal as refusal:
            known = refusal.code == "already_recognised" and body.on_match == "skip"
            row |= {"outcome": "skipped" if known else "refused", "code": refusal.code,
                    "detail": refusal.detail.zh}  # fmt: skip
        else:
            row |= {"outcome": "created", "id": made.id, "number": made.number}
        rows.append(RecognitionImportRow.model_validate(row))
    outcomes = [each.outcome for each in rows]
    return RecognitionImportResult(
        created=outcomes.count("created"), skipped=outcomes.count("skipped"),
        refused=outcomes.count("refused"), items=rows,
    )  # fmt: skip


@router.verb("revoke", example={"document_no": "江科〔2024〕9号", "reason": "经查提供虚假材料。",
                                "heard_on": "2024-06-03", "benefits_to_recover": True})  # fmt: skip
async def revoke(record_id: RecordId, body: RecognitionRevoke, uow: Write) -> Recognition:
    """Revoke by a decision after a hearing."""
    return await use_cases.revoke(uow, record_id, body)


@router.verb("surrender", example={"reason": "主营业务变更，主动放弃。"})
async def surrender(record_id: RecordId, body: RecognitionSurrender, uow: Write) -> Recognition:
    """The holder gives it up; needs the authorisation to sign."""
    return await use_cases.surrender(uow, record_id, body.reason)


@router.verb("correct", example={"certificate_no": "GR202444000002", "reason": "登记时录入有误。"})
async def correct(record_id: RecordId, body: RecognitionCorrect, uow: Write) -> Recognition:
    """Correct a number that was recorded wrongly."""
    return await use_cases.correct(uow, record_id, body)


counts_router = APIRouter(
    prefix="/recognition-counts", tags=["认定数量 Recognition counts"], route_class=KitRoute
)
_AXES: dict[str, counts.Axis] = {"node": "kind", "kind": "kind", "division": "division"}


@counts_router.get("", operation_id="count_recognitions", summary="认定存量 Stock on a day")
@operation(Operation("recognition-counts:read"))
async def count(
    unit: Read,
    as_of: Annotated[date | None, Query(description="The end of this day; today when left out")] = None,
    by: Annotated[str, Query(description="`node`, `division`, or both with a comma")] = "node",
    city: Annotated[str | None, Query(description="Area id of a city")] = None,
    kind: Annotated[str | None, Query(description="Kinds, separated by commas")] = None,
) -> RecognitionCounts:
    """Count the organisations that hold each kind on a day, from the dated recognitions themselves."""
    axes: list[counts.Axis] = []
    for name in by.split(","):
        if name.strip() not in _AXES:
            raise invalid("/by", "axis_unknown", "by 只能是 node、division。", "`by` takes node, division.")
        axes.append(_AXES[name.strip()])
    day = as_of or unit.today
    found = await counts.count(unit, day, axes, city, kind.split(",") if kind else None)
    return RecognitionCounts(
        as_of=day, city=city, items=[RecognitionCount.model_validate(each) for each in found]
    )
