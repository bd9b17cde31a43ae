"""The unified social credit code (统一社会信用代码), GB 32100-2015.

18 characters: registering department, category, six digits of the registering authority's area, the nine
characters of the subject code (主体标识码, GB 11714 with its own check character), and a check character.
"""

import re
from enum import StrEnum
from typing import Final

from kechuang.text import Text, normalise_code

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_SUBJECT_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_SHAPE: Final = re.compile(r"[1-9ANY][1-59][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_LENGTH: Final = 18
# Codes of individual businesses (个体工商户) were given in great number before the subject code's check
# character was enforced for them, so for these only the last character decides.
_WITHOUT_SUBJECT_CHECK: Final = frozenset({"92"})


class UsccFault(StrEnum):
    """What is wrong with a code; the value is stable and goes into error answers."""

    LENGTH = "uscc_length"
    CHARACTERS = "uscc_characters"
    SUBJECT_CHECK = "uscc_subject_check"
    CHECK = "uscc_check"

    @property
    def message(self) -> Text:
        return _MESSAGES[self]


_MESSAGES: Final = {
    UsccFault.LENGTH: Text(zh="统一社会信用代码应为18位", en="A credit code has 18 characters"),
    UsccFault.CHARACTERS: Text(
        zh="统一社会信用代码含有不允许的字符或登记部门、机构类别代码有误",
        en="The credit code has a character that the standard does not allow at its place",
    ),
    UsccFault.SUBJECT_CHECK: Text(
        zh="统一社会信用代码第17位（主体标识码校验位）有误",
        en="Character 17 of the credit code does not check",
    ),
    UsccFault.CHECK: Text(
        zh="统一社会信用代码第18位（校验码）有误", en="Character 18 of the credit code does not check"
    ),
}


class UsccError(ValueError):
    """A text is not a valid credit code; `fault` says why."""

    def __init__(self, fault: UsccFault) -> None:
        super().__init__(fault.message.en)
        self.fault = fault


def subject_check_character(subject: str) -> str:
    """Character 17 for the eight characters before it (GB 11714: modulus 11, letters count from 10)."""
    total = sum(
        int(character, 36) * weight for character, weight in zip(subject, _SUBJECT_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


def check_character(body: str) -> str:
    """Character 18 for the seventeen before it (GB 32100-2015: modulus 31, weights are powers of 3)."""
    total = sum(_VALUE[character] * weight for character, weight in zip(body, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def check_uscc(text: str) -> str:
    """The code in its normal form (half-width, upper case, trimmed); UsccError when it cannot be one.

    The area inside is checked for its form only: codes keep the area of their first registration, also
    when that area has been renamed or dissolved.
    """
    code = normalise_code(text)
    if len(code) != _LENGTH:
        raise UsccError(UsccFault.LENGTH)
    if _SHAPE.fullmatch(code) is None:
        raise UsccError(UsccFault.CHARACTERS)
    if code[:2] not in _WITHOUT_SUBJECT_CHECK and code[16] != subject_check_character(code[8:16]):
        raise UsccError(UsccFault.SUBJECT_CHECK)
    if code[17] != check_character(code[:17]):
        raise UsccError(UsccFault.CHECK)
    return code


def is_uscc(text: str) -> bool:
    """Whether `text` is a valid credit code."""
    try:
        check_uscc(text)
    except UsccError:
        return False
    return True


def registration_kind(code: str) -> Text | None:
    """What kind of body characters 1 and 2 stand for, for example 企业; None for "other" (其他) and unknown ones."""
    return _KINDS.get(code[:2])


_KINDS: Final = {
    "11": Text(zh="机关", en="State organ"),
    "12": Text(zh="事业单位", en="Public institution"),
    "13": Text(zh="编办直接管理机构编制的群众团体", en="Mass organisation under the staffing office"),
    "31": Text(zh="律师执业机构", en="Law firm"),
    "32": Text(zh="公证处", en="Notary office"),
    "33": Text(zh="基层法律服务所", en="Local legal service office"),
    "34": Text(zh="司法鉴定机构", en="Forensic institution"),
    "35": Text(zh="仲裁委员会", en="Arbitration commission"),
    "51": Text(zh="社会团体", en="Social association"),
    "52": Text(zh="民办非企业单位", en="Private non-enterprise unit"),
    "53": Text(zh="基金会", en="Foundation"),
    "81": Text(zh="基层工会", en="Trade union"),
    "91": Text(zh="企业", en="Enterprise"),
    "92": Text(zh="个体工商户", en="Individual business"),
    "93": Text(zh="农民专业合作社", en="Farmers' cooperative"),
    "N1": Text(zh="组级集体经济组织", en="Group-level collective economic organisation"),
    "N2": Text(zh="村级集体经济组织", en="Village-level collective economic organisation"),
    "N3": Text(zh="乡镇级集体经济组织", en="Township-level collective economic organisation"),
}
