"""Periods of filings: `2023`, `2023Q4`, `2023-12`."""

import re
from datetime import date
from typing import Final

_SHAPES: Final = {
    "year": re.compile(r"(?P<year>20[0-9]{2})"),
    "quarter": re.compile(r"(?P<year>20[0-9]{2})Q(?P<part>[1-4])"),
    "month": re.compile(r"(?P<year>20[0-9]{2})-(?P<part>0[1-9]|1[0-2])"),
}


class PeriodFormatError(ValueError):
    """The text names no period of the form's kind."""


def last_month(period: str, kind: str) -> tuple[int, int]:
    """The year and month in which the period ends."""
    match = _SHAPES[kind].fullmatch(period)
    if match is None:
        raise PeriodFormatError(period)
    part = int(match["part"]) if kind != "year" else 0
    return int(match["year"]), {"year": 12, "quarter": part * 3, "month": part}[kind]


def is_over(period: str, kind: str, today: date) -> bool:
    """Whether the period has ended before today."""
    return last_month(period, kind) < (today.year, today.month)


def year_of(period: str) -> int:
    """The calendar year of any period."""
    return int(period[:4])
