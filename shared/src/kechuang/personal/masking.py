"""What may be shown of a personal value. Every mask takes a `Secret` and gives `Masked`, the only text
type that answers accept for personal fields."""

from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from kechuang.personal.secret import Secret

_STARS: Final = "****"
_MOBILE: Final = 11
_SHORT: Final = 7


class Masked(str):
    """Text made by a mask. Answers declare it; a plain `str` there is a type error and refused at run time."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(
            cls,
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "readOnly": True,
            "description": "脱敏显示 / masked",
            "examples": ["138****5678"],
        }


def mask_phone(phone: Secret) -> Masked:
    """`138****5678`; of a shorter number the last two digits."""
    text = phone.reveal()
    if len(text) == _MOBILE:
        return Masked(f"{text[:3]}{_STARS}{text[-4:]}")
    return Masked(f"{_STARS}{text[-2:]}" if len(text) > _SHORT else _STARS)


def mask_resident_id(number: Secret) -> Masked:
    """`1101***********02X`: the first four and the last three; nothing of a number with another length."""
    text = number.reveal()
    return Masked(f"{text[:4]}{'*' * 11}{text[-3:]}" if len(text) == 18 else _STARS)  # noqa: PLR2004 GB 11643


def mask_name(name: Secret) -> Masked:
    """`张*`: one star whatever the length, since the length narrows a search down."""
    return Masked(f"{name.reveal()[:1]}*")


def mask_email(address: Secret) -> Masked:
    """`z***@example.cn`."""
    local, at, domain = address.reveal().rpartition("@")
    return Masked(f"{local[:1]}***@{domain}" if at and local else _STARS)


def mask_bank_account(account: Secret) -> Masked:
    """`****3456`: the last four digits; nothing of a number too short to hide the rest."""
    text = account.reveal()
    return Masked(f"{_STARS}{text[-4:]}" if len(text) > _SHORT else _STARS)


def mask_address(address: Secret) -> Masked:
    """`广东省江门市****`: the first six characters of an address at least twice as long."""
    text = address.reveal()
    return Masked(f"{text[:6]}{_STARS}" if len(text) >= 12 else _STARS)  # noqa: PLR2004 see above
