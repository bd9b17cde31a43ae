"""Writing tables in constant memory: exports, import templates, reports of bad rows.

A text that begins like a formula is run by a spreadsheet when a CSV file is opened (OWASP: CSV injection),
so it gets a leading apostrophe, which `columns` takes off again on reading. In XLSX texts are stored as
texts and need no such care.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

import orjson
import xlsxwriter

from kechuang.clock import SHANGHAI
from kechuang.spreadsheets.columns import PROTECTED, Column
from kechuang.spreadsheets.reading import RowError
from kechuang.text import Language, Text

BOM: Final = b"\xef\xbb\xbf"
_FLUSH_AT: Final = 64 * 1024
_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_LONGEST_CELL: Final = 32_767
_WIDTHS: Final = (10, 40)


def safe_text(text: str) -> str:
    """`text`, with an apostrophe before it where a spreadsheet would run it; plain numbers stay."""
    if (_FORMULA.match(text) and _NUMBER.fullmatch(text) is None) or PROTECTED.match(text):
        return f"'{text}"
    return text


def write_csv(
    columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], language: Language = "zh"
) -> Iterator[bytes]:
    """Chunks of a CSV file in UTF-8 with BOM, so that Excel reads Chinese; values by column name."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe_text(column.title.in_(language)) for column in columns])
    yield BOM
    for row in rows:
        writer.writerow([safe_text(_shown(column, row.get(column.name), language)) for column in columns])
        if buffer.tell() >= _FLUSH_AT:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_ndjson(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """One JSON object a line."""
    for row in rows:
        yield orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def write_xlsx(
    file: BinaryIO,
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, Any]],
    *,
    sheet: str = "数据",
    language: Language = "zh",
    watermark: str = "",
) -> None:
    """Write one sheet to a seekable `file`; rows are kept on disk while it is written.

    `watermark` stands in the page footer, such as who exported it and when.
    """
    with _workbook(file) as book:
        page = book.add_worksheet(_sheet_name(sheet))
        _heading(book, page, columns, language, mark_required=False)
        if watermark:
            page.set_footer(f"&L{watermark.replace('&', '&&')}&R&P / &N")
        plain = book.add_format({"num_format": "@"})
        for number, row in enumerate(rows, start=1):
            for place, column in enumerate(columns):
                value = row.get(column.name)
                if column.kind in {"integer", "number"} and isinstance(value, int | float) and _exact(value):
                    page.write_number(number, place, value)
                elif value is not None:
                    page.write_string(number, place, _shown(column, value, language)[:_LONGEST_CELL], plain)


def csv_template(columns: Sequence[Column], language: Language = "zh") -> bytes:
    """An import template: the heading, and an example row that reading leaves out because of its `#`."""
    examples = [column.example for column in columns]
    examples[0] = f"#{examples[0]}"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_marked(column, language) for column in columns])
    writer.writerow([safe_text(example) for example in examples])
    return BOM + buffer.getvalue().encode()


def xlsx_template(file: BinaryIO, columns: Sequence[Column], language: Language = "zh") -> None:
    """An import template: a sheet to fill in, formatted as text so that codes survive, and one that explains."""
    with _workbook(file) as book:
        page = book.add_worksheet(_sheet_name(Text(zh="填报", en="Data").in_(language)))
        plain = book.add_format({"num_format": "@"})
        for place in range(len(columns)):
            page.set_column(place, place, 20, plain)
        _heading(book, page, columns, language, mark_required=True)
        for place, column in enumerate(columns):
            labels = [label.in_(language) for label in column.choices.values()]
            # Excel takes a list of at most 255 characters.
            if labels and len(",".join(labels)) <= 255 and not any("," in label for label in labels):  # noqa: PLR2004
                page.data_validation(1, place, 10_000, place, {"validate": "list", "source": labels})
        notes = book.add_worksheet(_sheet_name(Text(zh="说明", en="Notes").in_(language)))
        titles = Text(zh="列,必填,类型,可选值,示例", en="Column,Required,Kind,Choices,Example").in_(language)
        for place, title in enumerate(titles.split(",")):
            notes.write_string(0, place, title)
        for number, column in enumerate(columns, start=1):
            choices = "、".join(label.in_(language) for label in column.choices.values())
            required = Text(zh="是", en="yes").in_(language) if column.required else ""
            kind = _KINDS[column.kind].in_(language)
            for place, text in enumerate(
                (column.title.in_(language), required, kind, choices, column.example)
            ):
                notes.write_string(number, place, text)


REPORT: Final = (
    Column("line", Text(zh="行号", en="Line"), kind="integer"),
    Column("column", Text(zh="列", en="Column")),
    Column("code", Text(zh="代码", en="Code")),
    Column("reason", Text(zh="原因", en="Reason")),
)
"""The columns of a report of bad rows, for `write_csv` and `write_xlsx`."""


def report_rows(errors: Iterable[RowError], language: Language = "zh") -> Iterator[dict[str, Any]]:
    """Bad cells as rows of a report with the columns `REPORT`."""
    for error in errors:
        yield {
            "line": error.line,
            "column": error.column,
            "code": error.code,
            "reason": error.reason.in_(language),
        }


_KINDS: Final = {
    "text": Text(zh="文本", en="text"),
    "code": Text(zh="编码", en="code"),
    "integer": Text(zh="整数", en="whole number"),
    "number": Text(zh="数字", en="number"),
    "money": Text(zh="金额（元）", en="amount in yuan"),
    "date": Text(zh="日期（年-月-日）", en="date (year-month-day)"),
    "boolean": Text(zh="是/否", en="yes/no"),
    "choice": Text(zh="选项", en="choice"),
    "list": Text(zh="多个值，以分号隔开", en="several values, separated by semicolons"),
}


def _workbook(file: BinaryIO) -> Any:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    return xlsxwriter.Workbook(file, options)


def _heading(
    book: Any, page: Any, columns: Sequence[Column], language: Language, *, mark_required: bool
) -> None:
    bold = book.add_format({"bold": True, "num_format": "@"})
    page.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        title = _marked(column, language) if mark_required else column.title.in_(language)
        if not mark_required:
            page.set_column(place, place, min(_WIDTHS[1], max(_WIDTHS[0], 2 * len(title) + 2)))
        page.write_string(0, place, title, bold)


def _marked(column: Column, language: Language) -> str:
    return f"{column.title.in_(language)}{'*' if column.required else ''}"


def _exact(value: float) -> bool:
    return abs(value) < 10**15  # Excel keeps 15 digits


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:31] or "Sheet"


def _shown(column: Column, value: Any, language: Language) -> str:
    if column.choices and isinstance(value, str) and value in column.choices:
        return column.choices[value].in_(language)
    match value:
        case None:
            text = ""
        case bool():
            text = (Text(zh="是", en="yes") if value else Text(zh="否", en="no")).in_(language)
        case datetime():
            text = value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            text = value.isoformat()
        case list() | tuple():
            text = Text(zh="；", en="; ").in_(language).join(_shown(column, each, language) for each in value)
        case str() | int() | float() | Decimal():
            text = str(value)
        case _:
            raise TypeError(f"column {column.name}: a {type(value).__name__} does not go into a table")
    return text
