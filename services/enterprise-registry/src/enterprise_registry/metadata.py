"""The tables of this service, and the read model of organisations that every service keeps.

This service is the source of that read model: `tell` publishes an event and applies it to the own tables in
the same transaction, by the handlers that the other services run when they hear it.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.errors import NotPermitted, invalid
from kechuang.messaging.events import E, Event, Received
from kechuang.text import Text
from kechuang_contracts.enterprise_registry import OrganisationChanged
from kechuang_procedure.parties import Parties

metadata = sa.MetaData()
parties = Parties(metadata)
_Handle = Callable[[UnitOfWork, Received[Any]], Awaitable[None]]
_OWN: dict[type[Event], list[_Handle]] = {each.event: [each.handle] for each in parties.handlers()}


def hears(event: type[E], handle: Callable[[UnitOfWork, Received[E]], Awaitable[None]]) -> None:
    """Let a feature of this service act on an event of its own, in the transaction that tells it."""
    _OWN.setdefault(event, []).append(handle)


async def tell(uow: UnitOfWork, event: Event, *, aggregate: str, version: int) -> None:
    """Publish an event and take it into the own read model at once."""
    uow.emit(event, aggregate=aggregate, version=version)
    received: Received[Any] = Received(
        id="", type=event.subject(), source=event.service, aggregate=aggregate, version=version,
        time=uow.now, data=event,
    )  # fmt: skip
    for handle in _OWN.get(type(event), ()):
        await handle(uow, received)


async def tell_organisations(uow: UnitOfWork, told: Sequence[tuple[OrganisationChanged, int]]) -> None:
    """Publish snapshots of many organisations, each with its version, and take them in at once."""
    for event, version in told:
        uow.emit(event, aggregate=event.uscc, version=version)
    await parties.keep(uow, told)


def acting_for(uow: UnitOfWork, stated: str | None, action: str) -> str:
    """Give the organisation that the caller acts for, before anything about it is looked up.

    The token's own when none is stated; refuses another's with 403, so that nothing about it is told.
    """
    uscc = stated or uow.actor.organisation
    if uscc is None:
        raise invalid("/organisation", "missing", "请指明单位。", "Name the organisation.")
    if not uow.permissions.permits(uow.actor, action, access.owner(uscc)):
        raise NotPermitted(
            Text("您不能代该单位办理。", "You cannot act for this organisation."), extra={"action": action}
        )
    return uscc


async def alone(uow: UnitOfWork, *key: str) -> None:
    """Let one transaction at a time work on what `key` names, until it ends."""
    await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(":".join(key), 0))))


async def alone_all(uow: UnitOfWork, keys: Iterable[Sequence[str]]) -> None:
    """The same for many keys, one after another in an order that all share, so that two of them never wait in a ring."""
    names = sorted({":".join(key) for key in keys})
    each = sa.func.unnest(sa.literal(names, ARRAY(sa.Text))).column_valued("name")
    await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(each, 0))))
