"""Months from a day: the same day, or the last day of a shorter month."""

from datetime import date

import pytest

from commissioner_matching.commissioners.domain import capacity_of
from commissioner_matching.enrolments.domain import months_later


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 3, 18), 12, date(2025, 3, 18)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 12, 1), 36, date(2027, 12, 1)),
        (date(2024, 8, 31), 3, date(2024, 11, 30)),
    ],
)
def test_a_term_ends_on_the_same_day_of_its_last_month(day: date, months: int, expected: date) -> None:
    assert months_later(day, months) == expected


@pytest.mark.parametrize(
    ("asked", "limit", "expected"), [(None, None, 3), (None, 2, 2), (5, 2, 2), (5, None, 5), (1, 2, 1)]
)
def test_a_capacity_never_exceeds_the_programme(asked: int | None, limit: int | None, expected: int) -> None:
    assert capacity_of(asked, limit) == expected
