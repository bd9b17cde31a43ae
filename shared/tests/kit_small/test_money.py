import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from kechuang import money
from kechuang.money import Money, MoneyOut, SignedMoney


class Budget(BaseModel):
    subsidy: Money
    correction: SignedMoney = 0


@given(st.integers(min_value=money.SMALLEST, max_value=money.LARGEST))
def test_every_amount_survives_the_wire(fen: int) -> None:
    assert money.parse(money.format(fen)) == fen


@pytest.mark.parametrize(
    "text",
    [
        "123.4",
        "123",
        "123.400",
        "1e2",
        "+1.00",
        "01.00",
        " 1.00",
        "-0.00",
        "１.00",
        "92233720368547758.08",
        "",
        "1,000.00",
        "NaN",
    ],
)
def test_an_amount_in_another_shape_is_refused(text: str) -> None:
    with pytest.raises(money.MoneyFormatError):
        money.parse(text)


def test_amounts_beyond_64_bits_are_never_written() -> None:
    with pytest.raises(OverflowError):
        money.format(money.LARGEST + 1)


def test_the_wire_type_takes_strings_and_gives_strings() -> None:
    budget = Budget.model_validate({"subsidy": "500000.00", "correction": "-0.01"})
    assert (budget.subsidy, budget.correction) == (50_000_000, -1)
    assert json.loads(budget.model_dump_json()) == {"subsidy": "500000.00", "correction": "-0.01"}


@pytest.mark.parametrize("value", [500000, 5.0, True, None, "五十万"])
def test_a_number_is_refused_since_it_may_mean_yuan_or_fen(value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Budget.model_validate({"subsidy": value})
    assert refused.value.errors()[0]["type"] == "money_format"


def test_a_subsidy_is_not_negative() -> None:
    with pytest.raises(ValidationError) as refused:
        Budget.model_validate({"subsidy": "-1.00"})
    error = refused.value.errors()[0]
    assert error["type"] == "money_negative"
    assert error["ctx"]["zh"] == "金额不能为负数"


def test_the_schema_says_what_the_parser_takes() -> None:
    schema = Budget.model_json_schema()["properties"]["subsidy"]
    assert schema["type"] == "string"
    assert schema["examples"] == ["123.40"]


def test_an_answer_is_built_from_the_integers_of_a_table() -> None:
    class Payment(BaseModel):
        amount: MoneyOut

    assert Payment(amount=-12340).model_dump(mode="json") == {"amount": "-123.40"}


def test_three_per_cent_is_reached_exactly_and_missed_by_one_fen() -> None:
    assert money.at_least_rate(3_000_000, 100_000_000, 30_000)
    assert not money.at_least_rate(2_999_999, 100_000_000, 30_000)
    assert not money.more_than_rate(3_000_000, 100_000_000, 30_000)


@given(
    st.integers(min_value=-(10**12), max_value=10**12),
    st.integers(min_value=1, max_value=10**12),
    st.integers(min_value=0, max_value=2_000_000),
)
def test_comparing_by_the_reduced_fraction_decides_the_same(part: int, whole: int, ppm: int) -> None:
    exact = part * 1_000_000 - ppm * whole
    assert money.compare_rate(part, whole, ppm) == (exact > 0) - (exact < 0)


def test_a_rate_that_64_bits_cannot_decide_is_an_error_and_not_an_answer() -> None:
    with pytest.raises(OverflowError):
        money.at_least_rate(money.LARGEST, 1, 333_333)
    with pytest.raises(money.RateUndefinedError):
        money.at_least_rate(1, 0, 30_000)
    with pytest.raises(ValueError, match="negative"):
        money.reduced_rate(-1)
