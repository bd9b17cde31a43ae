"""Periods (报告期) as they are written: `2024`, `2024-H1`, `2024-Q1`, `2024-03`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

_PART: Final = r"(-(H[12]|Q[1-4]|0[1-9]|1[0-2]))?$"
PATTERN: Final = rf"^(1[89]|2[01])[0-9]{{2}}{_PART}"
"""Of requests: the years that calendars of ours reach (`kechuang.http.bounds`)."""
_FORM: Final = re.compile(rf"^[0-9]{{4}}{_PART}")
_MONTHS: Final = {"Q": 3, "H": 6}


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both in it, and how it is written."""

    text: str
    first: date
    last: date

    def years_before(self, years: int) -> "Period":
        """Give the same part of an earlier year."""
        return parse(f"{self.first.year - years:04d}{self.text[4:]}")


def parse(text: str) -> Period:
    """Read a period; ValueError for anything else, and for the years before 1."""
    if not _FORM.match(text) or int(text[:4]) < 1:
        raise ValueError(f"{text} is no period")
    year, part = int(text[:4]), text[5:]
    if not part:
        return Period(text, date(year, 1, 1), date(year, 12, 31))
    length = _MONTHS.get(part[0], 1)
    end = int(part[1:]) * length if part[0] in _MONTHS else int(part)
    return Period(text, date(year, end - length + 1, 1), date(year, end, monthrange(year, end)[1]))


def years_earlier(day: date, years: int) -> date:
    """Give the same day of an earlier year; 29 February becomes the 28th."""
    year = day.year - years
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))
