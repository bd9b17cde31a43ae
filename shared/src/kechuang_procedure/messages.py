"""Messages to people: a text in two languages to whoever holds one of the recipients' tokens.

The texts are templates of the packs (消息模板). A service sends by emitting `message.sent`; indicators keeps the inbox
(`GET /messages`). The text carries numbers and titles of records, never personal data.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar

from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Event
from kechuang.resources import Record
from kechuang_packs import Pack, Packs
from kechuang_packs.models.content import MessageTemplate

RECIPIENTS = 500
"""Of one message: an event stays small, however many are told."""


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


class _Blanks(dict[str, Any]):
    """A placeholder that the event does not fill stays empty: a template never stops a procedure."""

    def __missing__(self, key: str) -> str:
        return ""


def tell(
    uow: UnitOfWork,
    packs: Packs | None,
    record: Record,
    resource: str,
    event: str,
    recipients: Mapping[str, Iterable[str]],
    **values: Any,
) -> None:
    """Send what the record's pack says for this event; nothing where it says nothing.

    `recipients` are the sight tokens behind a template's `to`; `values` fill its placeholders beside number,
    organisation and today.
    """
    pack = pack_of(packs, record, uow.today) if packs is not None else None
    if packs is None or pack is None:
        return
    usual = {"number": record.number, "organisation": record.organisation, "date": uow.today.isoformat()}
    filled = _Blanks({**usual, **values})
    for each in packs.visible(pack).messages.values():
        to = sorted(set(recipients.get(each.to, ()))) if each.event == event else []
        for begin in range(0, len(to), RECIPIENTS):
            _send(uow, record, resource, each, to[begin : begin + RECIPIENTS], filled)


def pack_of(packs: Packs, record: Record, today: date) -> Pack | None:
    """Give the version that a record was made under; for one of none, its city's in force today."""
    if record.pack:
        name, _, version = record.pack.partition("@")
        return next((each for each in packs.versions(name) if each.version == version), None)
    in_force = (packs.in_force(name, today) for name in sorted({each.id for each in packs}))
    return next((each for each in in_force if each is not None and each.header.area == record.city), None)


def _send(
    uow: UnitOfWork,
    record: Record,
    resource: str,
    template: MessageTemplate,
    recipients: list[str],
    filled: Mapping[str, Any],
) -> None:
    origin = uow.database.service.name
    message = sent_by(origin)(
        origin=origin,
        template=template.code,
        recipients=recipients,
        subject_zh=template.subject_zh.format_map(filled),
        subject_en=(template.subject_en or template.subject_zh).format_map(filled),
        body_zh=template.body_zh.format_map(filled),
        body_en=(template.body_en or template.body_zh).format_map(filled),
        resource=resource,
        record=record.id,
        number=record.number,
        city=record.city,
        sent_at=uow.now,
    )
    uow.emit(message, aggregate=record.id, version=record.version)
