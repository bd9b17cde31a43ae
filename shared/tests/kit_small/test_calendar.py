from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kechuang.calendar import (
    CalendarDataError,
    NationalCalendar,
    Period,
    YearData,
    load_years,
    period_end,
    working_days_between,
)

CALENDAR = NationalCalendar()


@pytest.mark.parametrize(
    ("start", "days", "last_day"),
    [
        # 国庆节 2024: 1 to 7 October off, Sunday 29 September and Saturday 12 October worked
        (date(2024, 9, 27), 1, date(2024, 9, 29)),
        (date(2024, 9, 30), 5, date(2024, 10, 12)),
        (date(2024, 9, 26), 5, date(2024, 10, 9)),
        # 春节 2024: 10 to 17 February off, Sundays 4 and 18 February worked
        (date(2024, 2, 2), 1, date(2024, 2, 4)),
        (date(2024, 2, 9), 1, date(2024, 2, 18)),
        (date(2024, 2, 9), 7, date(2024, 2, 26)),
        # a plain week
        (date(2024, 3, 4), 5, date(2024, 3, 11)),
    ],
)
def test_working_days_follow_the_notices(start: date, days: int, last_day: date) -> None:
    end = period_end(start, Period(days), CALENDAR)
    assert (end.last_day, end.provisional) == (last_day, False)


@pytest.mark.parametrize(
    ("start", "days", "last_day"),
    [
        (date(2024, 9, 24), 7, date(2024, 10, 8)),  # the 7th day is 1 October
        (date(2024, 9, 22), 7, date(2024, 9, 29)),  # a Sunday that is worked
        (date(2024, 3, 1), 5, date(2024, 3, 6)),
        (date(2024, 3, 1), 8, date(2024, 3, 11)),  # a Saturday moves to Monday
        (date(2024, 2, 10), 1, date(2024, 2, 18)),
    ],
)
def test_calendar_days_run_through_holidays_but_do_not_end_on_them(
    start: date, days: int, last_day: date
) -> None:
    assert period_end(start, Period(days, "calendar"), CALENDAR).last_day == last_day


def test_the_last_day_ends_at_midnight_in_shanghai() -> None:
    end = period_end(date(2024, 3, 4), Period(1), CALENDAR)
    assert end.ends_at == datetime(2024, 3, 5, 16, 0, tzinfo=UTC)


@given(st.dates(date(2012, 1, 1), date(2025, 6, 30)), st.integers(1, 90))
def test_a_period_of_n_working_days_has_n_of_them_and_ends_on_one(start: date, days: int) -> None:
    end = period_end(start, Period(days), CALENDAR)
    assert working_days_between(start, end.last_day, CALENDAR) == days
    assert CALENDAR.is_working_day(end.last_day)
    assert working_days_between(end.last_day, start, CALENDAR) == -days


def test_beyond_the_published_notices_weekends_alone_decide_provisionally() -> None:
    unknown = CALENDAR.last_known_year + 1
    start = date(unknown, 9, 30)
    end = period_end(start, Period(1), CALENDAR)
    assert end.provisional
    assert end.last_day == next(
        day for day in (start + timedelta(days=n) for n in range(1, 8)) if day.weekday() < 5
    )


def test_a_period_that_only_passes_unknown_days_is_provisional_and_loading_the_year_settles_it() -> None:
    before = period_end(date(2027, 9, 29), Period(3), CALENDAR)
    assert (before.last_day, before.provisional) == (date(2027, 10, 4), True)
    notice = load_years(
        """
        - year: 2027
          source: 节假日安排的通知（试验数据）
          holidays: [{from: 2027-10-01, to: 2027-10-07}]
          workdays: [2027-10-09]
        """
    )
    after = period_end(date(2027, 9, 29), Period(3), NationalCalendar(notice))
    assert (after.last_day, after.provisional) == (date(2027, 10, 9), False)


def test_the_end_of_december_waits_for_the_next_year_s_notice() -> None:
    year = CALENDAR.last_known_year
    assert CALENDAR.is_certain(date(year, 12, 24))
    assert not CALENDAR.is_certain(date(year, 12, 29))
    assert CALENDAR.is_certain(date(2018, 12, 29))
    assert CALENDAR.is_working_day(date(2018, 12, 29))


def test_loaded_data_replaces_the_library_s_year_and_may_be_json() -> None:
    calendar = NationalCalendar(load_years('{"year": 2024, "holidays": ["2024-03-04"], "workdays": []}'))
    assert not calendar.is_working_day(date(2024, 3, 4))
    assert calendar.is_working_day(date(2024, 10, 1))
    assert calendar.is_working_day(date(2023, 1, 28))


@pytest.mark.parametrize(
    "text",
    [
        "[]\n-",
        "{year: x}",
        "{year: 2027, holidays: 2027-10-01}",
        "{year: 2027, holidays: [国庆节]}",
        "{year: 2027, holidays: [2028-01-01]}",
        "{year: 2027, workdays: [2027-10-08]}",
        "{year: 2027, holidays: [2027-10-09], workdays: [2027-10-09]}",
        "{year: 2027, holidays: [{from: 2027-10-07, to: 2027-10-01}]}",
        "{year: 2027, holidays: [{from: 2027-10-07}]}",
        "{year: 2027, holiday: []}",
    ],
)
def test_data_that_contradicts_itself_is_refused(text: str) -> None:
    with pytest.raises(CalendarDataError):
        load_years(text)


def test_a_period_has_at_least_one_day() -> None:
    with pytest.raises(ValueError, match="1 to"):
        Period(0)
    assert YearData(2027, frozenset(), frozenset()).source == ""
