"""Periods as they are written, and what a formula needs."""

from datetime import date

import pytest

from indicators.catalogue.periods import parse, years_earlier
from indicators.progress.figures import AsOf, needs
from kechuang_packs.expressions import parse as formula


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-H1", date(2024, 1, 1), date(2024, 6, 30)),
        ("2024-H2", date(2024, 7, 1), date(2024, 12, 31)),
        ("2024-Q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("2024-Q4", date(2024, 10, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_a_period_has_its_first_and_last_day(text: str, first: date, last: date) -> None:
    found = parse(text)
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize("text", ["24", "2024-Q5", "2024-13", "2024-00", "2024-H3", "2024Q1", "0000", ""])
def test_anything_else_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match="no period"):
        parse(text)


def test_the_year_before_has_the_same_part() -> None:
    assert parse("2024-02").years_before(1).last == date(2023, 2, 28)
    assert years_earlier(date(2024, 2, 29), 1) == date(2023, 2, 28)


def test_a_formula_names_what_it_needs_and_from_when() -> None:
    assert needs(formula("a + ago(b, 1)")) == {("a", 0), ("b", 1)}
    assert needs(formula("sum(a, 2) / b")) == {("a", 0), ("a", 1), ("b", 0)}


def test_a_period_that_goes_on_counts_to_the_day_asked_for() -> None:
    assert AsOf(date(2024, 2, 15), parse("2024-Q1")).last == date(2024, 2, 15)
    assert AsOf(date(2024, 6, 15), parse("2024-Q1")).last == date(2024, 3, 31)
