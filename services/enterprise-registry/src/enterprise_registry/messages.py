"""Messages from the pack's templates (消息模板): told to those concerned when something happens to a matter."""

from collections.abc import Mapping
from typing import Any

from enterprise_registry.policy.library import library
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.resources import Record
from kechuang_procedure.messages import tell

_TO_ORGANISATION = ("applicant", "organisation", "all_parties")


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
    tell(uow, library(uow).packs, record, resource, event, recipients, **values)
