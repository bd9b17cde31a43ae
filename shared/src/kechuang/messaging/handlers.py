"""Handlers of events: what a service does when it hears something, once in effect.

A handler runs in a unit of work of its own. Its claim in the inbox, `(handler, event id)`, is part of the
same transaction, so a repeated delivery changes nothing. Deliveries may come in another order than the
changes they tell of (a retry, two workers), so each handler decides for itself, and says so:

- a projection where only the newest state counts uses `latest_wins`;
- a fact that stands for itself is written under a key that makes it unique;
- one that needs what came before raises `NotYet` and is tried again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import E, Envelope, Received
from kechuang.service import Service

# On the driver's connection: every event pays for this statement.
_CLAIM = """
INSERT INTO inbox (consumer, event_id, handled_at) SELECT consumer, event_id, $3
FROM unnest($1::text[], $2::text[]) AS wanted(consumer, event_id)
ON CONFLICT DO NOTHING RETURNING consumer, event_id
"""


@dataclass(frozen=True)
class Handler(Generic[E]):
    """`handle` is called with events of class `event`.

    `name` is the handler's key in the inbox (default: module and function). `derives` names the tables
    that this handler alone, or together with others that name them too, fills: such a handler writes
    nothing else and can be run again over the whole stream (`kechuang.messaging.replay`).
    """

    event: type[E]
    handle: Callable[[UnitOfWork, Received[E]], Awaitable[None]]
    name: str | None = None
    derives: Sequence[sa.Table] = ()

    @property
    def key(self) -> str:
        """The consumer's name in the inbox."""
        if self.name:
            return self.name
        return f"{self.handle.__module__}.{getattr(self.handle, '__qualname__', type(self.handle).__name__)}"


AnyHandler = Handler[Any]


def handlers_by_type(service: Service) -> dict[str, list[AnyHandler]]:
    """Group a service's handlers by event type; refuses two that would share an inbox key."""
    grouped: dict[str, list[AnyHandler]] = {}
    for each in service.handlers:
        same_type = grouped.setdefault(each.event.subject(), [])
        if any(other.key == each.key for other in same_type):
            raise ValueError(f"two handlers of {each.event.subject()} are named {each.key}")
        same_type.append(each)
    return grouped


def heard_services(service: Service) -> list[str]:
    """Name the services whose events this one handles, in alphabetical order."""
    return sorted({each.event.service for each in service.handlers})


async def claim(unit: UnitOfWork, wanted: Sequence[tuple[AnyHandler, Envelope]]) -> set[tuple[str, str]]:
    """Claim events for handlers in the unit's transaction; gives (handler's key, event id) of the new ones."""
    driver: Any = (await unit.conn.get_raw_connection()).driver_connection
    keys, events = [each.key for each, _ in wanted], [envelope.id for _, envelope in wanted]
    rows = await driver.fetch(_CLAIM, keys, events, unit.database.clock.real_now())
    return {(row["consumer"], row["event_id"]) for row in rows}


@cache
def _latest(
    table: sa.Table, key: tuple[str, ...], names: tuple[str, ...], version_column: str
) -> sa.sql.dml.ReturningInsert[Any]:
    """Make the statement of `latest_wins` once: building and keying it costs more than running it."""
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: statement.excluded[name] for name in (*names, version_column)},
        where=table.c[version_column] < statement.excluded[version_column],
    ).returning(sa.literal(1))


async def latest_wins(
    unit: UnitOfWork,
    table: sa.Table,
    *,
    key: Mapping[str, Any],
    version: int,
    values: Mapping[str, Any],
    version_column: str = "seen_version",
) -> bool:
    """Write a projection's row unless a newer version of its aggregate was seen; tells whether it did.

    `key` names the row (a unique key of `table`), `version` is the event's aggregate version. A removal is
    written as a state and not as a DELETE, else an older event would bring the row back.
    """
    statement = _latest(table, tuple(key), tuple(values), version_column)
    row = {**key, **values, version_column: version}
    return (await unit.execute(statement, row)).scalar() is not None
