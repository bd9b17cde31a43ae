"""Imports and files over HTTP: rows that are wrong are named, bombs are refused, files follow their record."""

import io
import zipfile
from typing import Any

import pytest

from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness

USCC = "91441704MA0TEAT01T"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def mine(notes: ServiceHarness) -> Client:
    return notes.client(roles=["enterprise_clerk"], organisation=USCC)


async def imported(
    notes: ServiceHarness, mine: Client, content: bytes, media: str, **params: str
) -> dict[str, Any]:
    answer = await mine.http.post(
        "/api/v1/notes/imports", content=content, params=params,
        headers={"Content-Type": media, "Idempotency-Key": f"import-{hash((content, *params.values()))}"},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    runner = JobRunner(notes.database)
    while await runner.step():
        pass
    return await mine.read(f"jobs/{answer.json()['id']}")


class TestImport:
    async def test_good_rows_are_taken_and_bad_ones_reported_by_line_and_column(
        self, notes: ServiceHarness, mine: Client
    ) -> None:
        table = "标题,金额\n甲方案,12.50\n,3.00\n乙方案,很多\n丙方案,\n".encode("gb18030")
        job = await imported(notes, mine, table, "text/csv")
        assert (job["state"], job["result"]) == ("succeeded", {"rows": 4, "created": 2, "refused": 2})
        report = await mine.get(f"jobs/{job['id']}/report")
        lines = report.content.decode("utf-8-sig").splitlines()[1:]
        assert [line.split(",")[0] for line in lines] == ["3", "4"]
        titles = {each["title"] for each in (await mine.read("notes"))["items"]}
        assert {"甲方案", "丙方案"} <= titles

    async def test_all_or_nothing_leaves_nothing_when_one_row_is_bad(
        self, notes: ServiceHarness, mine: Client
    ) -> None:
        table = "title,amount\n只要有错,1.00\n就全不要,错\n".encode()
        job = await imported(notes, mine, table, "text/csv", mode="all_or_nothing")
        assert job["result"] == {"rows": 2, "not_taken": 1, "refused": 1}
        assert "只要有错" not in {each["title"] for each in (await mine.read("notes"))["items"]}

    async def test_the_template_can_be_filled_and_sent_back(
        self, notes: ServiceHarness, mine: Client
    ) -> None:
        template = await mine.get("notes/imports/template", params={"format": "csv"})
        filled = template.content + "模板里填的,8.00\r\n".encode()
        job = await imported(notes, mine, filled, "text/csv", on_match="skip")
        assert job["result"]["created"] == 1

    async def test_a_zip_bomb_is_refused_before_it_is_unpacked(self, mine: Client) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("[Content_Types].xml", "<Types/>")
            bomb.writestr("xl/workbook.xml", "<workbook/>")
            bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
        assert len(buffer.getvalue()) < 100_000
        answer = await mine.http.post(
            "/api/v1/notes/imports",
            content=buffer.getvalue(),
            headers={"Content-Type": XLSX, "Idempotency-Key": "bomb"},
        )
        assert answer.status_code in (413, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_another_media_type_is_415(self, mine: Client) -> None:
        answer = await mine.http.post(
            "/api/v1/notes/imports",
            content=b"%PDF-1.7",
            headers={"Content-Type": "application/pdf", "Idempotency-Key": "p"},
        )
        assert answer.status_code == 415

    async def test_somebody_elses_job_is_absent(self, notes: ServiceHarness, mine: Client) -> None:
        job = await imported(notes, mine, b"title\n1\n", "text/csv")
        other = notes.client(roles=["enterprise_clerk"], organisation=USCC, subject="another-clerk")
        assert (await other.get(f"jobs/{job['id']}")).status_code == 404


class TestFiles:
    async def test_a_file_goes_in_and_comes_out_in_parts_and_for_its_uploader_alone(
        self, notes: ServiceHarness, mine: Client
    ) -> None:
        content = "这是一份说明。".encode() * 10
        answer = await mine.http.post(
            "/api/v1/files", params={"for": "notes", "name": "说明.txt"}, content=content,
            headers={"Content-Type": "text/plain"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        file = answer.json()
        assert file["id"].startswith("ty_")
        whole = await mine.get(f"files/{file['id']}/content")
        part = await mine.get(f"files/{file['id']}/content", headers={"Range": "bytes=0-5"})
        assert whole.content == content
        assert (part.status_code, part.content) == (206, content[:6])
        other = notes.client(roles=["enterprise_clerk"], organisation=USCC, subject="another-clerk")
        assert (await other.get(f"files/{file['id']}")).status_code == 404

    async def test_a_program_in_the_guise_of_a_text_is_refused(self, mine: Client) -> None:
        answer = await mine.http.post(
            "/api/v1/files", params={"for": "notes", "name": "a.pdf"}, content=b"MZ\x90\x00",
            headers={"Content-Type": "application/pdf"},
        )  # fmt: skip
        assert answer.status_code == 415


class TestUploads:
    async def test_the_same_key_with_another_table_is_told_apart(self, mine: Client) -> None:
        async def send(content: bytes) -> Any:
            headers = {"Content-Type": "text/csv", "Idempotency-Key": "one-key-two-tables"}
            return await mine.http.post("/api/v1/notes/imports", content=content, headers=headers)

        first = await send(b"title\nfirst\n")
        assert (first.status_code, (await send(b"title\nfirst\n")).json()) == (202, first.json())
        other = await send(b"title\nother\n")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    async def test_a_table_that_does_not_stay_in_memory_is_taken_whole(
        self, mine: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kechuang.http.uploads._IN_MEMORY", 1000)
        rows = "".join(f"第{number}条,1.00\n" for number in range(2_100))
        content = f"标题,金额\n{rows}".encode()
        answer = await mine.http.post(
            "/api/v1/notes/imports", content=content, headers={"Content-Type": "text/csv", "Idempotency-Key": "big"}
        )  # fmt: skip
        assert (answer.status_code, answer.json()["chunks"]) == (202, 11)
        await mine.post(f"jobs/{answer.json()['id']}/cancel")

    async def test_ndjson_that_nobody_could_keep_is_refused(self, mine: Client) -> None:
        for content in (b'{"title": "a\\u0000b"}\n', b'{"title": "\xff"}\n'):
            answer = await mine.http.post(
                "/api/v1/notes/imports", content=content,
                headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": f"n{hash(content)}"},
            )  # fmt: skip
            assert answer.status_code in (400, 422)
