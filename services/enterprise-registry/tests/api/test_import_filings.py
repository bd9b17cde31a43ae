"""Lists of filings: what is taken, what is refused and how it is said, and what a killed worker leaves."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
import xlsxwriter
from er_story import ANNUAL, Cast, city, county, filed, integration, new_uscc, registered

from kechuang.ids import new_id
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = ("统一社会信用代码", "期别", "从业人员数", "科技人员数", "营业收入", "销售收入", "研发费用")
FORM = {"city": "440700", "form": "enterprise_annual"}
Cells = Sequence[object]


def line(uscc: str, period: object = "2023", **facts: object) -> list[object]:
    """The cells of one row."""
    return [uscc, period, *(ANNUAL | facts).values()]


def csv(rows: Sequence[Cells], headings: Sequence[str] = HEADINGS, encoding: str = "utf-8") -> bytes:
    return "".join(",".join(map(str, cells)) + "\n" for cells in (headings, *rows)).encode(encoding)


def xlsx(rows: Sequence[Cells]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    for number, cells in enumerate((HEADINGS, *rows)):
        for place, cell in enumerate(cells):
            sheet.write(number, place, cell)
    book.close()
    return buffer.getvalue()


async def send(who: Client, content: bytes, media: str = "text/csv", **asked: object) -> Any:
    """The answer to an upload."""
    return await who.http.post(
        "/api/v1/filings/imports", content=content, params={**FORM, **asked},
        headers={"Content-Type": media, "Idempotency-Key": new_id()},
    )  # fmt: skip


async def imported(
    er: ServiceHarness, who: Client, content: bytes, media: str = "text/csv", **asked: object
) -> dict[str, Any]:
    """A job that has run to its end."""
    answer = await send(who, content, media, **asked)
    assert answer.status_code == 202, answer.text
    runner = JobRunner(er.database)
    while await runner.step():
        pass
    job = await who.read(f"jobs/{answer.json()['id']}")
    assert job["state"] == "succeeded", job
    return job


async def report(who: Client, job: Mapping[str, Any], language: str = "zh-CN") -> list[list[str]]:
    """The lines of a job's report."""
    answer = await who.get(f"jobs/{job['id']}/report", headers={"Accept-Language": language})
    return [each.split(",", 3) for each in answer.content.decode("utf-8-sig").splitlines()[1:]]


async def only(cast: Cast) -> dict[str, Any]:
    """The one filing of an organisation."""
    found = (await cast.county.read("filings", organisation=cast.uscc))["items"]
    assert len(found) == 1
    return dict(found[0])


