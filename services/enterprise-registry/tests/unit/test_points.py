"""Points on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enterprise_registry.points.domain import read_points, show_points


@given(st.integers(0, 9_999_999 * 100))
def test_what_is_shown_is_read_back(hundredths: int) -> None:
    assert read_points(show_points(hundredths)) == hundredths


@pytest.mark.parametrize("text", ["", "-1", "1.234", "01", "1e3", "１", "1."])
def test_what_is_no_number_of_points_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"12\.50"):
        read_points(text)


def test_a_counter_entry_shows_its_sign() -> None:
    assert show_points(-5) == "-0.05"
