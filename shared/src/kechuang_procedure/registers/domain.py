"""A register record: its states, the days on which it holds, and what its kind asks of it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from kechuang import access
from kechuang.codes.resident import ResidentIdError, check_resident_id
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text, normalise_code

STATES = {
    "reported": Text("已上报待确认", "Reported, to be confirmed"),
    "confirmed": Text("有效", "Confirmed"),
    "refused": Text("不予确认", "Refused"),
    "ended": Text("已终止", "Ended"),
    "superseded": Text("已被更正替代", "Superseded by a correction"),
}
STANDINGS = {
    "counted": Text("计入", "Counted"),
    "apart": Text("单列", "Counted apart"),
    "not_counted": Text("不计入", "Not counted"),
}
OUTCOMES = {
    "expired": Text("到期", "Expired"),
    "ended": Text("终止", "Ended"),
    "corrected": Text("更正", "Corrected"),
}
LEVELS: Final = ("national", "province", "city", "county", "township", "village")
"""Administrative levels, the highest first."""
HELD_STATES: Final = ("confirmed", "ended")
"""States whose records count on the days they hold."""
OPEN_STATES: Final = ("reported", *HELD_STATES)
"""States that stand in the way of another record of the same key on the same days."""
DEFAULT_KEY: Final = ("organisation", "title")
_KEY_COLUMNS: Final = ("organisation", "title", "parent", "level", "chain", "valid_from")
_FIELD: Final = "fields."
_ONE_DAY: Final = timedelta(days=1)
_NUMBERS: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
_PHONES: Final = re.compile(r"(?<![0-9A-Za-z])1[3-9][0-9]{9}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class RequiredEvidence:
    """A document that a record of the kind must have before it is confirmed."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterKind:
    """What a pack says of one kind.

    `register` is the group it belongs to (platform, carrier, tenant, product …); `fields` the JSON Schema of
    the record's `fields`. `tests` are boolean fields that all must be true for a record to count; one whose
    field `apart` is true counts apart. `reporters` and `confirmers` are roles, empty for all that the
    permission table lets. A `one_day` kind (an event) ends on the day it happens.
    """

    code: str
    name: Text
    register: str
    levels: Sequence[str] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    validity_years: int | None = None
    parent: str | None = None
    natural_key: Sequence[str] = DEFAULT_KEY
    evidence: Sequence[RequiredEvidence] = ()
    hosted: str = "optional"
    host_kinds: Sequence[str] = ()
    chained: str = "optional"
    reporters: frozenset[str] = frozenset()
    confirmers: frozenset[str] = frozenset()
    counts_with_report: bool = False
    one_day: bool = False
    public: bool = False
    tests: Sequence[str] = ()
    apart: str | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Fields that counts may be split by, marked `x-dimension` in the schema."""
        return tuple(name for name, each in self.properties.items() if each.get("x-dimension"))

    @property
    def properties(self) -> Mapping[str, Mapping[str, Any]]:
        """The schema's fields by name."""
        found: Mapping[str, Mapping[str, Any]] = self.fields.get("properties", {})
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRecord(Record):
    """A dated record. It holds from `valid_from` to the end of `valid_to`, or of `ended_on` if that comes first.

    `organisation` hosts it (a platform's host, a carrier's tenant), `reporter` is the organisation that
    reported it where that is another one (the carrier). `standing` says how it counts.
    """

    register: str
    kind: str
    title: str
    level: str | None
    parent: str | None
    chain: str | None
    reporter: str | None
    valid_from: date
    valid_to: date | None
    ended_on: date | None
    outcome: str | None
    fields: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    document_no: str | None
    natural_key: str
    standing: str
    public: bool
    supersedes: str | None
    superseded_by: str | None
    reason: str | None


