"""Point entries: a ledger that is only added to, its states, and what earns points.

Points are whole hundredths inside and decimal text on the wire. An entry counts from the day it was booked, so the
balance of a day that has passed never changes: what was found out later is booked later.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {"recorded": Text("已记入", "Recorded"), "reversed": Text("已冲销", "Reversed")}
ORIGINS = {
    "automatic": Text("按规则自动记入", "Booked by rule"),
    "manual": Text("经办人凭证录入", "Entered by an officer with evidence"),
}
_POINTS = re.compile(r"(0|[1-9][0-9]{0,6})(\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEntry(Record):
    """One entry. `rule` is a point rule of the pack version in `pack`; `source` says what earned it.

    `source_key` with the rule makes an entry the same one: it is booked once. A counter-entry has the points with
    the other sign and `reverses`; the entry it takes back names it in `reversed_by`.
    """

    rule: str
    points: int
    booked_on: date
    happened_on: date
    origin: str
    source: Mapping[str, Any]
    source_key: str
    evidence: Sequence[Mapping[str, Any]]
    note: str | None
    reverses: str | None
    reversed_by: str | None
    reason: str | None


MACHINE = Machine(
    "point-entries",
    STATES,
    "recorded",
    (
        verb("reverse", "冲销", "Reverse", from_="recorded", to="reversed", decides=True, not_by_handler=True),
        verb("reverse-by-rule", "按规则冲销", "Reverse by rule", from_="recorded", to="reversed", automatic=True),
    ),
)  # fmt: skip


def sight(entry: PointEntry) -> Iterable[str]:
    """The enterprise itself and the officers of its place."""
    yield from access.owner(entry.organisation)
    yield from access.place(entry.city, entry.division, *entry.zones)


def show_points(hundredths: int) -> str:
    """Points on the wire.

    >>> show_points(1250), show_points(-500)
    ('12.50', '-5.00')
    """
    whole, rest = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole}.{rest:02d}"


def read_points(text: str) -> int:
    """Hundredths of `"12.5"`; ValueError for anything that is no number with at most two places."""
    if _POINTS.fullmatch(text) is None:
        raise ValueError("points look like 12.50")
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0") or 0)
