"""Texts in the two languages of the platform, and the normal form of text that comes from outside."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from pydantic_core import PydanticCustomError

Language = Literal["zh", "en"]
DEFAULT_LANGUAGE: Final[Language] = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """One message or label, Chinese first: it is the language of the procedure, English helps integrators."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """The text in `language`; Chinese when there is no English."""
        return (self.en or self.zh) if language == "en" else self.zh

    def format(self, **values: object) -> "Text":
        """The same text with its `{placeholders}` filled, in both languages."""
        return Text(zh=self.zh.format(**values), en=self.en.format(**values))

    def as_labels(self) -> dict[str, str]:
        """The shape that `x-labels` of a specification and code lists have."""
        return {"zh": self.zh, "en": self.en}


def normalise(value: str) -> str:
    """Free text: trimmed, Unicode NFC. Full-width punctuation stays, it is correct in Chinese."""
    return unicodedata.normalize("NFC", value.strip())


def normalise_code(value: str) -> str:
    """A code or a name that will be compared: NFKC (full-width letters become ASCII), trimmed, upper case."""
    return unicodedata.normalize("NFKC", value).strip().upper()


_LANGUAGE_RANGE: Final = re.compile(
    r"""\s*(?P<tag>\*|[A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*   # zh, zh-Hans-CN, en-GB, *
        \s*(?:;\s*q\s*=\s*(?P<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$""",
    re.VERBOSE,
)
_LONGEST_HEADER: Final = 500


def negotiate(header: str | None) -> Language:
    """The language to answer in, from `Accept-Language` (RFC 9110 section 12.5.4); zh-CN by default.

    Anything unreadable is skipped: a header that a client got wrong is no reason to refuse its request.
    """
    if not header:
        return DEFAULT_LANGUAGE
    weights: dict[str, float] = {}
    for part in header[:_LONGEST_HEADER].split(","):
        match = _LANGUAGE_RANGE.match(part)
        if match is None:
            continue
        tag, weight = match["tag"].lower(), float(match["q"] or 1)
        weights[tag] = max(weights.get(tag, 0.0), weight)
    anything = weights.get("*", 0.0)
    chinese, english = weights.get("zh", anything), weights.get("en", anything)
    return "en" if english > chinese else DEFAULT_LANGUAGE


def field_error(code: str, message: Text) -> PydanticCustomError:
    """A validation error of a pydantic field with a stable `code`; its context holds both languages."""
    return PydanticCustomError(code, "{en}", {"zh": message.zh, "en": message.en})
