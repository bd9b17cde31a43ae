import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from kechuang.errors import Invalid, Refusal, TooLarge
from kechuang.personal import Secret
from kechuang.spreadsheets import (
    REPORT,
    Column,
    Limits,
    Row,
    WorkbookLimits,
    csv_template,
    guard_workbook,
    read_table,
    report_rows,
    safe_text,
    write_csv,
    write_ndjson,
    write_xlsx,
    xlsx_template,
)
from kechuang.text import Text

SIZES = {"small": Text(zh="小型", en="Small"), "medium": Text(zh="中型", en="Medium")}
COLUMNS = (
    Column("name", Text(zh="企业名称", en="Name"), required=True, example="江门市某某科技有限公司"),
    Column("uscc", Text(zh="统一社会信用代码", en="Credit code"), "code", example="91440703MA0TEAT010"),
    Column("staff", Text(zh="职工人数", en="Staff"), "integer", example="86"),
    Column("revenue", Text(zh="营业收入", en="Revenue"), "money", example="12345678.90"),
    Column("founded", Text(zh="成立日期", en="Founded on"), "date", example="2015-06-01"),
    Column("size", Text(zh="规模", en="Size"), "choice", choices=SIZES, example="小型"),
    Column("listed", Text(zh="是否上市", en="Listed"), "boolean", example="否"),
    Column("fields", Text(zh="技术领域", en="Fields"), "list", example="新材料；高端装备"),
    Column("ratio", Text(zh="研发占比", en="R&D share"), "number"),
)
GOOD: dict[str, Any] = {
    "name": "江门市某某科技有限公司",
    "uscc": "91440703MA0TEAT010",
    "staff": 86,
    "revenue": "12345678.90",
    "founded": "2015-06-01",
    "size": "small",
    "listed": False,
    "fields": ["新材料", "高端装备"],
    "ratio": 5.5,
}
CSV_HEAD = "企业名称*,统一社会信用代码,职工人数,营业收入,成立日期,规模,是否上市,技术领域,研发占比\r\n"
CSV_ROW = '江门市某某科技有限公司,91440703ma0teat010,86,"12,345,678.90",2015年6月1日,小型,否,新材料；高端装备,5.5\r\n'


def read_csv(
    data: bytes | str, columns: Sequence[Column] = COLUMNS, limits: Limits | None = None
) -> list[Row]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(read_table(io.BytesIO(raw), "csv", columns, limits))


def workbook(rows: Sequence[Sequence[Any]], **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, **options}) as book:
        page = book.add_worksheet("企业")
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                page.write(number, place, cell)
    file.seek(0)
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_csv_file_in_any_usual_encoding(encoding: str) -> None:
    (row,) = read_csv((CSV_HEAD + CSV_ROW).encode(encoding))
    assert row == Row(2, GOOD)


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_headings_in_english_by_field_name_in_any_order_and_with_any_delimiter(delimiter: str) -> None:
    table = (
        delimiter.join(["Credit Code", "name"]) + "\n" + delimiter.join(["91440703MA0TEAT010", "甲"]) + "\n"
    )
    (row,) = read_csv(table)
    assert row.values == {"uscc": "91440703MA0TEAT010", "name": "甲"}


def test_lines_are_those_that_an_editor_shows() -> None:
    rows = read_csv('企业名称,技术领域\n"第一\n家",新材料\n\n#示例,不导入\n第二家,生物\n')
    assert [(row.line, row.values["name"]) for row in rows] == [(2, "第一\n家"), (6, "第二家")]


def test_every_bad_cell_is_reported_with_line_column_and_reason() -> None:
    rows = read_csv(
        "企业名称,职工人数,营业收入,成立日期,规模,是否上市,研发占比\n"
        "甲,86,1.00,2015-06-01,中型,是,1\n"
        ",八十六,1.005,2015-02-30,巨型,也许,NaN,多余\n"
        "丙,8.5,99999999999999999999,x,small,y,1e400\n"
    )
    assert rows[0].errors == ()
    assert [(error.line, error.column, error.code) for error in rows[1].errors] == [
        (3, "企业名称", "required"),
        (3, "职工人数", "not_a_number"),
        (3, "营业收入", "money_format"),
        (3, "成立日期", "not_a_date"),
        (3, "规模", "not_a_choice"),
        (3, "是否上市", "not_a_boolean"),
        (3, "研发占比", "not_a_number"),
        (3, "", "extra_cells"),
    ]
    assert [error.code for error in rows[2].errors] == [
        "not_an_integer",
        "not_a_number",
        "not_a_date",
        "not_a_number",
    ]
    assert rows[1].errors[4].reason.zh == "应为：小型、中型"
    report = b"".join(write_csv(REPORT, report_rows(rows[1].errors[:1])))
    assert report.decode("utf-8-sig").splitlines() == ["行号,列,代码,原因", "3,企业名称,required,必填项为空"]


