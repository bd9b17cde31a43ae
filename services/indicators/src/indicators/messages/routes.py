"""`GET /messages` and `POST /messages/{id}/acknowledge`."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy.dialects.postgresql import ARRAY, array, insert

from indicators.messages.store import acknowledgement, message
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import NotFound
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, Write, operation
from kechuang.http.schemas import Output, Page
from kechuang.text import Text

router = APIRouter(tags=["消息 Messages"], route_class=KitRoute)


class MessageOut(Output):
    """A message to the caller, or to an organisation or office that the caller acts for."""

    id: str
    service: str = Field(description="The service that sent it")
    template: str
    subject_zh: str
    subject_en: str
    body_zh: str
    body_en: str
    resource: str
    record: str
    number: str
    sent_at: datetime
    acknowledged_at: datetime | None = Field(description="When this caller acknowledged it")
    href: str


class MessagePage(Page[MessageOut]):
    """Messages, the newest first."""


def _mine(unit: ReadUnit | UnitOfWork) -> Any:
    held = unit.permissions.tokens(unit.actor, "messages:read")
    if held is None:
        return sa.true()
    return message.c.recipients.bool_op("&&")(sa.cast(array(sorted(held)), ARRAY(sa.Text)))


def _selected(unit: ReadUnit | UnitOfWork) -> Any:
    of_caller = sa.and_(
        acknowledgement.c.message == message.c.id, acknowledgement.c.subject == unit.actor.subject
    )
    joined = message.outerjoin(acknowledgement, of_caller)
    return (
        sa.select(message, acknowledgement.c.at.label("acknowledged_at"))
        .select_from(joined)
        .where(_mine(unit))
    )


def _show(row: Any) -> MessageOut:
    return MessageOut(
        id=row.id, service=row.origin, template=row.template, subject_zh=row.subject_zh,
        subject_en=row.subject_en, body_zh=row.body_zh, body_en=row.body_en, resource=row.resource,
        record=row.record, number=row.number, sent_at=row.sent_at, acknowledged_at=row.acknowledged_at,
        href=f"/api/v1/{row.resource}/{row.record}",
    )  # fmt: skip


@operation(Operation("messages:read"))
async def list_messages(
    unit: Read,
    unread: Annotated[bool, Query(description="Only what this caller has not acknowledged")] = False,
    limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> MessagePage:
    """Messages to the caller, the newest first."""
    binding = paging.binding_of(unit.actor.subject, unread)
    statement = _selected(unit)
    if unread:
        statement = statement.where(acknowledgement.c.at.is_(None))
    if cursor is not None:
        after = paging.decode(cursor, binding, message.c.sent_at)
        statement = statement.where(
            paging.page_clause(message.c.sent_at, message.c.id, after, descending=True)
        )
    ordered = statement.order_by(message.c.sent_at.desc(), message.c.id.desc()).limit(limit + 1)
    found = list(await unit.execute(ordered))
    last = found[limit - 1] if len(found) > limit else None
    return MessagePage(
        items=[_show(row) for row in found[:limit]],
        next_cursor=paging.Cursor(last.sent_at, last.id).encode(binding) if last is not None else None,
    )


@operation(Operation("messages:acknowledge"))
async def acknowledge_message(
    message_id: Annotated[str, Path(description="The message's `id`", max_length=64)], uow: Write
) -> MessageOut:
    """Acknowledge a message for oneself; a second time changes nothing. 404 for one to somebody else."""
    absent = NotFound(Text("未找到该消息。", "There is no such message for you."))
    one = _selected(uow).where(message.c.id == message_id)
    if (await uow.execute(one)).first() is None:
        raise absent
    values = {"message": message_id, "subject": uow.actor.subject, "at": uow.now}
    await uow.execute(insert(acknowledgement).values(values).on_conflict_do_nothing())
    uow.audit("messages:acknowledge", resource="messages", record_id=message_id)
    return _show((await uow.execute(one)).one())


router.add_api_route("/messages", list_messages, methods=["GET"], operation_id="list_messages",
                     summary="我的消息 My messages", response_model=MessagePage)  # fmt: skip
router.add_api_route("/messages/{message_id}/acknowledge", acknowledge_message, methods=["POST"],
                     operation_id="acknowledge_message", summary="确认已读 Acknowledge",
                     response_model=MessageOut)  # fmt: skip