def machine(resource: str) -> Machine:
    """Give the states of a register resource."""
    return Machine(
        resource,
        STATES,
        "reported",
        (
            verb("update", "修改", "Update", from_="reported"),
            verb("confirm", "确认", "Confirm", from_="reported", to="confirmed", handles=True),
            verb("refuse", "不予确认", "Refuse", from_="reported", to="refused", handles=True),
            verb("end", "终止", "End", from_="confirmed", to="ended", handles=True),
            verb("correct", "更正", "Correct", from_=("confirmed", "ended"), to="superseded", handles=True),
            verb("expire", "到期", "Expire", from_="confirmed", to="ended", automatic=True),
            verb(
                "follow", "随上级记录更正", "Follow the corrected parent", from_=OPEN_STATES, automatic=True
            ),
        ),
        awaits=(Awaits("reported", "confirm", days=5),),
    )


def sight(record: RegisterRecord) -> Iterable[str]:
    """Its host, who reported it, the officers of its place; everybody where the kind is public."""
    yield from access.owner(record.organisation)
    yield from access.owner(record.reporter)
    yield from access.place(record.city, record.division, *record.zones)
    if record.public and record.state in HELD_STATES:
        yield from access.PUBLIC


def last_day(valid_to: date | None, ended_on: date | None) -> date | None:
    """The last day on which it holds; None without an end."""
    return min((day for day in (valid_to, ended_on) if day is not None), default=None)


def holds_on(record: RegisterRecord, day: date) -> bool:
    """Whether it holds at the end of a day, as far as is known now."""
    last = last_day(record.valid_to, record.ended_on)
    return record.state in HELD_STATES and record.valid_from <= day and (last is None or day <= last)


def overlap(first: tuple[date, date | None], second: tuple[date, date | None]) -> bool:
    """Whether two spans of days, ends included, have a day in common; None is no end, an empty span has none."""
    (a, b), (c, d) = first, second
    if (b is not None and b < a) or (d is not None and d < c):
        return False
    return (b is None or c <= b) and (d is None or a <= d)


def end_of_validity(kind: RegisterKind, first: date) -> date | None:
    """The last day that the kind gives: the day itself, the day before the anniversary, or none.

    >>> end_of_validity(RegisterKind(code="a", name=Text("", ""), register="platform", validity_years=3), date(2024, 2, 29))
    datetime.date(2027, 2, 28)
    """
    if kind.one_day:
        return first
    if kind.validity_years is None:
        return None
    year = first.year + kind.validity_years
    try:
        return first.replace(year=year) - _ONE_DAY
    except ValueError:  # 29 February has no anniversary in most years
        return date(year, 2, 28)


def standing(kind: RegisterKind, fields: Mapping[str, Any]) -> str:
    """How a record with these fields counts: a failed or missing test outweighs being counted apart."""
    if not all(fields.get(name) is True for name in kind.tests):
        return "not_counted"
    return "apart" if kind.apart is not None and fields.get(kind.apart) is True else "counted"


def natural_key(kind: RegisterKind, values: Mapping[str, Any]) -> str:
    """What makes a record the same one when it arrives twice: the parts that the kind names, compared as codes."""
    parts = []
    for name in kind.natural_key:
        value = (
            values["fields"].get(name.removeprefix(_FIELD)) if name.startswith(_FIELD) else values.get(name)
        )
        parts.append(normalise_code(str(value)) if value is not None else "")
    return "|".join(parts)


def is_key_part(kind_fields: Mapping[str, Any], name: str) -> bool:
    """Whether a name can be a part of a natural key: a column, or `fields.<name>` of the schema."""
    if name.startswith(_FIELD):
        return name.removeprefix(_FIELD) in kind_fields.get("properties", {})
    return name in _KEY_COLUMNS


def personal_texts(value: Any, pointer: str) -> list[str]:
    """Point to the texts with a citizen's identity number or a mobile telephone number in them."""
    if isinstance(value, str):
        return (
            [pointer] if _PHONES.search(value) or any(map(_is_resident_id, _NUMBERS.findall(value))) else []
        )
    if isinstance(value, Mapping):
        return [found for name, each in value.items() for found in personal_texts(each, f"{pointer}/{name}")]
    if isinstance(value, Sequence):
        return [
            found for index, each in enumerate(value) for found in personal_texts(each, f"{pointer}/{index}")
        ]
    return []


def _is_resident_id(text: str) -> bool:
    try:
        check_resident_id(text)
    except ResidentIdError:
        return False
    return True
