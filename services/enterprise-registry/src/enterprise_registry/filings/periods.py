"""Periods of filings: `2023`, `2023Q4`, `2023-12`."""

import re
from datetime import date, timedelta
from typing import Final

_SHAPES: Final = {
    "year": re.compile(r"(?P<year>20[0-9]{2})"),
    "quarter": re.compile(r"(?P<year>20[0-9]{2})Q(?P<part>[1-4])"),
    "month": re.compile(r"(?P<year>20[0-9]{2})-(?P<part>0[1-9]|1[0-2])"),
}

PERIODS: Final = {"year": "2023", "quarter": "2023Q4", "month": "2023-12"}
"""What a period looks like, by its kind."""


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


def before(period: str, kind: str) -> str:
    """The period before this one: `2022` before `2023`, `2022Q4` before `2023Q1`, `2022-12` before `2023-01`."""
    year, month = last_month(period, kind)
    if kind == "year":
        return str(year - 1)
    step = 3 if kind == "quarter" else 1
    year, month = (year, month - step) if month > step else (year - 1, 12)
    return f"{year}Q{month // 3}" if kind == "quarter" else f"{year}-{month:02d}"


def bounds(period: str, kind: str) -> tuple[date, date]:
    """The first and the last day of a period."""
    year, month = last_month(period, kind)
    first = date(year, month - {"year": 11, "quarter": 2, "month": 0}[kind], 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    return first, following - timedelta(days=1)
