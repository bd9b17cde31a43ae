"""What is refused of a request before anything is done with it: addresses, parameters and bodies nobody could keep."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args

from fastapi import Request

from kechuang.errors import FieldError, Invalid, Malformed, Refusal
from kechuang.http.bounds import DAY_OUT_OF_RANGE, FIRST_YEAR, LAST_YEAR
from kechuang.text import Text

DRY_RUN = "dry_run"
_YES, _NO = ("true", "1"), ("false", "0")
_NO_SUCH_PARAMETER = Text(
    "没有这个查询参数，请检查拼写。", "There is no such query parameter; check the spelling."
)
_YES_OR_NO = Text("应为 true 或 false。", "Takes true or false.")
_YEAR = re.compile(r"[0-9]{4}(?=-)")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def refuse_nul_in_address(request: Request) -> None:
    """PostgreSQL cannot hold U+0000 in a text, and no honest request has one."""
    if b"%00" in request.scope["query_string"] or "\x00" in request.scope["path"]:
        raise _nul()


@dataclass(frozen=True, slots=True)
class Parameters:
    """The names that an operation's query may have; those of `days` hold a day or an instant."""

    names: AbstractSet[str]
    days: AbstractSet[str]

    @classmethod
    def declared(cls, fields: Iterable[Any], *, dry_run: bool) -> "Parameters":
        """Read them from what FastAPI made of the endpoint's signature."""
        kinds = {each.alias: each.field_info.annotation for each in fields}
        return cls(
            frozenset(kinds.keys() | ({DRY_RUN} if dry_run else set())),
            frozenset(name for name, kind in kinds.items() if {date, datetime} & {kind, *get_args(kind)}),
        )


def refuse_parameters(request: Request, known: Parameters) -> None:
    """Refuse what the operation does not take (a misspelled `dry_run` would be done in earnest), and days that
    no calendar of ours reaches: a month added to the last day of all is no day.
    """
    sent = request.query_params
    errors = [
        FieldError(f"#query/{name}", "extra_forbidden", _NO_SUCH_PARAMETER)
        for name in dict.fromkeys(sent)
        if name not in known.names
    ]
    for name in known.days & sent.keys():
        year = _YEAR.match(sent[name])
        if year and not FIRST_YEAR <= int(year[0]) <= LAST_YEAR:
            errors.append(FieldError(f"#query/{name}", "day_out_of_range", DAY_OUT_OF_RANGE))
    if DRY_RUN in known.names and sent.get(DRY_RUN, "true") not in _YES + _NO:
        errors.append(FieldError(f"#query/{DRY_RUN}", "bool_parsing", _YES_OR_NO))
    if errors:
        raise Invalid(errors[0].detail, errors=errors)


def is_dry_run(request: Request) -> bool:
    """Whether the caller wants the checks alone."""
    return request.query_params.get(DRY_RUN) in _YES


def refuse_unreadable(body: bytes) -> None:
    """Refuse JSON that is not UTF-8, and texts with U+0000 or one half of a pair of surrogates.

    Neither is a character: PostgreSQL and UTF-8 cannot hold them, and an answer with one could not be sent. The
    parser would take UTF-16 and surrogates in disguise of UTF-8.
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        raise _not_utf8() from None
    if b"\x00" in body:
        raise _not_utf8()
    if b"\\u" not in body:
        return
    escapes = body.replace(b"\\\\", b"")
    if b"\\u0000" in escapes:
        raise _nul()
    if _SURROGATE.search(_PAIR.sub(b"", escapes)):
        detail = Text(
            "文本中含有不成对的代理字符（U+D800 至 U+DFFF）。",
            "A text holds an unpaired surrogate (U+D800 to U+DFFF).",
        )
        raise Invalid(detail, code="unpaired_surrogate")


def _not_utf8() -> Refusal:
    return Malformed(Text("JSON 应为 UTF-8 编码。", "JSON is to be sent in UTF-8."), code="malformed_json")


def _nul() -> Refusal:
    detail = Text("文本中不能含有空字符（U+0000）。", "A text cannot hold the character U+0000.")
    return Invalid(detail, code="nul_character")
