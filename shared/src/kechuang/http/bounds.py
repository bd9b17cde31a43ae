"""What a day, an instant and a whole number may be at most, in any request: what calendars and columns hold.

Python's days end with year 9999, and a period that is added to such a day ends the request instead. Bodies get the
bounds by themselves (`kechuang.http.schemas.Input`), the days of a query at the edge (`kechuang.http.readable`).
"""

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, TypeVar, cast

from pydantic_core import CoreSchema, core_schema

from kechuang.text import Text, field_error

FIRST_YEAR: Final = 1800
LAST_YEAR: Final = 2199
LARGEST: Final = 2**63 - 1
"""Of PostgreSQL's bigint; a column that holds less says so in its field."""
DEEPEST: Final = 32
"""Levels of lists and objects in a field that may hold anything."""

DAY_OUT_OF_RANGE: Final = Text(
    f"日期应在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间；长期有效的请不填。",
    f"A day lies between {FIRST_YEAR} and {LAST_YEAR}; leave it out for what has no end.",
)

_MOMENT = TypeVar("_MOMENT", date, datetime)


def within_calendar(value: _MOMENT) -> _MOMENT:
    """Give the day or instant back, or refuse it."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise field_error("day_out_of_range", DAY_OUT_OF_RANGE)
    return value


def within_column(value: int) -> int:
    """Give the whole number back, or refuse it."""
    if not -LARGEST - 1 <= value <= LARGEST:
        raise field_error("number_too_large", Text("数值过大。", "The number is too large."))
    return value


def within_json(value: Any) -> Any:
    """Give a value of any kind back, or refuse it: what is kept as JSON has bounds too, and no NaN."""
    _refuse_deeper(value, 1)
    return value


def _refuse_deeper(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise field_error(
            "nested_too_deep",
            Text(f"嵌套超过 {DEEPEST} 层。", f"It is nested more than {DEEPEST} levels deep."),
        )
    if isinstance(value, int):
        within_column(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise field_error("finite_number", Text("应为有限的数字。", "Input should be a finite number"))
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _refuse_deeper(each, depth + 1)


def _check(part: dict[str, Any]) -> Callable[[Any], Any] | None:
    match part.get("type"):
        case "date" | "datetime":
            return within_calendar
        case "int" if not part.keys() & {"le", "lt"}:
            return within_column
        case "any":
            return within_json
    return None


_ENTERED: Final = frozenset(
    {"schema", "choices", "items_schema", "keys_schema", "values_schema", "lax_schema", "strict_schema"}
)


def bound(model: type[Any], schema: CoreSchema) -> CoreSchema:
    """Give a model's schema with the bounds on every day, instant and unbounded whole number in it.

    Other models within it are not entered: bodies have bounds of their own.
    """

    def bounded(part: Any) -> Any:
        if isinstance(part, list | tuple):
            return type(part)(bounded(each) for each in part)
        if not isinstance(part, dict) or (part.get("type") == "model" and part["cls"] is not model):
            return part
        check = _check(part)
        if check is not None:
            return core_schema.no_info_after_validator_function(check, cast("CoreSchema", part))
        return {name: entered(name, each) for name, each in part.items()}

    def entered(name: str, part: Any) -> Any:
        if name == "fields" or (name == "choices" and isinstance(part, dict)):
            return {field: bounded(each) for field, each in part.items()}
        if name == "choices":  # a choice keeps its name in what is said of it
            return [
                (bounded(each), each["type"]) if isinstance(each, dict) else bounded(each) for each in part
            ]
        return bounded(part) if name in _ENTERED else part

    found: CoreSchema = bounded(schema)
    return found
