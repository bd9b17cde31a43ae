"""Reading tables row by row; a bad row never stops the file, it is reported with line, column and reason."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Final, Literal

import orjson
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum, WorksheetNotFound

from kechuang.errors import FieldError, Invalid, TooLarge
from kechuang.spreadsheets.columns import Cell, CellError, Column, Value, heading_form
from kechuang.spreadsheets.guard import WorkbookLimits, guard_workbook
from kechuang.text import Text

Format = Literal["csv", "xlsx", "ndjson"]
_CHUNK: Final = 1 << 20
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS: Final = ",\t;"
_COMMENT: Final = "#"


@dataclass(frozen=True, slots=True)
class Limits:
    """Size in bytes, rows without the heading, characters of a line."""

    size: int = 50 << 20
    rows: int = 200_000
    line: int = 100_000


@dataclass(frozen=True, slots=True)
class RowError:
    """One bad cell, or a bad row (`column` empty). The cell's content is left out: it may be personal."""

    line: int
    column: str
    code: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, values by column name as the API takes them, and what is wrong."""

    line: int
    values: dict[str, Value]
    errors: tuple[RowError, ...] = ()


def read_table(
    file: BinaryIO, form: Format, columns: Sequence[Column], limits: Limits | None = None
) -> Iterator[Row]:
    """The rows of a CSV, XLSX or NDJSON file. `file` is seekable.

    What is wrong with the file as a whole (headings, encoding, size) is raised as errors.Invalid or TooLarge
    before or between rows. Empty rows, and rows whose first cell begins with `#`, are left out.
    """
    readers = {"csv": read_csv, "xlsx": read_xlsx, "ndjson": read_ndjson}
    return readers[form](file, columns, limits or Limits())


def read_csv(file: BinaryIO, columns: Sequence[Column], limits: Limits) -> Iterator[Row]:
    """Rows of a CSV file in UTF-8 (with or without BOM), GB18030 (so GBK and GB2312 too) or UTF-16."""
    _check_size(file, limits)
    encoding = _encoding(file)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first = text.readline(limits.line)
        text.seek(0)
        delimiter = max(_DELIMITERS, key=first.count)
        yield from _rows(_csv_lines(text, delimiter, limits), columns, limits)
    finally:
        text.detach()


def read_xlsx(file: BinaryIO, columns: Sequence[Column], limits: Limits) -> Iterator[Row]:
    """Rows of the first visible sheet of an XLSX workbook, after the guard has looked through it."""
    _check_size(file, limits)
    guard_workbook(file, WorkbookLimits(rows=limits.rows + 10))
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        visible = [
            sheet.name for sheet in workbook.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible
        ]
        sheet = workbook.get_sheet_by_name(visible[0])
    except (CalamineError, WorksheetNotFound, IndexError):
        raise _invalid(
            "workbook_broken", "文件不是有效的XLSX工作簿", "The file is not a valid XLSX workbook"
        ) from None
    try:
        # The parser holds the sheet's cells; Python's lists of them are made row by row.
        before: list[Cell] = [None] * (sheet.start[1] if sheet.start else 0)
        lines = ([*before, *cells] for cells in sheet.iter_rows())
        yield from _rows(enumerate(lines, start=1), columns, limits)
    finally:
        workbook.close()


def read_ndjson(file: BinaryIO, columns: Sequence[Column], limits: Limits) -> Iterator[Row]:
    """Rows of a file with one JSON object a line, keyed by column name; values are taken as they are."""
    _check_size(file, limits)
    known = {column.name: column for column in columns}
    count = 0
    for line, data in enumerate(iter(lambda: file.readline(limits.line + 1), b""), start=1):
        if len(data) > limits.line:
            raise TooLarge(Text(zh=f"第{line}行过长", en=f"Line {line} is too long"))
        if not data.strip():
            continue
        count += 1
        _check_count(count, limits)
        yield _json_row(line, data, known)


def _json_row(line: int, data: bytes, known: dict[str, Column]) -> Row:
    try:
        content: Any = orjson.loads(data)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        reason = Text(zh="该行不是JSON对象", en="The line is not a JSON object")
        return Row(line, {}, (RowError(line, "", "not_json", reason),))
    errors = [
        RowError(line, str(name)[:100], "unknown_column", Text(zh="未知字段", en="Unknown field"))
        for name in content.keys() - known.keys()
    ]
    errors.extend(
        RowError(line, column.name, "required", Text(zh="必填项为空", en="The field is required"))
        for column in known.values()
        if column.required and content.get(column.name) in (None, "")
    )
    return Row(line, {name: content[name] for name in known if name in content}, tuple(errors))


def _rows(
    lines: Iterable[tuple[int, Sequence[Cell]]], columns: Sequence[Column], limits: Limits
) -> Iterator[Row]:
    filled = ((line, cells) for line, cells in lines if any(cell not in (None, "") for cell in cells))
    cared = (
        (line, cells)
        for line, cells in filled
        if not next(str(cell) for cell in cells if cell not in (None, "")).startswith(_COMMENT)
    )
    heading = next(cared, None)
    if heading is None:
        raise _invalid("table_empty", "文件中没有表头", "The file has no heading")
    order = _headings(heading[1], columns)
    for count, (line, cells) in enumerate(cared, start=1):
        _check_count(count, limits)
        yield _row(line, cells, order)


def _headings(cells: Sequence[Cell], columns: Sequence[Column]) -> list[Column | None]:
    by_heading = {heading: column for column in columns for heading in column.headings()}
    order: list[Column | None] = []
    errors: list[FieldError] = []

    def wrong(place: str, code: str, zh: str, en: str) -> None:
        errors.append(FieldError(f"/columns/{place}", code, Text(zh=zh, en=en)))

    for place, cell in enumerate(cells, start=1):
        title = str(cell or "").strip()
        column = by_heading.get(heading_form(title)) if title else None
        if title and column is None:
            wrong(str(place), "unknown_column", f"未知列“{title[:50]}”", f"Unknown column “{title[:50]}”")
        elif column is not None and column in order:
            wrong(str(place), "double_column", f"重复列“{title}”", f"Column “{title}” stands twice")
        order.append(column)
    for column in columns:
        if column.required and column not in order:
            zh, en = column.title.zh, column.title.en
            wrong(column.name, "missing_column", f"缺少必需列“{zh}”", f"Column “{en}” is missing")
    if errors:
        raise Invalid(Text(zh="表头有误", en="The heading is wrong"), code="table_heading", errors=errors)
    return order


def _row(line: int, cells: Sequence[Cell], order: Sequence[Column | None]) -> Row:
    values: dict[str, Value] = {}
    errors: list[RowError] = []
    for column, cell in zip(order, chain(cells, [None] * (len(order) - len(cells))), strict=False):
        if column is None:
            continue
        try:
            value = column.value(cell)
        except CellError as error:
            errors.append(RowError(line, column.title.zh, error.code, error.reason))
            continue
        if value is not None:
            values[column.name] = value
    if any(cell not in (None, "") for cell in cells[len(order) :]):
        reason = Text(zh="该行单元格多于表头", en="The row has more cells than the heading")
        errors.append(RowError(line, "", "extra_cells", reason))
    return Row(line, values, tuple(errors))


def _csv_lines(text: io.TextIOWrapper, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_bounded(text, limits), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        raise _invalid(
            "csv_broken", f"第{begins}行的引号有误", f"The quotes in line {begins} do not match"
        ) from None


def _bounded(text: io.TextIOWrapper, limits: Limits) -> Iterator[str]:
    while line := text.readline(limits.line + 1):
        if len(line) > limits.line:
            raise TooLarge(Text(zh="文件中有过长的行", en="The file has a line that is too long"))
        yield line


def _encoding(file: BinaryIO) -> str:
    """The encoding that the whole file decodes with; UTF-8 first, since GB18030 decodes most of anything."""
    start = file.read(2)
    for encoding in ("utf-16",) if start in _UTF16 else ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        file.seek(0)
        return encoding
    raise _invalid("table_encoding", "文件编码应为UTF-8或GB18030", "The file is neither UTF-8 nor GB18030")


def _check_size(file: BinaryIO, limits: Limits) -> None:
    if file.seek(0, io.SEEK_END) > limits.size:
        megabytes = limits.size >> 20
        raise TooLarge(Text(zh=f"文件超过{megabytes} MB", en=f"The file is larger than {megabytes} MB"))
    file.seek(0)


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.rows:
        raise TooLarge(
            Text(zh=f"超过{limits.rows}行，请分批导入", en=f"More than {limits.rows} rows: import in parts")
        )


def _invalid(code: str, zh: str, en: str) -> Invalid:
    return Invalid(Text(zh=zh, en=en), code=code)
