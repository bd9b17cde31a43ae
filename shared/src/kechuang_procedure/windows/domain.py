"""A window: its states and the instant that decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Verb, verb
from kechuang.text import Text

STATES = {
    "planned": Text("计划中", "Planned"),
    "open": Text("开放", "Open"),
    "closed": Text("已截止", "Closed"),
    "concluded": Text("已办结", "Concluded"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Record):
    """A window. `target` is what it is for (a ladder node, a form, a programme); `details` is what the
    owning service keeps beside: who decides, which steps are skipped, the period, the roster."""

    title: str
    target: str
    guide: str | None
    form: str | None
    form_version: str | None
    materials: Sequence[str]
    areas: Sequence[str]
    opens_at: datetime
    closes_at: datetime
    details: dict[str, Any]


def machine(resource: str, *more: Verb) -> Machine:
    """Give the states of a window resource, with the verbs that only it has."""
    return Machine(
        resource,
        STATES,
        "planned",
        (
            verb("update", "修改", "Update", from_="planned"),
            verb("open", "开放", "Open", from_="planned", to="open"),
            verb("extend", "延期", "Extend", from_=("planned", "open")),
            verb("close", "截止", "Close", from_="open", to="closed"),
            verb("conclude", "办结", "Conclude", from_="closed", to="concluded"),
            *more,
        ),
        awaits=(Awaits("closed", "conclude"),),
    )


def sight(window: Window) -> Iterable[str]:
    """Officers of the place; everybody once it is open."""
    yield from access.place(window.city, *window.areas)
    if window.state != "planned":
        yield from access.PUBLIC


def is_open(window: Window, now: datetime) -> bool:
    """The server's clock decides: open from `opens_at` until before `closes_at`."""
    return window.state == "open" and window.opens_at <= now < window.closes_at
