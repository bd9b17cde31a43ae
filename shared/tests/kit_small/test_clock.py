from datetime import UTC, date, datetime, timedelta

import pytest

from kechuang.clock import Clock, ClockNotMovableError, end_of_day, shanghai_day, start_of_day

NOON = datetime(2024, 3, 1, 4, 0, tzinfo=UTC)


def test_moving_the_business_clock_leaves_the_real_one() -> None:
    clock = Clock(movable=True, source=lambda: NOON)
    clock.set_offset(timedelta(days=10))
    assert clock.now() == NOON + timedelta(days=10)
    assert clock.today() == date(2024, 3, 11)
    assert clock.real_now() == NOON
    assert clock.refreshed_at is not None


def test_a_production_clock_cannot_be_moved() -> None:
    clock = Clock(source=lambda: NOON)
    clock.set_offset(timedelta(0))
    with pytest.raises(ClockNotMovableError):
        clock.offset = timedelta(seconds=1)
    with pytest.raises(ClockNotMovableError):
        Clock(offset=timedelta(days=1))


def test_a_day_in_shanghai_begins_eight_hours_before_utc() -> None:
    assert start_of_day(date(2024, 3, 1)) == datetime(2024, 2, 29, 16, tzinfo=UTC)
    assert end_of_day(date(2024, 2, 29)) == start_of_day(date(2024, 3, 1))
    assert shanghai_day(end_of_day(date(2024, 2, 29)) - timedelta(microseconds=1)) == date(2024, 2, 29)
    assert shanghai_day(end_of_day(date(2024, 2, 29))) == date(2024, 3, 1)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        shanghai_day(datetime(2024, 3, 1))  # noqa: DTZ001 the naive instant is the case


def test_without_a_source_the_clock_is_the_machine_s() -> None:
    clock = Clock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