def test_a_nul_character_is_the_cells_error_and_not_the_files() -> None:
    raw = (CSV_HEAD + "江门\x00公司" + CSV_ROW[CSV_ROW.index(",") :] + CSV_ROW).encode()
    bad, good = read_table(io.BytesIO(raw), "csv", COLUMNS)
    assert [(each.column, each.code) for each in bad.errors] == [("企业名称", "nul_character")]
    assert good.values == GOOD


def test_wrong_headings_are_all_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        read_csv("企业名,职工人数,Staff\n甲,1,1\n")
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/columns/1", "unknown_column"),
        ("/columns/3", "double_column"),
        ("/columns/name", "missing_column"),
    ]


@pytest.mark.parametrize(
    ("data", "limits", "kind", "code"),
    [
        (b"", Limits(), Invalid, "table_empty"),
        (b"\xff\x00\xff", Limits(), Invalid, "table_encoding"),
        ('企业名称\n"甲"乙\n', Limits(), Invalid, "csv_broken"),
        ("企业名称\n甲\n乙\n", Limits(rows=1), TooLarge, "too_large"),
        ("企业名称\n" + "甲" * 200, Limits(line=100), TooLarge, "too_large"),
        ("企业名称\n甲\n", Limits(size=10), TooLarge, "too_large"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole(
    data: bytes | str, limits: Limits, kind: type[Refusal], code: str
) -> None:
    with pytest.raises(kind) as refused:
        read_csv(data, limits=limits)
    assert refused.value.code == code


def test_a_workbook_with_native_cells() -> None:
    file = workbook(
        [
            ["企业名称", "职工人数", "营业收入", "是否上市", "统一社会信用代码", "成立日期"],
            ["甲", 86, 0.1 + 0.2, True, 914407031, "2015/6/1"],
            [],
            ["乙", 8.5, -3, "否", 914407031922038216, 20150601],
        ]
    )
    first, second = read_table(file, "xlsx", COLUMNS)
    assert first == Row(
        2,
        {
            "name": "甲",
            "staff": 86,
            "revenue": "0.30",
            "listed": True,
            "uscc": "914407031",
            "founded": "2015-06-01",
        },
    )
    assert second.line == 4
    assert (second.values["revenue"], second.values["founded"]) == ("-3.00", "2015-06-01")
    assert [(error.column, error.code) for error in second.errors] == [
        ("职工人数", "not_an_integer"),
        ("统一社会信用代码", "digits_lost"),
    ]


def test_a_workbook_with_real_dates_that_begins_below_the_top() -> None:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "remove_timezone": True}) as book:
        book.add_worksheet("隐藏").hide()
        page = book.add_worksheet("企业")
        page.activate()
        page.set_first_sheet()
        page.write_row(2, 1, ["企业名称", "成立日期"])
        page.write_string(3, 1, "甲")
        page.write_datetime(
            3, 2, datetime(2015, 6, 1, tzinfo=UTC), book.add_format({"num_format": "yyyy-mm-dd"})
        )
    (row,) = read_table(file, "xlsx", COLUMNS)
    assert row == Row(4, {"name": "甲", "founded": "2015-06-01"})


def test_ndjson_takes_fields_by_name() -> None:
    data = b"".join(write_ndjson([GOOD])) + b'\n{"staff": 1, "staf": 2}\n[1]\nnonsense\n'
    rows = list(read_table(io.BytesIO(data), "ndjson", COLUMNS))
    assert rows[0] == Row(1, GOOD)
    assert {(error.line, error.column, error.code) for row in rows[1:] for error in row.errors} == {
        (3, "staf", "unknown_column"),
        (3, "name", "required"),
        (4, "", "not_json"),
        (5, "", "not_json"),
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_export_can_be_imported_again(language: Any) -> None:
    as_csv = b"".join(write_csv(COLUMNS, [GOOD], language))
    as_xlsx = io.BytesIO()
    write_xlsx(as_xlsx, COLUMNS, [GOOD], language=language, watermark="导出：某某 & 某某")
    assert as_csv.startswith(b"\xef\xbb\xbf")
    assert read_csv(as_csv)[0].values == GOOD
    assert [row.values for row in read_table(as_xlsx, "xlsx", COLUMNS)] == [GOOD]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_no_text_becomes_a_formula_and_none_is_changed_by_a_round_trip(text: str) -> None:
    written = safe_text(text)
    assert written.lstrip()[:1] not in {"=", "@", "＝"}
    column = Column("note", Text(zh="备注", en="Note"))
    assert column.value(written) == column.value(safe_text(str(column.value(text) or "")))


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1"])
def test_a_formula_is_disarmed_in_csv_and_a_text_in_xlsx(text: str) -> None:
    column = (Column("note", Text(zh="备注", en="Note")),)
    assert (
        b"".join(write_csv(column, [{"note": text}])).decode("utf-8-sig").split("\r\n")[1].strip('"')[0]
        == "'"
    )
    file = io.BytesIO()
    write_xlsx(file, column, [{"note": text}])
    with zipfile.ZipFile(file) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    assert safe_text("-123.40") == "-123.40"


def test_templates_import_as_nothing_and_explain_themselves() -> None:
    assert read_csv(csv_template(COLUMNS)) == []
    assert csv_template(COLUMNS).decode("utf-8-sig").startswith("企业名称*,")
    file = io.BytesIO()
    xlsx_template(file, COLUMNS)
    assert list(read_table(file, "xlsx", COLUMNS)) == []
    file.seek(0)
    notes = CalamineWorkbook.from_filelike(file).get_sheet_by_name("说明").to_python()
    assert notes[6] == ["规模", "", "选项", "小型、中型", "小型"]


def test_values_are_shown_as_people_read_them_and_secrets_never() -> None:
    columns = (Column("at", Text(zh="时间", en="At")), Column("on", Text(zh="日期", en="On")))
    row = {"at": datetime(2024, 2, 29, 17, tzinfo=UTC), "on": date(2024, 3, 1)}
    assert (
        b"".join(write_csv(columns, [row])).decode("utf-8-sig").split("\r\n")[1]
        == "2024-03-01 01:00:00,2024-03-01"
    )
    with pytest.raises(TypeError):
        b"".join(write_csv(columns, [{"at": Secret("13800005678")}]))


def test_a_long_export_comes_in_chunks() -> None:
    chunks = list(write_csv(COLUMNS, (GOOD for _ in range(3000))))
    assert len(chunks) > 3
    assert len(read_csv(b"".join(chunks))) == 3000


class TestGuard:
    """What a hostile workbook tries."""

    def refused(self, file: io.BytesIO, limits: WorkbookLimits | None = None) -> str:
        with pytest.raises(Invalid) as refusal:
            guard_workbook(file, limits)
        return refusal.value.code

    def with_entry(self, name: str, data: bytes) -> io.BytesIO:
        file = workbook([["企业名称"]])
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        return file

    def test_a_plain_workbook_passes_and_is_left_at_its_beginning(self) -> None:
        file = workbook([["企业名称"], ["甲"]])
        guard_workbook(file)
        assert file.tell() == 0

    def test_no_zip(self) -> None:
        assert self.refused(io.BytesIO(b"PK\x03\x04 nothing")) == "workbook_broken"
        assert self.refused(io.BytesIO(b"")) == "workbook_broken"

    def test_a_bomb(self) -> None:
        assert self.refused(self.with_entry("xl/a.xml", bytes(40 << 20))) == "workbook_too_large"

    def test_a_bomb_that_states_a_small_size(self) -> None:
        data = self.with_entry("xl/bomb.xml", b"<a>" + b"x" * 5_000_000).getvalue()
        stated, lie = (5_000_003).to_bytes(4, "little"), (1000).to_bytes(4, "little")
        assert stated in data
        assert self.refused(io.BytesIO(data.replace(stated, lie))) == "workbook_too_large"

    @pytest.mark.parametrize(
        "name",
        ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/a.bin", "../a", "/a"],
    )
    def test_active_content(self, name: str) -> None:
        assert self.refused(self.with_entry(name, b"x")) == "workbook_active_content"

    def test_a_document_type(self) -> None:
        entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
        assert self.refused(self.with_entry("xl/a.xml", entity)) == "workbook_active_content"

    def test_a_lone_far_cell(self) -> None:
        cell = b"<worksheet><sheetData><row><c r='XFD1048576'><v>1</v></c></row></sheetData></worksheet>"
        assert self.refused(self.with_entry("xl/other.xml", cell)) == "table_too_large"

    def test_a_text_that_is_named_a_million_times(self) -> None:
        file = workbook([["x" * 10_000] * 20] * 10)
        assert self.refused(file, WorkbookLimits(inflated=1_900_000)) == "workbook_too_large"
        guard_workbook(file, WorkbookLimits(inflated=2_200_000))

    def test_a_second_table_of_strings_that_would_hide_the_first(self) -> None:
        assert self.refused(self.with_entry("xl/decoy/SharedStrings.xml", b"<sst/>")) == "workbook_broken"

    def test_hidden_encodings_and_too_many_entries(self) -> None:
        assert self.refused(self.with_entry("xl/a.xml", "<a/>".encode("utf-16"))) == "workbook_broken"
        assert self.refused(workbook([["甲"]]), WorkbookLimits(entries=3)) == "workbook_too_large"
