"""The declaration of a table's columns, and how a cell becomes a value as the API takes it."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from kechuang import money
from kechuang.text import Text, normalise, normalise_code

Kind = Literal["text", "code", "integer", "number", "money", "date", "boolean", "choice", "list"]
Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None
Value = str | int | float | bool | list[str] | None

_TRUE: Final = frozenset({"是", "有", "√", "true", "yes", "y", "1"})
_FALSE: Final = frozenset({"否", "无", "×", "false", "no", "n", "0"})
_DAY: Final = re.compile(
    r"(\d{4})\s*(?:[-/.年])\s*(\d{1,2})\s*(?:[-/.月])\s*(\d{1,2})\s*日?|(\d{4})(\d{2})(\d{2})"
)
_MIDNIGHT: Final = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?$")
_BETWEEN: Final = re.compile(r"[;；、|\n]")
# Excel keeps 15 significant digits, so a longer number has already lost its end.
_EXACT: Final = 10**15
_INTEGERS: Final = 2**63
# How our own writing protects a text that a spreadsheet would take for a formula.
PROTECTED: Final = re.compile(r"^'(?=[=+\-@\t\r＝＋－＠])")


class CellError(ValueError):
    """A cell that cannot be taken; `code` is stable, `reason` says what to do."""

    def __init__(self, code: str, reason: Text) -> None:
        super().__init__(reason.en)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` is the field in the API, `title` the heading, `choices` the labels by code."""

    name: str
    title: Text
    kind: Kind = "text"
    required: bool = False
    example: str = ""
    choices: Mapping[str, Text] = field(default_factory=dict)
    longest: int = 2000

    def __post_init__(self) -> None:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"column {self.name}: choices belong to kind choice")

    def headings(self) -> set[str]:
        """All spellings of the heading that are recognised, in their compared form."""
        return {heading_form(text) for text in (self.name, self.title.zh, self.title.en) if text}

    def value(self, cell: Cell) -> Value:
        """The value as the API takes it in JSON; None for an empty cell; CellError when it cannot be one.

        Money comes as the wire string `"123.40"`, a date as `"2024-03-01"`, a choice as its code.
        """
        if isinstance(cell, str):
            cell = normalise(PROTECTED.sub("", cell))
            if "\x00" in cell:  # PostgreSQL cannot hold it
                raise CellError("nul_character", Text(zh="含有空字符（U+0000）", en="The cell holds U+0000"))
        if cell is None or cell == "":
            if self.required:
                raise CellError("required", Text(zh="必填项为空", en="The cell is required"))
            return None
        return _TAKE[self.kind](self, cell)


def heading_form(text: str) -> str:
    """A heading as it is compared: half-width, lower case, without blanks and the star of required ones."""
    return re.sub(r"[\s_]+", "", normalise_code(text).rstrip("*")).casefold()


def _text(column: Column, cell: Cell) -> str:
    if isinstance(cell, bool):
        text = "是" if cell else "否"
    elif isinstance(cell, float | int):
        text = _plain_number(cell)
    elif isinstance(cell, dt.datetime) and cell.time() == dt.time():
        text = cell.date().isoformat()
    else:
        text = cell if isinstance(cell, str) else str(cell)
    if len(text) > column.longest:
        raise CellError(
            "too_long",
            Text(zh=f"超过{column.longest}个字符", en=f"Longer than {column.longest} characters"),
        )
    return text


def _plain_number(cell: float) -> str:
    if abs(cell) >= _EXACT:
        raise CellError(
            "digits_lost",
            Text(
                zh="Excel已将该编码当作数字并丢失末位，请将单元格设为文本后重新填写",
                en="Excel turned this into a number and lost its last digits: format the cell as text",
            ),
        )
    return str(int(cell)) if cell == int(cell) else repr(cell)


def _code(column: Column, cell: Cell) -> str:
    return normalise_code(_text(column, cell))


def _decimal(cell: Cell) -> Decimal:
    try:
        if isinstance(cell, bool) or not isinstance(cell, str | int | float):
            raise InvalidOperation  # noqa: TRY301 one answer for all that is no number
        number = Decimal(normalise_code(cell).replace(",", "") if isinstance(cell, str) else repr(cell))
    except InvalidOperation:
        raise CellError("not_a_number", Text(zh="应为数字", en="Not a number")) from None
    if not number.is_finite() or abs(number) >= _INTEGERS:
        raise CellError("not_a_number", Text(zh="数字超出范围", en="The number is out of range"))
    return number


def _integer(_column: Column, cell: Cell) -> int:
    number = _decimal(cell)
    if number != number.to_integral_value():
        raise CellError("not_an_integer", Text(zh="应为整数", en="Not a whole number"))
    return int(number)


def _number(_column: Column, cell: Cell) -> float:
    return float(_decimal(cell))


def _money(_column: Column, cell: Cell) -> str:
    number = _decimal(cell) * 100
    # A sum in a worksheet is a binary fraction: 0.1 + 0.2 is 0.30000000000000004 and means 0.30.
    fen = round(number)
    if abs(number - fen) > Decimal("0.000001"):
        raise CellError(
            "money_format", Text(zh="金额最多两位小数", en="An amount has two decimal places at most")
        )
    if not money.SMALLEST <= fen <= money.LARGEST:
        raise CellError("money_format", Text(zh="金额超出范围", en="The amount is out of range"))
    return money.format(fen)


def _date(_column: Column, cell: Cell) -> str:
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    text = _MIDNIGHT.sub(
        "", normalise_code(_plain_number(cell) if isinstance(cell, int | float) else str(cell))
    )
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)  # noqa: TRY301 one answer for all that is no date
        year, month, day = (int(part) for part in match.groups() if part is not None)
        return dt.date(year, month, day).isoformat()
    except ValueError:
        raise CellError(
            "not_a_date", Text(zh="应为日期，如2024-03-01", en="Not a date such as 2024-03-01")
        ) from None


def _boolean(_column: Column, cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    text = (_plain_number(cell) if isinstance(cell, int | float) else str(cell)).casefold()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise CellError("not_a_boolean", Text(zh="应为“是”或“否”", en="Yes or no is needed"))


def _choice(column: Column, cell: Cell) -> str:
    wanted = heading_form(_text(column, cell))
    for code, label in column.choices.items():
        if wanted in {heading_form(code), heading_form(label.zh), heading_form(label.en)}:
            return code
    raise CellError(
        "not_a_choice",
        Text(
            zh="应为：" + "、".join(label.zh for label in column.choices.values()),
            en="One of: " + ", ".join(label.en for label in column.choices.values()),
        ),
    )


def _list(column: Column, cell: Cell) -> list[str]:
    return [part for part in map(normalise, _BETWEEN.split(_text(column, cell))) if part]


_TAKE: Final[Mapping[Kind, Callable[[Column, Cell], Value]]] = {
    "text": _text,
    "code": _code,
    "integer": _integer,
    "number": _number,
    "money": _money,
    "date": _date,
    "boolean": _boolean,
    "choice": _choice,
    "list": _list,
}
