"""Pydantic types of codes on the wire."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, WithJsonSchema

from kechuang.codes.uscc import UsccError, check_uscc
from kechuang.text import Text, field_error, normalise_code

_DIVISION: Final = r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{4}"
_SLUG: Final = r"[a-z][a-z0-9]*(-[a-z0-9]+)+"
_DIVISION_SHAPE: Final = re.compile(_DIVISION)
_AREA_SHAPE: Final = re.compile(rf"{_DIVISION}|{_SLUG}")
_LONGEST_AREA: Final = 40


def _uscc(text: str) -> str:
    try:
        return check_uscc(text)
    except UsccError as error:
        raise field_error(error.fault.value, error.fault.message) from None


def _division(text: str) -> str:
    code = normalise_code(text)
    if _DIVISION_SHAPE.fullmatch(code) is None:
        raise field_error(
            "division_code",
            Text(
                zh="行政区划代码应为6位数字（GB/T 2260）",
                en="An administrative division code has 6 digits (GB/T 2260)",
            ),
        )
    return code


def _area(text: str) -> str:
    area = normalise_code(text).lower()
    if len(area) > _LONGEST_AREA or _AREA_SHAPE.fullmatch(area) is None:
        raise field_error(
            "area_id",
            Text(
                zh="区域标识应为6位行政区划代码或本地标识（如 jiangmen-hnz）",
                en="An area id is a 6-digit division code or a local slug such as jiangmen-hnz",
            ),
        )
    return area


Uscc = Annotated[
    str,
    AfterValidator(_uscc),
    WithJsonSchema(
        {
            "type": "string",
            "title": "统一社会信用代码",
            "description": "GB 32100-2015; the check characters 17 and 18 are verified",
            "pattern": "^[1-9ANY][1-59][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$",
            "examples": ["91440703MA0TEAT010"],
        }
    ),
]

DivisionCode = Annotated[
    str,
    AfterValidator(_division),
    WithJsonSchema(
        {
            "type": "string",
            "title": "行政区划代码",
            "description": "GB/T 2260",
            "pattern": f"^{_DIVISION}$",
            "examples": ["440703"],
        }
    ),
]

AreaId = Annotated[
    str,
    AfterValidator(_area),
    WithJsonSchema(
        {
            "type": "string",
            "title": "区域",
            "description": "GB/T 2260 code where there is one, else a local slug",
            "pattern": f"^({_DIVISION}|{_SLUG})$",
            "maxLength": _LONGEST_AREA,
            "examples": ["440703", "jiangmen-hnz"],
        }
    ),
]
