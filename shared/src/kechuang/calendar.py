"""Working days (工作日) and the ends of legal periods.

The State Council's General Office publishes the holidays of one year at a time, usually in the November
before (国务院办公厅关于…年部分节假日安排的通知). What has been published up to a release comes from the library
chinesecalendar; later years are loaded as data. Days that no notice covers yet are taken by weekends alone
and everything computed with them is provisional.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, Protocol

from chinese_calendar import constants as published
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from kechuang.clock import end_of_day

_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_LONGEST_PERIOD: Final = 3660
# A notice may also move working days of the December before it (29 December 2018 was worked for the New
# Year of 2019), so the end of a year is certain only when the next year's notice is known.
_YEAR_END: Final = (12, 25)


class CalendarDataError(ValueError):
    """The data of a year contradicts itself or does not have the expected form."""


@dataclass(frozen=True, slots=True)
class YearData:
    """One year's notice: the days off and the weekend days worked instead (调休上班)."""

    year: int
    holidays: frozenset[date]
    workdays: frozenset[date]
    source: str = ""

    def __post_init__(self) -> None:
        if both := self.holidays & self.workdays:
            raise CalendarDataError(f"{self.year}: {min(both)} is both a holiday and a working day")
        first = date(self.year - 1, *_YEAR_END)
        for day in self.holidays | self.workdays:
            if not first <= day <= date(self.year, 12, 31):
                raise CalendarDataError(f"{self.year}: {day} does not belong to this year's notice")
        if wrong := [day for day in self.workdays if day.weekday() < _SATURDAY]:
            raise CalendarDataError(f"{self.year}: {min(wrong)} is no weekend day")


class WorkingDays(Protocol):
    """What legal periods need to know about days."""

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on `day`."""

    def is_certain(self, day: date) -> bool:
        """Whether a published notice says so, and not weekends alone."""


class NationalCalendar:
    """The national calendar: what the library knows, and over it the years that were loaded as data."""

    def __init__(self, years: Iterable[YearData] = ()) -> None:
        """Data of a year replaces what the library says about that year."""
        loaded = {data.year: data for data in years}
        off, worked = published.holidays.keys(), published.workdays.keys()
        known = {day.year for day in off}
        decided = {day: False for day in off if day.year not in loaded}
        decided.update({day: True for day in worked if day.year not in loaded})
        for data in loaded.values():
            decided.update(dict.fromkeys(data.holidays, False))
            decided.update(dict.fromkeys(data.workdays, True))
        self._decided: Final[Mapping[date, bool]] = decided
        self._known: Final = frozenset(known | loaded.keys())

    @property
    def last_known_year(self) -> int:
        """The last year whose notice is known."""
        return max(self._known)

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on `day`; by weekends alone where no notice is known."""
        decided = self._decided.get(day)
        return day.weekday() < _SATURDAY if decided is None else decided

    def is_certain(self, day: date) -> bool:
        """Whether the notices that decide about `day` are known."""
        return day.year in self._known and ((day.month, day.day) < _YEAR_END or day.year + 1 in self._known)


@dataclass(frozen=True, slots=True)
class Period:
    """A legal period such as 20个工作日 (`working`) or 60日 (`calendar`)."""

    days: int
    kind: Literal["working", "calendar"] = "working"

    def __post_init__(self) -> None:
        if not 1 <= self.days <= _LONGEST_PERIOD:
            raise ValueError(f"a period has 1 to {_LONGEST_PERIOD} days")


@dataclass(frozen=True, slots=True)
class PeriodEnd:
    """The last day in Asia/Shanghai, the instant (UTC) of its 24:00, and whether data may still move it."""

    last_day: date
    ends_at: datetime
    provisional: bool


def _days_after(day: date) -> Iterator[date]:
    while True:
        day += _ONE_DAY
        yield day


def period_end(start: date, period: Period, calendar: WorkingDays) -> PeriodEnd:
    """The end of a period whose first day is the one after `start`, the day of the act.

    民法典 (2020) arts. 201 and 203: the day of the act does not count; an end on a rest day moves to the
    next working day; the last day ends at 24:00. 行政许可法 art. 82: working days leave out rest days.
    """
    left, certain = period.days, True
    for day in _days_after(start):
        if period.kind == "calendar" and left > 1:
            left -= 1
            continue
        certain = certain and calendar.is_certain(day)
        if calendar.is_working_day(day):
            left -= 1
        if left <= 0:
            return PeriodEnd(day, end_of_day(day), provisional=not certain)
    raise AssertionError("days do not end")


def working_days_between(start: date, end: date, calendar: WorkingDays) -> int:
    """How many working days lie after `start` up to and with `end`; negative when `end` is earlier."""
    if end < start:
        return -working_days_between(end, start, calendar)
    return sum(
        calendar.is_working_day(start + timedelta(days=offset)) for offset in range(1, (end - start).days + 1)
    )


def load_years(text: str) -> list[YearData]:
    """Years from YAML or JSON: a list, or one, of `{year, holidays, workdays, source}`.

    `holidays` and `workdays` are lists of dates or of `{from, to}`, both ends included.
    """
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise CalendarDataError("the data is neither YAML nor JSON") from error
    entries = content if isinstance(content, list) else [content]
    return [_year(entry) for entry in entries]


def _year(entry: Any) -> YearData:
    if not isinstance(entry, dict) or not isinstance(entry.get("year"), int):
        raise CalendarDataError("a year's data needs `year`")
    if unknown := entry.keys() - {"year", "holidays", "workdays", "source"}:
        raise CalendarDataError(f"{entry['year']}: unknown {', '.join(sorted(map(str, unknown)))}")
    return YearData(
        year=entry["year"],
        holidays=frozenset(_days(entry.get("holidays", []))),
        workdays=frozenset(_days(entry.get("workdays", []))),
        source=str(entry.get("source", "")),
    )


def _days(items: Any) -> Iterator[date]:
    if not isinstance(items, list):
        raise CalendarDataError("holidays and workdays are lists")
    for item in items:
        if isinstance(item, dict):
            if item.keys() != {"from", "to"}:
                raise CalendarDataError("a span of days has `from` and `to`")
            first, last = _day(item["from"]), _day(item["to"])
            if not 0 <= (last - first).days < 366:  # noqa: PLR2004 a year
                raise CalendarDataError(f"the span from {first} to {last} is not one")
            yield from (first + timedelta(days=offset) for offset in range((last - first).days + 1))
        else:
            yield _day(item)


def _day(value: Any) -> date:
    # YAML reads 2027-10-01 as a date, JSON as a text; a datetime would be a mistake.
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise CalendarDataError(f"{value!r} is no date") from None
