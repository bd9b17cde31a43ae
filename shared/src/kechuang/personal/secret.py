"""A value that can be taken in and kept, but not shown: showing needs a mask or a deliberate `reveal()`."""

import hmac
import re
from typing import Annotated, Any, Final, NoReturn

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from kechuang.codes.resident import ResidentIdError, check_resident_id
from kechuang.text import Text, field_error, normalise, normalise_code

_LONGEST: Final = 500


class Secret:
    """Personal text. Printing gives stars; JSON, pickle and pydantic refuse it; equality takes constant time.

    In a request model it is an ordinary string on the wire (`writeOnly`). In an answer it fails, both for
    the type checker (answers declare `Masked`) and at run time, so a forgotten mask cannot leak.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plain text. Only for encrypting, indexing, masking, and the audited operation that unmasks."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._take_in,
            serialization=core_schema.plain_serializer_function_ser_schema(cls._refuse_to_leave),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "writeOnly": True, "minLength": 1, "maxLength": _LONGEST}

    @classmethod
    def _take_in(cls, value: object) -> "Secret":
        if isinstance(value, Secret):
            return value
        if not isinstance(value, str) or not 1 <= len(text := normalise(value)) <= _LONGEST:
            raise field_error(
                "personal_text",
                Text(
                    zh=f"应为1至{_LONGEST}个字符的文本", en=f"A text of 1 to {_LONGEST} characters is needed"
                ),
            )
        return cls(text)

    @staticmethod
    def _refuse_to_leave(_value: object) -> NoReturn:
        raise TypeError("a Secret is not serialised: mask it, or unmask it by the audited operation")


# A mobile number, or a landline with its area code; an optional +86.
_PHONE: Final = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9}|0[1-9][0-9]{1,2}[1-9][0-9]{6,7}(?:-[0-9]{1,6})?)")
_EMAIL: Final = re.compile(r"[^@\s,;<>()\"]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_BANK_ACCOUNT: Final = re.compile(r"[0-9]{8,30}")


def _phone(secret: Secret) -> Secret:
    compact = re.sub(r"[\s()（）]|(?<=^0[0-9]{2})-|(?<=^0[0-9]{3})-", "", normalise_code(secret.reveal()))
    match = _PHONE.fullmatch(compact)
    if match is None:
        raise field_error("phone", Text(zh="应为手机号码或带区号的固定电话", en="Not a telephone number"))
    return Secret(match[1])


def _email(secret: Secret) -> Secret:
    local, _, domain = secret.reveal().rpartition("@")
    address = f"{local}@{domain.lower()}"
    if _EMAIL.fullmatch(address) is None:
        raise field_error("email", Text(zh="电子邮箱格式有误", en="Not an e-mail address"))
    return Secret(address)


def _bank_account(secret: Secret) -> Secret:
    account = re.sub(r"[\s-]", "", normalise_code(secret.reveal()))
    if _BANK_ACCOUNT.fullmatch(account) is None:
        raise field_error(
            "bank_account", Text(zh="银行账号应为8至30位数字", en="A bank account has 8 to 30 digits")
        )
    return Secret(account)


def _resident_id(secret: Secret) -> Secret:
    try:
        return Secret(check_resident_id(secret.reveal()))
    except ResidentIdError:
        raise field_error(
            "resident_id", Text(zh="公民身份号码有误", en="Not a valid identity number")
        ) from None


PhoneNumber = Annotated[Secret, AfterValidator(_phone)]
"""手机号码 or a landline; normal form without +86, blanks and brackets."""
EmailAddress = Annotated[Secret, AfterValidator(_email)]
BankAccount = Annotated[Secret, AfterValidator(_bank_account)]
ResidentId = Annotated[Secret, AfterValidator(_resident_id)]
"""公民身份号码, GB 11643-1999, with the check character verified."""
