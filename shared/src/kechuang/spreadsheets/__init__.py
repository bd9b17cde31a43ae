"""Tables that people keep in Excel: reading CSV, XLSX and NDJSON, writing exports, templates and reports."""

from kechuang.spreadsheets.columns import CellError, Column, Kind
from kechuang.spreadsheets.guard import WorkbookLimits, guard_workbook
from kechuang.spreadsheets.reading import Limits, Row, RowError, read_csv, read_ndjson, read_table, read_xlsx
from kechuang.spreadsheets.writing import (
    REPORT,
    csv_template,
    report_rows,
    safe_text,
    write_csv,
    write_ndjson,
    write_xlsx,
    xlsx_template,
)

__all__ = [
    "REPORT",
    "CellError",
    "Column",
    "Kind",
    "Limits",
    "Row",
    "RowError",
    "WorkbookLimits",
    "csv_template",
    "guard_workbook",
    "read_csv",
    "read_ndjson",
    "read_table",
    "read_xlsx",
    "report_rows",
    "safe_text",
    "write_csv",
    "write_ndjson",
    "write_xlsx",
    "xlsx_template",
]