class TestTaking:
    @pytest.mark.parametrize("shape", ["csv", "gb18030", "xlsx"])
    async def test_rows_arrive_as_submitted_with_all_traces_of_single_ones(
        self, er: ServiceHarness, shape: str
    ) -> None:
        casts = [await registered(er) for _ in range(3)]
        rows = [line(each.uscc) for each in casts]
        content = xlsx(rows) if shape == "xlsx" else csv(rows, encoding="utf-8" if shape == "csv" else shape)
        job = await imported(er, county(er), content, XLSX if shape == "xlsx" else "text/csv")
        assert (job["result"], job["progress"]) == ({"rows": 3, "created": 3}, 1.0)
        made = await only(casts[0])
        assert (made["state"], made["facts"], made["receipt"]) == ("submitted", ANNUAL, None)
        history = (await casts[0].county.read(f"filings/{made['id']}/history"))["items"]
        assert [each["verb"] for each in history] == ["import"]
        opened = [e["data"] for e in await er.events("work-item.opened") if e["data"]["record"] == made["id"]]
        assert [(each["verb"], each["number"]) for each in opened] == [("verify", made["number"])]
        async with er.database.read.connect() as conn:
            audited = sa.text("SELECT action FROM audit WHERE record_id = :id")
            assert list((await conn.execute(audited, {"id": made["id"]})).scalars()) == ["filings:import"]
        changes = await casts[0].signatory.read("filings/changes")
        assert made["id"] in {each["id"] for each in changes["items"]} or await _sealed(er, casts[0], made)

    async def test_an_imported_filing_is_verified_by_somebody_else_than_who_imported_it(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        await imported(er, cast.county, csv([line(cast.uscc)]))
        made = await only(cast)
        tag = (await cast.county.get(f"filings/{made['id']}")).headers["etag"]
        refused = await cast.county.post(f"filings/{made['id']}/verify", {}, headers={"If-Match": tag})
        assert refused.json()["code"] == "handler_does_not_decide"
        assert (await cast.city.do(f"filings/{made['id']}", "verify"))["state"] == "verified"

    async def test_figures_accepted_elsewhere_arrive_verified_for_officers_alone(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        refused = await send(integration(er), csv([line(cast.uscc)]), accepted=True)
        assert (refused.status_code, refused.json()["action"]) == (403, "filings:receive")
        year = er.database.clock.today().year - 1
        await imported(er, cast.county, csv([line(cast.uscc, year)]), accepted=True)
        made = await only(cast)
        assert made["state"] == "verified"
        told = [e["data"] for e in await er.events("verified") if e["subject"] == made["id"]]
        assert [each["period"] for each in told] == [str(year)]
        firm = await cast.county.read(f"organisations/{cast.organisation['id']}")
        assert (firm["scale"], firm["scale_source"]) == ("small", "computed")

    async def test_the_template_names_the_forms_fields_and_can_be_sent_back(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        template = await cast.county.get("filings/imports/template", params={**FORM, "format": "csv"})
        heading = template.content.decode("utf-8-sig").splitlines()[0]
        assert heading.startswith("统一社会信用代码")
        assert "研发费用" in heading
        assert (await send(cast.county, template.content)).status_code == 202

    async def test_ndjson_names_facts_one_by_one_or_carries_them_whole(self, er: ServiceHarness) -> None:
        one, two, three = await registered(er), await registered(er), await registered(er)
        single = {f"facts.{name}": value for name, value in ANNUAL.items()}
        rows: list[dict[str, Any]] = [
            {"organisation": one.uscc, "period": "2023", **single},
            {"organisation": two.uscc, "period": "2023", "facts": ANNUAL, "rd_projects": []},
            {"organisation": three.uscc, "period": "2023", "facts.employees": 5},
        ]
        body = b"".join(orjson.dumps(each) + b"\n" for each in rows)
        job = await imported(er, one.county, body, "application/x-ndjson")
        assert job["result"] == {"rows": 3, "created": 2, "refused": 1}
        assert (await only(one))["facts"] == (await only(two))["facts"] == ANNUAL
        missing = {(each[1], each[2]) for each in await report(one.county, job)}
        assert missing == {(f"facts/{name}", "missing") for name in ANNUAL if name != "employees"}

    async def test_a_window_that_asks_follows_at_once(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        now = er.database.clock.now()
        body = {
            "title": "2021年度填报", "form": "enterprise_annual", "period": "2021", "city": "440700",
            "opens_at": now.isoformat(), "due_at": (now + timedelta(days=3)).isoformat(),
            "roster": {"organisations": [cast.uscc]},
        }  # fmt: skip
        window = await cast.city.make("filing-windows", body)
        await er.fire_timers()
        await imported(er, cast.county, csv([line(cast.uscc, 2021)]))
        assert (await only(cast))["window"] == window["id"]
        entries = await cast.county.read(f"filing-windows/{window['id']}/roster")
        assert [each["state"] for each in entries["items"]] == ["filed"]


async def _sealed(er: ServiceHarness, cast: Cast, made: Mapping[str, Any]) -> bool:
    await er.seal()
    changes = await cast.signatory.read("filings/changes")
    return made["id"] in {each["id"] for each in changes["items"]}


class TestMatching:
    async def test_what_is_filed_already_is_refused_skipped_or_corrected(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        first = await filed(cast, 2023)
        other = csv([line(cast.uscc, employees=99)])
        refused = await imported(er, cast.county, other)
        assert refused["result"] == {"rows": 1, "refused": 1}
        assert (await report(cast.county, refused))[0][2] == "already_filed"
        skipped = await imported(er, cast.county, other, on_match="skip")
        assert skipped["result"] == {"rows": 1, "skipped": 1}
        corrected = await imported(er, cast.county, other, on_match="supersede")
        assert corrected["result"] == {"rows": 1, "superseded": 1}
        found = (await cast.county.read("filings", organisation=cast.uscc))["items"]
        assert {(each["state"], each["supersedes"]) for each in found} == {
            ("verified", None),
            ("submitted", first["id"]),
        }
        again = await imported(er, cast.county, other, on_match="supersede")
        assert (await report(cast.county, again))[0][2] == "correction_pending"

    async def test_the_same_figures_again_change_nothing(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        await filed(cast, 2023)
        job = await imported(er, cast.county, csv([line(cast.uscc)]), on_match="supersede")
        assert job["result"] == {"rows": 1, "skipped": 1}

    async def test_an_accepted_correction_supersedes_at_once(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        first = await filed(cast, 2023)
        await imported(
            er, cast.city, csv([line(cast.uscc, employees=99)]), on_match="supersede", accepted=True
        )
        assert (await cast.county.read(f"filings/{first['id']}"))["state"] == "superseded"

    @pytest.mark.parametrize(("on_match", "second"), [("reject", "refused"), ("skip", "skipped")])
    async def test_the_second_row_for_the_same_filing_meets_the_first(
        self, er: ServiceHarness, on_match: str, second: str
    ) -> None:
        cast = await registered(er)
        rows = [line(cast.uscc), line(cast.uscc, employees=130)]
        job = await imported(er, cast.county, csv(rows), on_match=on_match)
        assert job["result"] == {"rows": 2, "created": 1, second: 1}
        assert (await only(cast))["facts"]["employees"] == 120


class TestRefusing:
    async def test_wrong_headings_are_all_named_before_anything_is_taken(self, er: ServiceHarness) -> None:
        wrong = await send(county(er), csv([], headings=("单位", "期别", "期别", "从业人员数")))
        assert (wrong.status_code, wrong.json()["code"]) == (422, "table_heading")
        codes = {(each["pointer"], each["code"]) for each in wrong.json()["errors"]}
        assert {("/columns/1", "unknown_column"), ("/columns/3", "double_column")} <= codes
        assert ("/columns/facts.rd_expense", "missing_column") in codes

    async def test_each_bad_row_has_its_line_field_code_and_reason_in_both_languages(
        self, er: ServiceHarness
    ) -> None:
        good, near, raw = (
            await registered(er),
            await registered(er, division="440704"),
            await registered(er, active=False),
        )
        year = er.database.clock.today().year
        rows = [
            line(good.uscc),
            line(good.uscc, 2022, employees="很多"),
            line(good.uscc, 2022, st_staff=121),
            line(good.uscc, "2022Q1"),
            line(good.uscc, year),
            line(new_uscc()),
            line(near.uscc),
            line(raw.uscc),
            line("91440703MATE000L4Q"),
            line(good.uscc, 2022, employees=-1),
        ]
        job = await imported(er, good.county, csv(rows))
        assert job["result"] == {"rows": 10, "created": 1, "refused": 9}
        found = [(int(each[0]), each[1], each[2]) for each in await report(good.county, job)]
        assert found == [
            (3, "从业人员数", "not_a_number"),
            (4, "facts", "st_within_employees"),
            (5, "period", "period_format"),
            (6, "period", "period_not_over"),
            (7, "organisation", "organisation_unknown"),
            (8, "organisation", "organisation_unknown"),
            (9, "organisation", "organisation_not_active"),
            (10, "organisation", "uscc_check"),
            (11, "facts/employees", "minimum"),
            (11, "facts", "st_within_employees"),
        ]
        english = await report(good.county, job, "en")
        assert "cannot exceed employees" in english[1][3]

    async def test_another_countys_organisation_is_told_like_an_unknown_one(self, er: ServiceHarness) -> None:
        near = await registered(er, division="440704")
        mine = await imported(er, county(er), csv([line(near.uscc)]))
        unknown = await imported(er, county(er), csv([line(new_uscc())]))
        told = [(await report(county(er), each))[0][1:] for each in (mine, unknown)]
        assert told[0] == told[1]
        assert (await imported(er, city(er), csv([line(near.uscc)])))["result"]["created"] == 1

    async def test_a_row_with_hundreds_of_errors_reports_two_hundred(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        many = ", ".join(f'"x{n}": 1' for n in range(500))
        body = f'{{"organisation": "{cast.uscc}", "period": "2023", {many}}}\n'.encode()
        job = await imported(er, cast.county, body, "application/x-ndjson")
        assert len(await report(cast.county, job)) == 200

    async def test_all_or_nothing_leaves_nothing_and_has_its_limit(self, er: ServiceHarness) -> None:
        one, two = await registered(er), await registered(er)
        rows = [line(one.uscc), line(two.uscc, employees=1)]
        job = await imported(er, one.county, csv(rows), mode="all_or_nothing")
        assert job["result"] == {"rows": 2, "not_taken": 1, "refused": 1}
        assert (await one.county.read("filings", organisation=one.uscc))["items"] == []
        refused = await send(one.county, csv([line(one.uscc)] * 5001), mode="all_or_nothing")
        assert (refused.status_code, refused.json()["code"]) == (422, "too_many_rows_at_once")

    async def test_enterprises_import_nothing(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        assert (await send(cast.signatory, csv([line(cast.uscc)]))).status_code == 403


class TestDying:
    async def test_a_worker_that_dies_in_a_chunk_leaves_nothing_and_nothing_twice(
        self, er: ServiceHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kechuang.http.imports.SET_ROWS", 2)
        casts = [await registered(er) for _ in range(5)]
        answer = await send(casts[0].county, csv([line(each.uscc) for each in casts]))
        job = answer.json()["id"]
        assert answer.json()["chunks"] == 3
        runner = JobRunner(er.database)
        assert await runner.step()
        _killed_before_the_chunk_is_marked(runner, monkeypatch)
        with pytest.raises(Killed):
            await runner.step()
        assert await _numbers(er, casts) == 2  # the second chunk was written and is gone with its transaction
        async with er.database.write.begin() as conn:
            await conn.execute(sa.text("UPDATE chunk SET lease_until = NULL WHERE job = :job"), {"job": job})
        revived = JobRunner(er.database)
        while await revived.step():
            pass
        assert (await casts[0].county.read(f"jobs/{job}"))["result"] == {"rows": 5, "created": 5}
        assert await _numbers(er, casts) == 5

    async def test_fifty_single_filings_and_an_import_of_the_same_make_one_each(
        self, er: ServiceHarness
    ) -> None:
        casts = [await registered(er) for _ in range(25)]
        answer = await send(casts[0].county, csv([line(each.uscc) for each in casts]))
        body = {"form": "enterprise_annual", "period": "2023", "facts": ANNUAL}
        runner = JobRunner(er.database)
        singles = (each.signatory.post("filings", body) for each in casts * 2)
        done = await asyncio.gather(runner.step(), *singles)
        while await runner.step():
            pass
        created = sum(each.status_code == 201 for each in done[1:])
        assert {each.status_code for each in done[1:]} <= {201, 409}
        job = await casts[0].county.read(f"jobs/{answer.json()['id']}")
        assert job["result"].get("created", 0) + created == len(casts)

    async def test_two_officers_who_send_the_same_list_at_once_file_each_row_once(
        self, er: ServiceHarness
    ) -> None:
        casts = [await registered(er) for _ in range(20)]
        table = csv([line(each.uscc) for each in casts])
        senders = (casts[0].county, casts[0].city)
        jobs = [(await send(who, table)).json()["id"] for who in senders]
        runners = (JobRunner(er.database), JobRunner(er.database))
        await asyncio.gather(*(each.step() for each in runners))
        while await runners[0].step():
            pass
        results = [(await who.read(f"jobs/{job}"))["result"] for who, job in zip(senders, jobs, strict=True)]
        assert sum(each.get("created", 0) for each in results) == len(casts)
        assert sum(each.get("refused", 0) for each in results) == len(casts)
        assert await _numbers(er, casts) == len(casts)


class Killed(BaseException):
    """What a killed process is to the code in it: nothing runs any more."""


def _killed_before_the_chunk_is_marked(runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(runner, "_mark_done", die)


async def _numbers(er: ServiceHarness, casts: Sequence[Cast]) -> int:
    async with er.database.read.connect() as conn:
        statement = sa.text("SELECT count(*) FROM filing WHERE organisation = ANY(:codes)")
        return int((await conn.execute(statement, {"codes": [each.uscc for each in casts]})).scalar_one())
