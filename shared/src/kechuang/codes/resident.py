"""The citizen identity number (公民身份号码), GB 11643-1999. Sensitive: keep it in `personal.Secret` only."""

import re
from datetime import date
from typing import Final

from kechuang.text import normalise_code

_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECKS: Final = "10X98765432"
# Provinces by the first two digits (GB/T 2260), the three special regions' own series 81 to 83 included.
# Districts below them are not looked up: numbers keep area codes that have long been abolished.
_SHAPE: Final = re.compile(
    r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}[0-9]{8}[0-9]{3}[0-9X]"
)


class ResidentIdError(ValueError):
    """A text is not a valid identity number. The text itself is never repeated in the message."""


def check_character(body: str) -> str:
    """The last character for the seventeen digits before it (ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def check_resident_id(text: str) -> str:
    """The number in its normal form (half-width, `X` in upper case); ResidentIdError when it cannot be one."""
    number = normalise_code(text)
    if _SHAPE.fullmatch(number) is None:
        raise ResidentIdError("18 characters: six digits of an area, a date of birth, a sequence, a check")
    if number[17] != check_character(number[:17]):
        raise ResidentIdError("the check character is wrong")
    birth_date(number)
    return number


def birth_date(number: str) -> date:
    """The date of birth inside a number; ResidentIdError when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ResidentIdError("the date of birth does not exist") from None
