"""Amounts of benefits at their boundaries, against a second calculation written out by hand."""

import datetime as dt
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enterprise_registry.benefits.amounts import FEN_IN, AmountRule, amount_of, compile_amount, rounded
from enterprise_registry.ladders.factbase import FactBase, Filed
from enterprise_registry.ladders.vocabulary import Fact, Vocabulary
from kechuang_packs.models.benefits import BenefitRule
from kechuang_packs.models.facts import PeriodKind, Unit

ON = dt.date(2024, 3, 1)
WORDS = Vocabulary(
    {key: Fact(key, Unit.CNY, PeriodKind.year) for key in ("rd_expense", "revenue")},
    {"研发费用": "rd_expense"},
)
WAN = 1_000_000  # 万元 in fen


def rule(**said: Any) -> AmountRule:
    model = BenefitRule.model_validate(
        {
            "code": "b", "name": {"zh": "补助", "en": "Benefit"}, "clause": "一", "mode": "at_once",
            "condition": {"id": "any", "fact": "rd_expense", "comparator": ">=", "threshold": 0}, **said,
        }
    )  # fmt: skip
    return compile_amount(model, WORDS)


def facts(**values: int) -> FactBase:
    return FactBase(WORDS, ON, {(key, 2023): Filed(value, verified=True) for key, value in values.items()})


BANDED = {
    "amount_bands": {
        "by": "rd_expense",
        "of": "rd_expense",
        "bands": [{"at_least": "500万元", "amount": "30万元"}, {"at_least": "100万元", "rate": "5%"}],
    }
}


class TestBands:
    @pytest.mark.parametrize(
        ("spent", "due"),
        [
            (100 * WAN - 1, 0),  # 不低于100万元 excludes one fen less
            (100 * WAN, 5 * WAN),
            (500 * WAN - 1, 24_999_900),  # 5 % is 249,999.9995 yuan, down to whole yuan
            (500 * WAN, 30 * WAN),
        ],
    )
    def test_each_side_of_a_bound(self, spent: int, due: int) -> None:
        assert amount_of(rule(**BANDED), facts(rd_expense=spent), 0).fen == due

    def test_a_missing_fact_makes_no_amount_and_is_named(self) -> None:
        found = amount_of(rule(**BANDED), facts(revenue=1), 0)
        assert (found.fen, found.missing) == (None, (("rd_expense", 2023),))

    def test_a_fall_gives_nothing_and_never_a_negative_amount(self) -> None:
        expression = rule(amount_expression="研发费用 - revenue")
        assert amount_of(expression, facts(rd_expense=5, revenue=9), 0).fen == 0


class TestCaps:
    def test_the_steps_say_what_each_did(self) -> None:
        found = amount_of(
            rule(**BANDED, cap="20万元", yearly_cap="25万元"), facts(rd_expense=600 * WAN), 10 * WAN
        )
        assert [(each.name, each.amount) for each in found.steps] == [
            ("base", 30 * WAN), ("cap", 20 * WAN), ("yearly_cap", 15 * WAN),
        ]  # fmt: skip

    @pytest.mark.parametrize(("had", "left"), [(0, 10 * WAN), (15 * WAN, 10 * WAN), (15 * WAN + 1, 10 * WAN - 1),
                                               (25 * WAN, 0), (26 * WAN, 0)])  # fmt: skip
    def test_what_the_year_leaves(self, had: int, left: int) -> None:
        assert amount_of(rule(amount="10万元", yearly_cap="25万元"), facts(), had).fen == left


_DECIMAL = {"down": ROUND_DOWN, "half_up": ROUND_HALF_UP, "up": ROUND_UP}


@given(
    st.integers(0, 10**15),
    st.integers(1, 10**6),
    st.sampled_from(sorted(FEN_IN)),
    st.sampled_from(sorted(_DECIMAL)),
)
def test_rounding_equals_decimal_arithmetic(top: int, bottom: int, unit: str, mode: Any) -> None:
    exact = Fraction(top, bottom)
    whole, rest = divmod(exact, FEN_IN[unit])
    # The fraction of a unit as a decimal that is exact enough to tell half from less: compare in integers.
    tenth = Decimal(int(rest * 10**9)) / (10**9 * FEN_IN[unit])
    sticky = Decimal(1).scaleb(-20) if rest * 10**9 != int(rest * 10**9) else Decimal(0)
    by_hand = int(whole) + int((tenth + sticky).quantize(Decimal(1), rounding=_DECIMAL[mode]))
    assert rounded(exact, FEN_IN[unit], mode) == by_hand * FEN_IN[unit]


@given(st.integers(0, 10**14), st.integers(0, 10**9))
def test_an_amount_never_passes_a_cap_and_never_falls_below_zero(spent: int, had: int) -> None:
    capped = rule(**BANDED, cap="20万元", yearly_cap="25万元")
    fen = amount_of(capped, facts(rd_expense=spent), had).fen
    assert fen is not None
    assert 0 <= fen <= min(20 * WAN, max(25 * WAN - had, 0))


def test_a_rule_says_one_amount() -> None:
    with pytest.raises(ValueError, match="an amount, an amount_expression or amount_bands"):
        rule(amount="1万元", amount_expression="研发费用")
    with pytest.raises(ValueError, match="a rate needs `of`"):
        rule(amount_bands={"by": "rd_expense", "bands": [{"at_least": "1万元", "rate": "5%"}]})
