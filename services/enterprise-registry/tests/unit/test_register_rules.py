"""Register records: spans of days, keys, standing, personal data."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kechuang.text import Text
from kechuang_procedure.registers.domain import (
    RegisterKind,
    end_of_validity,
    last_day,
    natural_key,
    overlap,
    personal_texts,
    standing,
)

_DAYS = st.integers(0, 12).map(lambda n: date(2024, 1, 1 + n))
_SPANS = st.tuples(_DAYS, st.none() | _DAYS)


def kind(**more: Any) -> RegisterKind:
    return RegisterKind(code="lab", name=Text("实验室", "Laboratory"), register="platform", **more)


@given(_SPANS, _SPANS)
def test_spans_overlap_when_they_have_a_day_in_common(
    first: tuple[date, date | None], second: tuple[date, date | None]
) -> None:
    def days(span: tuple[date, date | None]) -> set[int]:
        last = span[1] or date(2024, 12, 31)
        return set(range(span[0].toordinal(), last.toordinal() + 1))

    assert overlap(first, second) == bool(days(first) & days(second))
    assert overlap(first, second) == overlap(second, first)


@pytest.mark.parametrize(
    ("years", "first", "last"),
    [
        (3, date(2024, 3, 1), date(2027, 2, 28)),
        (1, date(2024, 2, 29), date(2025, 2, 28)),
        (4, date(2024, 2, 29), date(2028, 2, 28)),
        (2, date(2024, 1, 1), date(2025, 12, 31)),
        (None, date(2024, 1, 1), None),
    ],
)
def test_validity_ends_on_the_eve_of_its_anniversary(
    years: int | None, first: date, last: date | None
) -> None:
    assert end_of_validity(kind(validity_years=years), first) == last


def test_an_event_ends_on_its_day() -> None:
    assert end_of_validity(kind(one_day=True), date(2024, 5, 1)) == date(2024, 5, 1)


def test_the_earlier_end_is_the_last_day() -> None:
    assert last_day(date(2024, 5, 1), date(2024, 4, 1)) == date(2024, 4, 1)
    assert last_day(None, None) is None


def test_a_failed_test_outweighs_being_counted_apart() -> None:
    unit = kind(tests=("staff", "money"), apart="commissioned")
    assert standing(unit, {"staff": True, "money": True}) == "counted"
    assert standing(unit, {"staff": True, "money": True, "commissioned": True}) == "apart"
    assert standing(unit, {"staff": True, "commissioned": True}) == "not_counted"


def test_a_natural_key_compares_as_codes_do() -> None:
    patent = kind(natural_key=("fields.patent_no",))
    one, other = ({"fields": {"patent_no": text}} for text in ("ZL2024１00.X", "zl2024100.x"))
    assert natural_key(patent, one) == natural_key(patent, other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("联系人手机13800138000", True),
        ("身份证号11010519491231002X", True),
        ("统一社会信用代码91440703MATE000L4P", False),
        ("专利号202410012345.6", False),
        ("证书编号213800138000", False),
    ],
)
def test_numbers_of_persons_are_found_in_texts(text: str, found: bool) -> None:
    assert bool(personal_texts({"notes": [text]}, "")) == found
