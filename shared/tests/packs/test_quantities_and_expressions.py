"""Numbers with units and small expressions: exact at the boundary, refused when they do not fit."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from kechuang_packs.expressions import ExpressionError, names, parse
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import QuantityError, parse_quantity, show
from kechuang_packs.scalar import Missing, Value, evaluate
from kechuang_packs.units import infer, type_of_unit


class Facts:
    """Yearly values by name; what is not here is missing."""

    on = dt.date(2026, 5, 1)

    def __init__(self, **values: dict[int, Value]) -> None:
        self.values = values

    def lookup(self, key: str, years_ago: int) -> Value | Missing:
        found = self.values.get(key, {}).get(years_ago)
        return Missing(frozenset({(key, years_ago)})) if found is None else found


@pytest.mark.parametrize(
    ("text", "unit", "stored"),
    [
        ("2亿元", Unit.CNY, 20_000_000_000), ("1500万元", Unit.CNY, 1_500_000_000), ("50千元", Unit.CNY, 5_000_000),
        ("99.50元", Unit.CNY, 9950), (10, Unit.CNY, 1000), ("10%", Unit.ratio, 100_000), ("0.0001%", Unit.percent, 1),
        ("59.5", Unit.point, 5950), (500, Unit.person, 500),
    ],
)  # fmt: skip
def test_quantities(text: str, unit: Unit, stored: int) -> None:
    assert parse_quantity(text, unit) == stored


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("10%", Unit.CNY),
        ("2亿元", Unit.person),
        (3, Unit.ratio),
        ("0.001元", Unit.CNY),
        ("1.5", Unit.item),
        ("many", Unit.item),
        (1, Unit.flag),
    ],
)
def test_quantities_that_do_not_fit(text: str, unit: Unit) -> None:
    with pytest.raises(QuantityError):
        parse_quantity(text, unit)


def test_show_is_what_people_read() -> None:
    assert show(20_000_000_000, Unit.CNY) == "200000000"
    assert show(29_500, Unit.percent) == "2.95%"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("研发费用 / 收入", Fraction(1, 3)), ("sum(研发费用, 2)", 3), ("ago(收入, 1) - 收入", 3), ("1 < 研发费用 < 9", False),
        ("at_least(2, 收入 > 1, 收入 > 2, 无 > 1)", True), ("无 > 1 and 收入 > 5", False), ("无 > 1 or 收入 == 3", True),
        ("known(无)", False), ("coalesce(无, 收入)", 3), ("least(收入, 2)", 2), ("收入 if 收入 > 1 else 无", 3),
        ("age_days(日期)", 366), ("age_years(日期)", 1), ("sum(研发费用, 5, since=日期)", 1), ("percent(3) * 100", 3),
    ],
)  # fmt: skip
def test_expressions(text: str, value: object) -> None:
    facts = Facts(
        研发费用={1: 1, 2: 2},
        收入={1: 3, 2: 6},
        日期=dict.fromkeys(range(9), dt.date(2025, 4, 30).toordinal()),
    )
    assert evaluate(parse(text), facts) == value


def test_unknown_names_what_is_missing_and_zero_divisors_are_told_apart() -> None:
    facts = Facts(a={1: 1}, z={1: 0})
    assert evaluate(parse("a + b"), facts) == Missing(frozenset({("b", 1)}))
    assert evaluate(parse("a / z"), facts) == Missing(frozenset(), by_zero=True)


@pytest.mark.parametrize(
    "text",
    [
        "a.b",
        "f(a)",
        "a ** 2",
        "a // 2",
        "1.5 * a",
        "[a]",
        "lambda: a",
        "__import__('os')",
        "sum(a, b)",
        "sum(a, 99)",
        "a if",
        "True",
        "at_least(3, a, b)",
        "ago(a, x=1)",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "money + staff",
        "money > 5",
        "money > staff",
        "flag + staff",
        "code < code",
        "money and flag",
        "sum(flag, 2)",
        "age_days(staff)",
    ],
)
def test_units_that_do_not_fit(text: str) -> None:
    units = {"money": Unit.CNY, "staff": Unit.person, "flag": Unit.flag, "code": Unit.code}
    with pytest.raises(ExpressionError):
        infer(parse(text), lambda name: type_of_unit(units[name]))


def test_rates_have_no_unit_and_names_are_dependencies() -> None:
    units = {"money": Unit.CNY, "other": Unit.CNY}
    assert infer(parse("money / other - 1"), lambda name: type_of_unit(units[name])).dimension == ()
    assert names(parse("money / other - ago(money, 1)")) == {"money", "other"}
