"""A list as one file: the list's rows and nothing else, in constant memory, and it is known who took them."""

import asyncio
import csv
import io
import json
import tracemalloc
import zipfile
from hashlib import sha256
from random import Random
from typing import IO, Any

import httpx
import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.db.tables import audit
from kechuang.http import export
from kechuang.ids import new_id
from kechuang.testing import Client, ServiceHarness

OTHER = "91360404MA0TEAT01G"
FORMULA = '=HYPERLINK("http://attacker.example")'


@pytest.fixture
def own(request: pytest.FixtureRequest) -> str:
    """An organisation for this test alone."""
    return synthetic_uscc(Random(request.node.name))


def clerk(notes: ServiceHarness, organisation: str) -> Client:
    return notes.client(roles=["enterprise_clerk"], organisation=organisation)


def county(notes: ServiceHarness) -> Client:
    return notes.client(roles=["county_officer"], areas=["440703"], subject="county-export")


async def taken(client: Client, **params: Any) -> httpx.Response:
    answer = await client.get("notes/export", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def table(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.fixture(scope="session")
async def many(notes: ServiceHarness) -> str:
    """An organisation with 10,000 notes."""
    owner = synthetic_uscc(Random("many"))
    table_ = notes.service.resource("notes").table
    async with notes.unit() as uow:
        for start in range(0, 10_000, 1000):
            await uow.execute(
                sa.insert(table_),
                [
                    {
                        "id": new_id(), "state": "draft", "version": 1, "organisation": owner,
                        "sight": [f"owner:{owner}"], "created_at": uow.now, "updated_at": uow.now,
                        "title": f"便条{start + number}" + "长" * 200, "search": f"'便条' '{start + number}'",
                    }
                    for number in range(1000)
                ],
            )  # fmt: skip
    return owner


class TestFormats:
    async def test_csv_is_for_excel_with_chinese_headings_and_no_formula(
        self, notes: ServiceHarness, own: str
    ) -> None:
        made = await clerk(notes, own).make(
            "notes", {"title": FORMULA, "amount": "1200.00", "due_on": "2024-03-01"}
        )
        answer = await taken(clerk(notes, own))
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert "filename*=UTF-8''%E4%BE%BF%E6%9D%A1-" in answer.headers["content-disposition"]
        [row] = table(answer)
        assert list(row)[:3] == ["编号", "状态", "标题"]
        assert (row["编号"], row["状态"], row["金额"]) == (made["number"], "草稿", "1200.00")
        assert row["标题"] == f"'{FORMULA}"
        english = await clerk(notes, own).get("notes/export", headers={"Accept-Language": "en"})
        assert table(english)[0]["State"] == "Draft"

    async def test_xlsx_holds_texts_as_texts(self, notes: ServiceHarness, own: str) -> None:
        await clerk(notes, own).make("notes", {"title": FORMULA})
        answer = await taken(clerk(notes, own), format="xlsx")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
        [heading, row] = (
            CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        )
        assert row[heading.index("标题")] == FORMULA

    async def test_ndjson_is_what_the_list_shows(self, notes: ServiceHarness, own: str) -> None:
        for number in range(3):
            await clerk(notes, own).make("notes", {"title": f"便条{number}", "secret": "密"})
        answer = await taken(clerk(notes, own), format="ndjson", sort="number")
        lines = [json.loads(each) for each in answer.content.splitlines()]
        assert lines == (await clerk(notes, own).read("notes", sort="number"))["items"]
        assert answer.headers["x-rows"] == "3"

    async def test_an_empty_list_is_a_table_with_headings(self, notes: ServiceHarness, own: str) -> None:
        assert table(await taken(clerk(notes, own))) == []
        assert (await taken(clerk(notes, own), format="ndjson")).content == b""
        assert (await clerk(notes, own).get("notes/export", params={"format": "pdf"})).status_code == 422


class TestSight:
    async def test_nobody_takes_what_the_list_does_not_show_them(
        self, notes: ServiceHarness, own: str
    ) -> None:
        await clerk(notes, own).make("notes", {"title": "未提交"})
        await clerk(notes, OTHER).make("notes", {"title": "他人的"})
        mine = table(await taken(clerk(notes, own)))
        assert [each["标题"] for each in mine] == ["未提交"]
        assert table(await taken(clerk(notes, own), organisation=OTHER)) == []
        assert table(await taken(county(notes), organisation=own)) == []

    async def test_filters_are_the_lists(self, notes: ServiceHarness, own: str) -> None:
        for title in ("甲", "乙"):
            await clerk(notes, own).make("notes", {"title": title})
        assert [each["标题"] for each in table(await taken(clerk(notes, own), q="乙"))] == ["乙"]
        assert (await clerk(notes, own).get("notes/export", params={"limit": 5})).status_code == 422

    async def test_what_is_masked_in_the_answer_is_masked_in_the_file(
        self, notes: ServiceHarness, own: str
    ) -> None:
        made = await clerk(notes, own).make("notes", {"title": "便条", "secret": "保密标记"})
        await clerk(notes, own).do(f"notes/{made['id']}", "submit")
        for form in ("csv", "ndjson"):
            assert "保密标记" in (await taken(clerk(notes, own), format=form)).text
            told = await taken(county(notes), format=form, organisation=own)
            assert made["number"] in told.text
            assert "保密标记" not in told.text

    async def test_a_role_that_may_read_but_not_export_is_refused(self, notes: ServiceHarness) -> None:
        approver = notes.client(roles=["city_approver"], areas=["440700"])
        assert (await approver.get("notes")).status_code == 200
        refused = await approver.get("notes/export")
        assert (refused.status_code, refused.json()["action"]) == (403, "notes:export")
        assert (await notes.client().get("notes/export")).status_code == 401


class TestAudit:
    async def test_it_is_known_who_took_what(self, notes: ServiceHarness, own: str) -> None:
        await clerk(notes, own).make("notes", {"title": "王某某"})
        answer = await taken(clerk(notes, own), format="ndjson", q="王某某", state="draft")
        async with notes.database.read.connect() as conn:
            rows = await conn.execute(
                sa.select(audit).where(audit.c.action == "notes:export", audit.c.organisation == own)
            )
            [row] = rows.all()
        assert (row.resource, row.outcome) == ("notes", "done")
        assert row.digest == sha256(answer.content).hexdigest()
        assert "ndjson, 1 rows" in row.reason
        assert "state=draft" in row.reason
        assert "王某某" not in row.reason


class TestSize:
    @pytest.mark.parametrize("form", ["csv", "xlsx", "ndjson"])
    async def test_ten_thousand_rows_take_no_more_memory_than_a_thousand(
        self, notes: ServiceHarness, many: str, form: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        measure, peaks = export._measure, []

        def written(file: IO[bytes]) -> tuple[int, str]:
            peaks.append(tracemalloc.get_traced_memory()[1])
            return measure(file)

        async def peak(expected: int, **asked: Any) -> int:
            """The most that was held until the file was whole; what a test's client holds comes after."""
            tracemalloc.start()
            try:
                answer = await taken(clerk(notes, many), format=form, **asked)
            finally:
                tracemalloc.stop()
            assert answer.headers["x-rows"] == str(expected)
            assert len(answer.content) == int(answer.headers["content-length"])
            return peaks.pop()

        monkeypatch.setattr(export, "_measure", written)
        await peak(1, q="便条9999")
        few = await peak(1111, q="便条9")
        assert await peak(10_000) < few + 1_000_000

    async def test_more_than_the_slots_wait_for_each_other(self, notes: ServiceHarness, many: str) -> None:
        answers = await asyncio.gather(
            *(taken(clerk(notes, many), q="便条99") for _ in range(3 * export.AT_ONCE))
        )
        assert {each.headers["x-rows"] for each in answers} == {"111"}

    async def test_more_rows_than_a_sheet_holds_are_refused_and_leave_nothing_open(
        self, notes: ServiceHarness, many: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "SHEET_ROWS", 50)
        refused = await clerk(notes, many).get("notes/export", params={"format": "xlsx"})
        assert (refused.status_code, refused.json()["code"]) == (413, "too_many_rows")
        assert (await taken(clerk(notes, many), q="便条99")).headers["x-rows"] == "111"

    async def test_who_waits_too_long_is_told_to_come_again(
        self, notes: ServiceHarness, many: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export, "PATIENCE_SECONDS", 0)
        answers = await asyncio.gather(
            *(clerk(notes, many).get("notes/export") for _ in range(2 * export.AT_ONCE))
        )
        busy = [each for each in answers if each.status_code == 503]
        assert {each.json()["code"] for each in busy} == {"export_busy"}
        assert sum(each.status_code == 200 for each in answers) >= 1
