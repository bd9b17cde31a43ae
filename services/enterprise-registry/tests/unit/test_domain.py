"""The pure parts: validity, periods, facts, what follows from dates."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from enterprise_registry.filings.periods import PeriodFormatError, is_over, last_month
from enterprise_registry.ladders.vocabulary import Fact
from enterprise_registry.organisations.domain import facts_stated
from enterprise_registry.policy.facts import FactFormatError, shown, shown_stored, stored
from enterprise_registry.recognitions.domain import end_of_validity
from kechuang_packs.models.facts import PeriodKind, Unit
from kechuang_packs.models.ladder import Validity


def fact(unit: Unit) -> Fact:
    return Fact("some", unit, PeriodKind.instant)


class TestValidity:
    @pytest.mark.parametrize(
        ("validity", "first", "last"),
        [
            (Validity(years=3), date(2024, 3, 1), date(2027, 2, 28)),
            (Validity(years=1), date(2023, 3, 1), date(2024, 2, 29)),
            (Validity(years=3), date(2024, 2, 29), date(2027, 2, 28)),
            (Validity(months=6), date(2024, 8, 31), date(2025, 2, 28)),
            (Validity(months=1), date(2023, 12, 31), date(2024, 1, 30)),
            (Validity(years=1, until_month_day="03-31"), date(2024, 5, 1), date(2025, 3, 31)),
            (Validity(years=1, until_month_day="12-31"), date(2024, 5, 1), date(2024, 12, 31)),
            (Validity(), date(2024, 5, 1), None),
        ],
    )
    def test_it_ends_the_day_before_its_anniversary(
        self, validity: Validity, first: date, last: date | None
    ) -> None:
        assert end_of_validity(validity, first) == last


class TestPeriods:
    @pytest.mark.parametrize(
        ("period", "kind", "month"),
        [("2023", "year", (2023, 12)), ("2023Q1", "quarter", (2023, 3)), ("2024-02", "month", (2024, 2))],
    )
    def test_it_ends_with_its_last_month(self, period: str, kind: str, month: tuple[int, int]) -> None:
        assert last_month(period, kind) == month

    @pytest.mark.parametrize(
        ("period", "kind"),
        [("2023", "month"), ("2023Q5", "quarter"), ("2023-13", "month"), ("二〇二三", "year")],
    )
    def test_other_shapes_are_refused(self, period: str, kind: str) -> None:
        with pytest.raises(PeriodFormatError):
            last_month(period, kind)

    def test_a_period_is_over_from_the_first_day_after_it(self) -> None:
        assert not is_over("2023", "year", date(2023, 12, 31))
        assert is_over("2023", "year", date(2024, 1, 1))
        assert is_over("2023Q4", "quarter", date(2024, 1, 1))
        assert not is_over("2024-02", "month", date(2024, 2, 29))


class TestFacts:
    @pytest.mark.parametrize(
        ("unit", "wire", "inside"),
        [
            (Unit.CNY, "123.40", 12340), (Unit.percent, "12.5", 125_000), (Unit.point, "59.5", 5950),
            (Unit.flag, True, True), (Unit.code, "industry", "industry"), (Unit.person, 12, 12),
            (Unit.date, "2016-05-18", date(2016, 5, 18)),
        ],
    )  # fmt: skip
    def test_what_comes_in_goes_out_the_same(self, unit: Unit, wire: Any, inside: Any) -> None:
        assert stored(fact(unit), wire) == inside
        assert shown_stored(unit, inside) == wire

    @pytest.mark.parametrize(
        ("unit", "wire"),
        [
            (Unit.CNY, "1.2"), (Unit.CNY, 5), (Unit.percent, "0.00001"), (Unit.flag, "是"), (Unit.person, True),
            (Unit.person, 1.5), (Unit.date, "2016-13-01"), (Unit.point, "a"),
        ],
    )  # fmt: skip
    def test_another_form_is_refused(self, unit: Unit, wire: Any) -> None:
        with pytest.raises(FactFormatError):
            stored(fact(unit), wire)

    def test_an_exact_rate_is_shown_in_percent(self) -> None:
        assert shown(Unit.ratio, Fraction(1, 10)) == "10"
        assert shown(Unit.ratio, Fraction(1, 3)) == "33.3333"
        assert shown(Unit.ratio, None) is None

    def test_an_unchanged_fact_keeps_its_verification_and_null_takes_one_away(self) -> None:
        day = date(2024, 3, 1)
        held = {
            "a": {"value": 1, "verified": True, "on": "2024-01-01"},
            "b": {"value": 2, "verified": True, "on": ""},
        }
        stated = facts_stated(held, {"a": 1, "b": None, "c": True}, verified=False, on=day)
        assert stated == {
            "a": {"value": 1, "verified": True, "on": "2024-01-01"},
            "c": {"value": True, "verified": False, "on": "2024-03-01"},
        }
