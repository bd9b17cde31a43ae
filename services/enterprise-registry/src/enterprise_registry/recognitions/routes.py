"""The HTTP edge of recognitions and their counts."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from enterprise_registry.recognitions import counts, use_cases
from enterprise_registry.recognitions.domain import Recognition, is_expiring
from enterprise_registry.recognitions.imports import IMPORT
from enterprise_registry.recognitions.schemas import (
    EXAMPLE,
    RecognitionCorrect,
    RecognitionCount,
    RecognitionCounts,
    RecognitionCreate,
    RecognitionOut,
    RecognitionRevoke,
    RecognitionSurrender,
)
from enterprise_registry.recognitions.store import recognitions
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
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


IMPORT.add_routes(router)


@router.verb("revoke", example={"document_no": "江科〔2024〕9号", "reason": "经查提供虚假材料。",
                                "heard_on": "2024-06-03", "benefits_to_recover": True})  # fmt: skip
async def revoke(record_id: RecordId, body: RecognitionRevoke, uow: Write) -> Recognition:
    """Revoke by a decision after a hearing."""
    return await use_cases.revoke(uow, record_id, body)


@router.verb("surrender", example={"reason": "主营业务变更，主动放弃。"})
async def surrender(record_id: RecordId, body: RecognitionSurrender, uow: Write) -> Recognition:
    """The holder gives it up; needs the authorisation to sign."""
    return await use_cases.surrender(uow, record_id, body.reason)


@router.verb(
    "correct", bulk=False, example={"certificate_no": "GR202444000002", "reason": "登记时录入有误。"}
)
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
