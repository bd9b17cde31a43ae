"""A notice: its states, its items, who sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "drafted": Text("草拟", "Drafted"),
    "published": Text("公示中", "Published"),
    "ended": Text("公示期满", "Ended"),
    "concluded": Text("已办结", "Concluded"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}
ITEM_STATES = {
    "listed": Text("公示中", "Listed"),
    "held": Text("异议处理中", "Held by an objection"),
    "upheld": Text("异议成立", "Objection upheld"),
    "decided": Text("已决定", "Decided"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Record):
    """A notice. An item is `{record, number, label, organisation, details, state, holds}`: `holds` counts
    the accepted objections against it that are not answered yet."""

    title: str
    subject: str
    items: Sequence[Mapping[str, Any]]
    period_days: int
    period_kind: str
    starts_on: date | None
    ends_on: date | None
    provisional: bool
    contact: str
    clause: str | None


def machine(resource: str) -> Machine:
    """Give the states of a notice resource."""
    return Machine(
        resource,
        STATES,
        "drafted",
        (
            verb("publish", "公示", "Publish", from_="drafted", to="published", decides=True, handles=True),
            verb("hold-item", "暂缓一项", "Hold an item", from_=("published", "ended"), decides=True),
            verb("release-item", "恢复一项", "Release an item", from_=("published", "ended"), decides=True),
            verb("end", "期满", "End", from_="published", to="ended", automatic=True),
            verb("settle-item", "一项已决定", "Item decided", from_=("published", "ended"), automatic=True),
            verb("conclude", "办结", "Conclude", from_="ended", to="concluded", decides=True),
            verb(
                "withdraw", "撤回", "Withdraw", from_=("drafted", "published"), to="withdrawn", decides=True
            ),
        ),
        awaits=(Awaits("ended", "conclude"),),
    )


def sight(notice: Notice) -> Iterable[str]:
    """Officers of the place; once published, everybody."""
    yield from access.place(notice.city, notice.division, *notice.zones)
    if notice.state not in ("drafted", "withdrawn"):
        yield from access.PUBLIC


def with_item(notice: Notice, record_id: str, **changes: Any) -> list[dict[str, Any]]:
    """Give the items with one of them changed; KeyError when it is not listed."""
    if all(each["record"] != record_id for each in notice.items):
        raise KeyError(record_id)
    return [dict(each) | (changes if each["record"] == record_id else {}) for each in notice.items]


def item(notice: Notice, record_id: str) -> Mapping[str, Any] | None:
    """Find an item by the record it is about."""
    return next((each for each in notice.items if each["record"] == record_id), None)
