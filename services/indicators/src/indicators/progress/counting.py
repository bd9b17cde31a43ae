"""What a count counts, and the plain recount of it: the definition that every faster way must agree with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from indicators.facts.domain import MONEY_FIELDS, NEVER_HELD, Fact


@dataclass(frozen=True, slots=True)
class Counted:
    """An indicator's feed, read: facts of `kind` whose fields have one of the `filters`' values.

    `subject` counts different values of a field (of all members of a list), `quantity` sums a field (a list
    by its length), without both a fact counts one. A `stock` is what holds on the last day, anything else
    what happened in the period. With `ends`, what was ended does not count from that day on; what was
    ended before its first day never held and counts in nothing.
    """

    kind: str
    filters: Mapping[str, frozenset[str]]
    subject: str | None
    quantity: str | None
    stock: bool
    ends: bool

    @property
    def adds_up(self) -> bool:
        """Whether figures of counties add up to the city's: not where one subject may count in two."""
        return self.subject is None


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked: happened from `first` (None: ever) to `last`, or holding on `last`; known before an instant.

    `today` is the day of that instant: an ending counts in a flow as soon as it is known and has come.
    """

    first: date | None
    last: date
    today: date
    known_before: datetime


@dataclass(frozen=True, slots=True)
class Where:
    """An area: the whole city, a division of it, or a zone (an overlay).

    `instead` are the zones that report instead of their counties.
    """

    city: str
    level: Literal["city", "division", "zone"]
    area: str
    instead: tuple[str, ...] = ()


def reporting_area(fact: Fact, instead: Iterable[str]) -> str | None:
    """The one area whose figure a fact belongs to: its county, unless its zone reports instead."""
    return next((each for each in sorted(fact.zones) if each in set(instead)), fact.division)


def lies_in(fact: Fact, where: Where) -> bool:
    """Tell whether a fact belongs to an area's figure."""
    if fact.city != where.city:
        return False
    if where.level == "zone":
        return where.area in fact.zones
    return where.level == "city" or reporting_area(fact, where.instead) == where.area


def matches(fact: Fact, counted: Counted, span: Span, where: Where) -> bool:
    """Tell whether a fact is counted, as it was known then."""
    if fact.kind != counted.kind or fact.known_at >= span.known_before or not lies_in(fact, where):
        return False
    if any(_as_text(fact.data.get(name)) not in allowed for name, allowed in counted.filters.items()):
        return False
    known = fact.ended_known_at is not None and fact.ended_known_at < span.known_before
    ended_on = fact.ended_on if known else None
    if ended_on is not None and counted.kind in NEVER_HELD and ended_on <= fact.valid_from:
        return False
    ended_on = ended_on if counted.ends else None
    if counted.stock:
        holds = fact.valid_from <= span.last and (fact.valid_to is None or span.last <= fact.valid_to)
        return holds and (ended_on is None or span.last < ended_on)
    happened = (span.first is None or span.first <= fact.day) and fact.day <= span.last
    return happened and (ended_on is None or span.today < ended_on)


def _as_text(value: object) -> str | None:
    """Filters compare as PostgreSQL writes JSON values: `true`, `12`, the text itself."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def subjects(fact: Fact, field: str) -> Iterator[str]:
    """The values of the field that makes a count distinct."""
    if field in ("persons", "person"):
        yield from fact.persons
    elif field == "organisation":
        if fact.organisation is not None:
            yield fact.organisation
    else:
        value = fact.data.get(field)
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                yield str(each)


def amount(fact: Fact, field: str) -> int:
    """The quantity of a fact: persons are counted, money is in fen."""
    if field == "persons":
        return len(fact.persons)
    if field in MONEY_FIELDS:
        return fact.quantity
    value = fact.data.get(field)
    return len(value) if isinstance(value, list) else int(value or 0)


def recount(facts: Iterable[Fact], counted: Counted, span: Span, where: Where) -> int:
    """Count by hand: the sum over the facts that match, or how many different subjects they have."""
    found = [each for each in facts if matches(each, counted, span, where)]
    if counted.subject is not None:
        return len({name for each in found for name in subjects(each, counted.subject)})
    if counted.quantity is not None:
        return sum(amount(each, counted.quantity) for each in found)
    return len(found)
