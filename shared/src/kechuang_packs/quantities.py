"""Numbers with units as they stand in a pack, read into whole numbers.

Law decides at the boundary, so nothing here is a float: money is whole fen, a rate whole parts per million,
points whole hundredths, everything else a whole number of its unit.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from kechuang_packs.models.facts import Unit

PPM: Final = 1_000_000
"""A rate of 1 (100 percent) in parts per million."""

SCALE: Final[dict[Unit, int]] = {Unit.CNY: 100, Unit.percent: 10_000, Unit.ratio: 10_000, Unit.point: 100}
"""How many stored wholes one unit is; 1 for units that are not listed."""

_MONEY: Final = {"元": 1, "千元": 1_000, "万元": 10_000, "亿元": 100_000_000}
_QUANTITY: Final = re.compile(r"^(?P<number>-?[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>%|元|千元|万元|亿元)?$")


class QuantityError(ValueError):
    """The text is no number of that unit."""


def parse_quantity(value: int | str, unit: Unit) -> int:
    """Read `500`, `"10%"`, `"2亿元"` or `"59.5"` as a whole number of the unit's smallest part.

    >>> parse_quantity("2亿元", Unit.CNY), parse_quantity("10%", Unit.ratio), parse_quantity("59.5", Unit.point)
    (20000000000, 100000, 5950)
    """
    match = _QUANTITY.match(str(value))
    if match is None:
        raise QuantityError(f"not a number with a unit: {value!r}")
    number, suffix = Decimal(match["number"]), match["unit"]
    rate = unit in (Unit.ratio, Unit.percent)
    if unit in (Unit.flag, Unit.code, Unit.date):
        raise QuantityError(f"a fact of unit {unit.value} has no number")
    if suffix == "%" and not rate:
        raise QuantityError(f"{value!r} is a rate, the fact is in {unit.value}")
    if suffix in _MONEY and unit is not Unit.CNY:
        raise QuantityError(f"{value!r} is money, the fact is in {unit.value}")
    if rate and suffix is None:
        raise QuantityError(f"write the rate {value!r} with %")
    whole = number * _MONEY.get(suffix or "", 1) * SCALE.get(unit, 1)
    if whole != whole.to_integral_value():
        raise QuantityError(f"{value!r} is finer than a whole part of {unit.value}")
    return int(whole)


def parse_points(value: int | str) -> int:
    """Points in whole hundredths."""
    return parse_quantity(value, Unit.point)


def show(value: int, unit: Unit) -> str:
    """A stored whole number in the unit people read: `20000000000` fen → `200000000`, `100000` ppm → `10%`."""
    text = str(Decimal(value) / SCALE.get(unit, 1))
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text}%" if unit in (Unit.ratio, Unit.percent) else text
