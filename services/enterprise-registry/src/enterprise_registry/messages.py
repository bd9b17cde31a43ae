"""Messages from the pack's templates (消息模板): told to those concerned when something happens to a matter."""

from collections.abc import Mapping
from typing import Any

from enterprise_registry.policy.library import Library, library
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.resources import Record
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models.content import MessageTemplate
from kechuang_procedure.messages import send

_TO_ORGANISATION = ("applicant", "organisation", "all_parties")


class _Blanks(dict[str, Any]):
    """A placeholder that the event does not fill stays empty: a template never stops a procedure."""

    def __missing__(self, key: str) -> str:
        return ""


def _templates(shelf: Library, pack: Pack, event: str) -> list[MessageTemplate]:
    return [each for each in shelf.packs.visible(pack).messages.values() if each.event == event]


def notify(uow: UnitOfWork, record: Record, resource: str, event: str, **values: Any) -> None:
    """Send what the record's pack says for this event to its organisation; nothing where it says nothing."""
    recipients = access.owner(record.organisation)[:1]
    notify_to(uow, record, resource, event, dict.fromkeys(_TO_ORGANISATION, recipients), **values)


def notify_to(
    uow: UnitOfWork,
    record: Record,
    resource: str,
    event: str,
    recipients: Mapping[str, tuple[str, ...]],
    **values: Any,
) -> None:
    """Send what the record's pack says for this event; `recipients` are the tokens behind a template's `to`."""
    shelf = library(uow)
    usual = {"number": record.number, "organisation": record.organisation, "date": uow.today.isoformat()}
    filled = _Blanks({**usual, **values})
    for each in _templates(shelf, shelf.stamped(record.pack or ""), event):
        to = recipients.get(each.to, ())
        subject = Text(each.subject_zh, each.subject_en or each.subject_zh)
        body = Text(each.body_zh, each.body_en or each.body_zh)
        send(uow, record, resource, each.code, to, _fill(subject, filled), _fill(body, filled))


def _fill(text: Text, values: _Blanks) -> Text:
    """Fill the placeholders; what is filled in is plain text and has none of its own."""
    return Text(*(_plain(each.format_map(values)) for each in (text.zh, text.en)))


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
