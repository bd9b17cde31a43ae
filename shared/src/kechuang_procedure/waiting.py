"""Work items with a due day and an addressee of their own.

The kit opens a work item for everybody who sees a record, due so many days after the state began. A matter that
has one owner and one due day, or that goes through the fast lane, says both itself; what is open then follows
the record: a new owner or an earlier day opens the item anew, and the newest opening counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from kechuang.db.unit import UnitOfWork
from kechuang.resources import R, Resource
from kechuang.work_items import closed_in, opened_in


@dataclass(frozen=True, slots=True)
class Wait:
    """What is awaited of whom: `sight` holds the tokens of those addressed, `due_on` the last day."""

    sight: tuple[str, ...]
    due_on: date | None


def open_item(uow: UnitOfWork, resource: Resource[R], record: R, verb: str, wait: Wait) -> None:
    """Open a work item, or move the one that is open."""
    label, origin = resource.machine.verb(verb).label, uow.database.service.name
    opened = opened_in(origin)(
        origin=origin,
        resource=resource.name,
        record=record.id,
        number=record.number,
        verb=verb,
        label=resource.describe(record),
        verb_label_zh=label.zh,
        verb_label_en=label.en,
        sight=sorted(set(wait.sight)),
        city=record.city,
        due_on=wait.due_on,
        opened_at=uow.now,
    )
    uow.emit(opened, aggregate=record.id, version=record.version)


def close_items(uow: UnitOfWork, resource: Resource[R], record: R, verbs: Iterable[str]) -> None:
    """Close the work items for these verbs."""
    origin = uow.database.service.name
    for verb in sorted(verbs):
        closed = closed_in(origin)(
            origin=origin, resource=resource.name, record=record.id, number=record.number, verb=verb
        )
        uow.emit(closed, aggregate=record.id, version=record.version)


def follow(
    uow: UnitOfWork, resource: Resource[R], record: R, before: Mapping[str, Wait], after: Mapping[str, Wait]
) -> None:
    """Close what no longer waits, open what waits now, move what waits for somebody else or another day."""
    close_items(uow, resource, record, before.keys() - after.keys())
    for verb, wait in sorted(after.items()):
        if before.get(verb) != wait:
            open_item(uow, resource, record, verb, wait)
