"""The HTTP edge of points."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from enterprise_registry.points import use_cases
from enterprise_registry.points.domain import PointEntry, show_points
from enterprise_registry.points.schemas import (
    EXAMPLE,
    PointBalance,
    PointEntryCreate,
    PointEntryOut,
    PointEntryReverse,
)
from enterprise_registry.points.store import point_entries
from kechuang.codes import Uscc
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import KitRoute, Operation, Read, Write, operation


def _show(found: PointEntry, _: ReadUnit | UnitOfWork) -> PointEntryOut:
    fields = {name: getattr(found, name) for name in PointEntryOut.model_fields}
    return PointEntryOut.model_validate(fields | {"points": show_points(found.points)})


router = ResourceRouter(point_entries, PointEntryOut, show=_show)


@router.create(example=EXAMPLE)
async def create(body: PointEntryCreate, uow: Write) -> PointEntry:
    """Book points by a manual rule, with evidence; all other rules book by themselves.

    422 `rule_not_manual`, `above_rule`, `day_to_come`, `organisation_not_active`.
    """
    return await use_cases.enter(uow, body)


@router.verb("reverse", example=PointEntryReverse.example)
async def reverse(record_id: RecordId, body: PointEntryReverse, uow: Write) -> PointEntry:
    """Take an entry back by a counter-entry of today; balances of earlier days stay.

    409 `counter_entry` for a counter-entry, `handler_does_not_decide` for whoever entered it.
    """
    return await use_cases.reverse(uow, record_id, body.reason)


balances = APIRouter(prefix="/point-balances", tags=["积分余额 Point balances"], route_class=KitRoute)


@balances.get("", operation_id="get_point_balance", summary="积分余额 Balance on a day")
@operation(Operation("point-balances:read"))
async def get_balance(
    unit: Read,
    organisation: Annotated[Uscc, Query(description="统一社会信用代码")],
    as_of: Annotated[date | None, Query(description="The end of this day; today when left out")] = None,
) -> PointBalance:
    """Read an enterprise's balance at the end of a day, with the rules that book today; 404 outside the sight."""
    return await use_cases.balance(unit, organisation, as_of)
