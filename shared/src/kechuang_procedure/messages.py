"""Messages to people: a text in two languages to whoever holds one of the recipients' tokens.

A service sends by emitting `message.sent`; indicators keeps the inbox (`GET /messages`). The text carries
numbers and titles of records, never personal data.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Event
from kechuang.resources import Record
from kechuang.text import Text


class MessageSent(Event):
    """A message for the holders of `recipients` (sight tokens such as `owner:<USCC>`, `person:<id>`)."""

    aggregate_kind: ClassVar[str] = "message"
    name: ClassVar[str] = "sent"
    origin: str
    template: str
    recipients: list[str]
    subject_zh: str
    subject_en: str
    body_zh: str
    body_en: str
    resource: str
    record: str
    number: str
    city: str | None
    sent_at: datetime


@lru_cache
def sent_by(service: str) -> type[MessageSent]:
    """Give the event class of one service: every service publishes on subjects of its own."""
    return type("MessageSent", (MessageSent,), {"service": service, "__module__": __name__})


def send(
    uow: UnitOfWork,
    record: Record,
    resource: str,
    template: str,
    recipients: tuple[str, ...],
    subject: Text,
    body: Text,
    **values: Any,
) -> None:
    """Tell the recipients about a record; `{placeholders}` are filled from `values` and the number."""
    if not recipients:
        return
    filled = {"number": record.number, **values}
    origin = uow.database.service.name
    message = sent_by(origin)(
        origin=origin,
        template=template,
        recipients=sorted(recipients),
        subject_zh=subject.zh.format_map(filled),
        subject_en=subject.en.format_map(filled),
        body_zh=body.zh.format_map(filled),
        body_en=body.en.format_map(filled),
        resource=resource,
        record=record.id,
        number=record.number,
        city=record.city,
        sent_at=uow.now,
    )
    uow.emit(message, aggregate=record.id, version=record.version)
