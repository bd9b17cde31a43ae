"""`GET /work-items`: what waits for the caller in all services."""

from datetime import date, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.dialects.postgresql import ARRAY, array

from indicators.work_items.store import NEVER_DUE, work_item
from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Output, Page

router = APIRouter(tags=["待办事项 Work items"], route_class=KitRoute)


class WorkItemOut(Output):
    """Something that waits for the caller. The record's own `/actions` stay the truth."""

    id: str
    service: str = Field(description="The service that it comes from")
    resource: str
    record: str
    number: str
    label: str
    verb: str
    verb_label_zh: str
    verb_label_en: str
    due_on: date | None
    overdue: bool
    opened_at: datetime
    href: str = Field(description="Where the record is read")


class WorkItemPage(Page[WorkItemOut]):
    """Work items, by due date."""


def within_sight(unit: ReadUnit) -> Any:
    """The condition that an item awaits something which the caller may do with its record.

    Actions with the same tokens are asked for together, so that the statement stays small.
    """
    by_tokens: dict[frozenset[str] | None, list[str]] = {}
    for action in unit.permissions.grants:
        if unit.permissions.may_ever(unit.actor, action):
            by_tokens.setdefault(unit.permissions.tokens(unit.actor, action), []).append(action)
    reached: list[sa.ColumnElement[bool]] = []
    for tokens, actions in by_tokens.items():
        named = work_item.c.action.in_(sorted(actions))
        if tokens is None:
            reached.append(named)
        elif tokens:
            met = work_item.c.sight.bool_op("&&")(sa.cast(array(sorted(tokens)), ARRAY(sa.Text)))
            reached.append(sa.and_(named, met))
    return sa.or_(sa.false(), *reached)


@operation(Operation("work-items:read"))
async def list_work_items(
    unit: Read,
    resource: Annotated[str | None, Query(max_length=64, description="Only of this resource")] = None,
    overdue: Annotated[
        bool | None, Query(description="Only those past their due day, or only the others")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> WorkItemPage:
    """What waits for the caller in all services, by due date; what has none comes last."""
    binding = paging.binding_of(unit.actor.subject, resource, overdue)
    statement = sa.select(work_item).where(work_item.c.waits, within_sight(unit))
    if resource is not None:
        statement = statement.where(work_item.c.resource == resource)
    if overdue is not None:
        late = work_item.c.due_on < unit.today
        statement = statement.where(late if overdue else sa.not_(late))
    if cursor is not None:
        after = paging.decode(cursor, binding, _DUE)
        statement = statement.where(
            sa.tuple_(work_item.c.due_on, work_item.c.id)
            > sa.tuple_(sa.literal(_day(after.value), sa.Date), sa.literal(after.record_id, sa.Text))
        )
    found = list(await unit.execute(statement.order_by(work_item.c.due_on, work_item.c.id).limit(limit + 1)))
    last = found[limit - 1] if len(found) > limit else None
    return WorkItemPage(
        items=[_show(row, unit.today) for row in found[:limit]],
        next_cursor=paging.Cursor(last.due_on.isoformat(), last.id).encode(binding)
        if last is not None
        else None,
    )


_DUE = sa.Column("due_on", sa.Text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return NEVER_DUE


def _show(row: Any, today: date) -> WorkItemOut:
    return WorkItemOut(
        id=row.id, service=row.origin, resource=row.resource, record=row.record, number=row.number,
        label=row.label, verb=row.verb, verb_label_zh=row.verb_label_zh, verb_label_en=row.verb_label_en,
        due_on=None if row.due_on == NEVER_DUE else row.due_on, overdue=row.due_on < today,
        opened_at=row.opened_at, href=f"/api/v1/{row.resource}/{row.record}",
    )  # fmt: skip


router.add_api_route("/work-items", list_work_items, methods=["GET"], operation_id="list_work_items",
                     summary="我的待办 What waits for me", response_model=WorkItemPage)  # fmt: skip
