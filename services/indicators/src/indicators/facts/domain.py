"""A fact: one thing that happened to one record, counted at most once, however often it is told.

A fact is keyed by its kind, its record and the record's version. Nothing is added up when it arrives:
figures are sums over facts as of a day, so a repeated, lost-and-resent or overtaking event changes nothing.
An event that ends what an earlier one began is a fact too, and ends it: the earliest ending after the
beginning counts, whichever of the two arrives first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from kechuang.clock import shanghai_day

MONEY_FIELDS: Final = ("amount_fen", "total_fen", "budget_fen")
_ORGANISATION_FIELDS: Final = ("organisation", "uscc", "lead", "need_owner")
_SNAPSHOT: Final = "changed"

ENDED_BY: Final[Mapping[str, str]] = {
    "filing.verified": "filing.superseded",
    "recognition.decided": "recognition.ended",
    "commissioner.activated": "commissioner.ended",
    "technical-need.confirmed": "technical-need.reopened",
    "dispatch.activated": "dispatch.ended",
    "call.published": "call.ended",
    "alliance.activated": "alliance.dissolved",
    "register-record.confirmed": "register-record.ended",
    "reserve-pool-member.joined": "reserve-pool-member.ended",
}
"""Beginning → ending, of the same record. A snapshot (`….changed`) is ended by the next one."""

LAST_DAY_NAMED: Final = frozenset(
    {"recognition.ended", "register-record.ended", "alliance.dissolved", "filing.superseded"}
)
"""Endings that name the last day on which it held; the others name the first on which it no longer does."""
NEVER_HELD: Final = frozenset(kind for kind, ending in ENDED_BY.items() if ending in LAST_DAY_NAMED)
"""Beginnings whose ending may say that they never held: its last day lies before the first (a correction)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row. `day` is when it happened and what flows count by; it holds from `valid_from` to `valid_to`
    (the last day, None for no end), and `ended_on` is the first day on which it no longer does.
    `known_at` and `ended_known_at` are when the events were made, on the business clock.
    """

    service: str
    kind: str
    record: str
    version: int
    event: str
    known_at: datetime
    day: date
    valid_from: date
    valid_to: date | None
    city: str | None
    division: str | None
    zones: Sequence[str]
    organisation: str | None
    persons: Sequence[str]
    quantity: int
    data: Mapping[str, Any]
    ended_on: date | None = None
    ended_known_at: datetime | None = None
    ended_by: str | None = None
    ended_version: int | None = None


def ending_of(kind: str) -> str | None:
    """Name the kind of event that ends this one, if any does."""
    return kind if kind.endswith(f".{_SNAPSHOT}") else ENDED_BY.get(kind)


def ended_by(kind: str) -> tuple[str, ...]:
    """Name the kinds that an event of this kind ends."""
    begun = tuple(each for each, ending in ENDED_BY.items() if ending == kind)
    return (*begun, kind) if kind.endswith(f".{_SNAPSHOT}") else begun


def no_longer_from(ending: str, day: date) -> date:
    """The first day on which what an event of this kind and day ended no longer holds."""
    return day + timedelta(days=1) if ending in LAST_DAY_NAMED else day


def read(
    *, service: str, kind: str, record: str, version: int, event: str, time: datetime, data: Mapping[str, Any]
) -> Fact:
    """Read a fact from an event's payload (JSON values).

    The day is the payload's `counted_on` where it names one (a correction counts on the day of what it
    corrects), else `<what happened>_on` (`decided_on` of `recognition.decided`), else `valid_from`, else the day
    of the event. Money is in fen; what has no amount counts one. `dimensions` and `totals`, which a pack declares
    and a contract does not know by name, read like fields of the payload.
    """
    data = {**(data.get("totals") or {}), **(data.get("dimensions") or {}), **data}
    happened = kind.rpartition(".")[2]
    day = (
        _day(data.get("counted_on"))
        or _day(data.get(f"{happened}_on"))
        or _day(data.get("valid_from"))
        or shanghai_day(time)
    )
    person = data.get("person")
    return Fact(
        service=service,
        kind=kind,
        record=record,
        version=version,
        event=event,
        known_at=time,
        day=day,
        valid_from=_day(data.get("valid_from")) or day,
        valid_to=_day(data.get("valid_to")),
        city=data.get("city"),
        division=data.get("division"),
        zones=list(data.get("zones") or ()),
        organisation=next((data[name] for name in _ORGANISATION_FIELDS if data.get(name)), None),
        persons=list(data.get("persons") or ([person] if person else [])),
        quantity=next((data[name] for name in MONEY_FIELDS if data.get(name) is not None), 1),
        data=data,
    )


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None
