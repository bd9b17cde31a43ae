"""Work items: what waits for somebody. Derived from the state machines, kept by indicators.

A service emits these when a record enters or leaves a state that awaits a verb. The record's own
actions stay the truth; a work item is a pointer to them.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import ClassVar

from kechuang.messaging.events import Event


class _WorkItem(Event):
    """What identifies a work item: the record and the verb that is awaited."""

    aggregate_kind: ClassVar[str] = "work-item"
    origin: str
    resource: str
    record: str
    number: str
    verb: str


class WorkItemOpened(_WorkItem):
    """Somebody is expected to act; `sight` holds the record's tokens, met against the action's grants."""

    name: ClassVar[str] = "opened"
    label: str
    verb_label_zh: str
    verb_label_en: str
    sight: list[str]
    city: str | None
    due_on: date | None
    opened_at: datetime


class WorkItemClosed(_WorkItem):
    """The state no longer awaits this verb."""

    name: ClassVar[str] = "closed"


@lru_cache
def opened_in(service: str) -> type[WorkItemOpened]:
    """Give the event class of one service: every service publishes on subjects of its own."""
    return type("WorkItemOpened", (WorkItemOpened,), {"service": service, "__module__": __name__})


@lru_cache
def closed_in(service: str) -> type[WorkItemClosed]:
    """Give the event class of one service."""
    return type("WorkItemClosed", (WorkItemClosed,), {"service": service, "__module__": __name__})
