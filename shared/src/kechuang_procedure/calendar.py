"""The working-day calendar of this process and the end of legal periods."""

from datetime import date
from functools import cache

from kechuang.calendar import NationalCalendar, Period, PeriodEnd, period_end


@cache
def national() -> NationalCalendar:
    """The national calendar as far as it is published; beyond it a period's end is provisional."""
    return NationalCalendar()


def end_of(start: date, period: Period) -> PeriodEnd:
    """Give the end of a period that begins the day after `start`."""
    return period_end(start, period, national())
