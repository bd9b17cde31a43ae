"""An observation: a reported value of one indicator, area and period, with the time it was known from.

Two times: `period` is what it is about, `known_from` to `known_to` is while it was the newest that was
known. A revision closes the old one's known time and opens its own; nothing is overwritten.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {
    "recorded": Text("现行", "Recorded"),
    "superseded": Text("已被修订", "Superseded by a revision"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Record):
    """A value in the indicator's unit; `last_day` is the period's, by which the newest is found."""

    indicator: str
    area: str
    period: str
    last_day: date
    value: Decimal
    source: str
    note: str | None
    submission: str | None
    supersedes: str | None
    known_from: datetime
    known_to: datetime | None


MACHINE = Machine(
    "observations",
    STATES,
    "recorded",
    (verb("supersede", "修订", "Supersede", from_="recorded", to="superseded", automatic=True),),
)


def sight(observation: Observation) -> Iterable[str]:
    """Officers of the city and of the area."""
    yield from access.place(observation.city, observation.area)
