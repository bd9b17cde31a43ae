"""Money and rates in integers: fen inside, a decimal string with two places on the wire.

Law decides at "at least 60" or "not below 3 %", so nothing here is ever a float. All results stay within
64 bits signed, which is what PostgreSQL's bigint and the vectorised evaluator hold; beyond it an
OverflowError is raised instead of a wrong answer.
"""

import math
import re
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from kechuang.text import Text, field_error

LARGEST: Final = 2**63 - 1
SMALLEST: Final = -(2**63)
MILLION: Final = 1_000_000

_UNSIGNED: Final = r"(0|[1-9][0-9]{0,16})\.[0-9]{2}"
_SIGNED: Final = rf"-?{_UNSIGNED}"
_AMOUNT: Final = re.compile(_SIGNED)


class MoneyFormatError(ValueError):
    """A text is not an amount with exactly two decimal places within 64 bits of fen."""


class RateUndefinedError(ArithmeticError):
    """A rate over zero or less: the fact is unknown, and what that means the caller must say."""


def bounded(number: int) -> int:
    """`number` itself when 64 bits hold it, else OverflowError."""
    if not SMALLEST <= number <= LARGEST:
        raise OverflowError(f"{number} does not fit into 64 bits")
    return number


def parse(text: str) -> int:
    """Fen from `"123.40"`: exactly two places, no exponent, no plus sign, no leading zeros, no `-0.00`."""
    if _AMOUNT.fullmatch(text) is None:
        raise MoneyFormatError("an amount looks like 123.40")
    fen = int(text.replace(".", ""))
    if fen == 0 and text[0] == "-":
        raise MoneyFormatError("zero has no sign")
    if not SMALLEST <= fen <= LARGEST:
        raise MoneyFormatError("the amount is too large")
    return fen


def format(fen: int) -> str:  # noqa: A001 it is called as money.format
    """`"123.40"` from 12340."""
    yuan, rest = divmod(abs(bounded(fen)), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


def reduced_rate(ppm: int) -> tuple[int, int]:
    """`ppm` parts of a million as a fraction in lowest terms: 30_000 (3 %) is (3, 100).

    Comparing with the reduced fraction decides the same and overflows later.
    """
    if ppm < 0:
        raise ValueError("a rate is not negative")
    divisor = math.gcd(ppm, MILLION)
    return ppm // divisor, MILLION // divisor


def compare_rate(part: int, whole: int, ppm: int) -> int:
    """-1, 0 or 1 as `part / whole` is below, at or above `ppm` parts of a million; by cross-multiplication."""
    if whole <= 0:
        raise RateUndefinedError("a rate needs a whole above zero")
    numerator, denominator = reduced_rate(ppm)
    left, right = bounded(bounded(part) * denominator), bounded(bounded(whole) * numerator)
    return (left > right) - (left < right)


def at_least_rate(part: int, whole: int, ppm: int) -> bool:
    """Whether `part` is at least `ppm` parts of a million of `whole` (不低于)."""
    return compare_rate(part, whole, ppm) >= 0


def more_than_rate(part: int, whole: int, ppm: int) -> bool:
    """Whether `part` is more than `ppm` parts of a million of `whole` (超过)."""
    return compare_rate(part, whole, ppm) > 0


class Fen(int):
    """An amount that is known to be fen; `Money` takes it where a plain integer would be ambiguous."""


_NOT_MONEY: Final = Text(
    zh="金额应为带两位小数的字符串，例如“123.40”",
    en="An amount is a string with two decimal places, such as 123.40",
)
_NEGATIVE: Final = Text(zh="金额不能为负数", en="An amount is not negative")


def _from_wire(value: object) -> int:
    if isinstance(value, Fen):
        return value
    if not isinstance(value, str):
        raise field_error("money_format", _NOT_MONEY)
    try:
        return Fen(parse(value.strip()))
    except MoneyFormatError:
        raise field_error("money_format", _NOT_MONEY) from None


def _from_wire_unsigned(value: object) -> int:
    fen = _from_wire(value)
    if fen < 0:
        raise field_error("money_negative", _NEGATIVE)
    return fen


def _schema(pattern: str, title: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "format": "decimal",
            "pattern": f"^{pattern}$",
            "maxLength": 21,
            "title": title,
            "examples": ["123.40"],
        }
    )


_to_wire: Final = PlainSerializer(format, return_type=str)

# In request bodies. A JSON number is refused, since nobody can tell whether it means yuan or fen.
Money = Annotated[int, BeforeValidator(_from_wire_unsigned), _to_wire, _schema(_UNSIGNED, "金额（元）")]
SignedMoney = Annotated[int, BeforeValidator(_from_wire), _to_wire, _schema(_SIGNED, "金额（元，可为负）")]
# In answers, which are built from integers that our own tables hold.
MoneyOut = Annotated[int, _to_wire, _schema(_SIGNED, "金额（元）")]
