"""Register records in lists and counts, and the coverage rules that rest on them."""

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
import xlsxwriter
from er_story import new_uscc
from register_story import DONGBAO, DUODAO, JINGMEN, RECORDS, codes, confirmed, enterprise, platform, stock

from enterprise_registry.service import SERVICE
from kechuang.ids import new_id
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness
from kechuang_contracts.commissioner_matching import DispatchActivated, DispatchEnded


@pytest.fixture(scope="module")
async def city(engines: Any, deployed_packs: str) -> AsyncIterator[ServiceHarness]:
    """The service with the packs of the repository."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        yield harness


@pytest.fixture
def officer(city: ServiceHarness) -> Client:
    return city.client(roles=["city_officer"], areas=[JINGMEN], subject="jingmen-officer")


def workbook(template: bytes, *rows: dict[str, Any]) -> bytes:
    """A workbook with the headings of the downloaded template, as an officer fills one in."""
    headings = next(csv.reader(io.StringIO(template.decode("utf-8-sig"))))
    plain = [each.rstrip("* ") for each in headings]
    unknown = {name for row in rows for name in row} - set(plain)
    assert not unknown, (unknown, plain)
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as book:
        page = book.add_worksheet("填报")
        page.write_row(0, 0, headings)
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, [row.get(name, "") for name in plain])
    return written.getvalue()


async def taken(
    city: ServiceHarness, client: Client, kind: str, content: bytes, media: str, **more: str
) -> Any:
    answer = await client.http.post(
        f"/api/v1/{RECORDS}/imports", params={"city": JINGMEN, "kind": kind, **more}, content=content,
        headers={"Content-Type": media, "Idempotency-Key": new_id()},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    runner = JobRunner(city.database)
    while await runner.step():
        pass
    return (await client.read(f"jobs/{answer.json()['id']}"))["result"]


class TestLists:
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    async def test_jg_10_patents_arrive_in_a_workbook_made_from_the_template(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        """JG-10: the template of the kind has its fields as columns; rows by an officer are confirmed."""
        template = await officer.get(
            f"{RECORDS}/imports/template", params={"city": JINGMEN, "kind": "patent", "format": "csv"}
        )
        uscc = await enterprise(officer)
        rows = [
            {"类别": "核心技术专利", "名称": f"一种磷石膏装置{n}", "统一社会信用代码": uscc, "有效期起": "2024-03-01",
             "专利号": f"ZL20241000{n}.1", "高价值": "是" if n == 1 else "否", "所属产品": "磷石膏板"}
            for n in (1, 2)
        ]  # fmt: skip
        wrong = {**rows[0], "专利号": "ZL9", "统一社会信用代码": new_uscc()}
        result = await taken(city, officer, "patent", workbook(template.content, *rows, wrong), self.XLSX)
        assert result == {"rows": 3, "created": 2, "refused": 1}
        by = await officer.read(f"{RECORDS}/counts", organisation=uscc, by="product,high_value")
        assert {each["group"]["high_value"]: each["stock"] for each in by["items"]} == {"true": 1, "false": 1}

    async def test_a_list_that_comes_again_is_passed_over_or_corrects(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        lines = (
            "类别,名称,县（市、区）,有效期起,文号\n技术转移示范基地,名单里的基地,420802,2024-03-01,{number}\n"
        )
        first = lines.format(number="荆科〔2024〕1号").encode("gb18030")
        assert await taken(city, officer, "transfer_base", first, "text/csv") == {"rows": 1, "created": 1}
        assert await taken(city, officer, "transfer_base", first, "text/csv") == {"rows": 1, "refused": 1}
        skipped = await taken(city, officer, "transfer_base", first, "text/csv", on_match="skip")
        assert skipped == {"rows": 1, "skipped": 1}
        second = lines.format(number="荆科〔2024〕2号").encode()
        corrected = await taken(city, officer, "transfer_base", second, "text/csv", on_match="supersede")
        assert corrected == {"rows": 1, "superseded": 1}
        found = (await officer.read(RECORDS, q="名单里的基地", state="confirmed"))["items"]
        assert [each["document_no"] for each in found] == ["荆科〔2024〕2号"]


class TestCounts:
    async def test_counts_equal_a_recount_on_any_day(self, city: ServiceHarness, officer: Client) -> None:
        """Stock, added and ended by level and division, against the records counted by hand."""
        random = Random(20240301)
        today = city.database.clock.today()
        made = []
        for number in range(40):
            first = today - timedelta(days=random.randrange(0, 400))
            last = first + timedelta(days=random.randrange(0, 300)) if random.random() < 0.5 else None
            body = platform(
                f"随机平台{number}", first, kind="pilot_base", level=random.choice(["national", "province"]),
                division=random.choice([DONGBAO, DUODAO]), valid_to=str(last) if last else None,
            )  # fmt: skip
            record = await confirmed(officer, body)
            if random.random() < 0.3 and (last is None or last >= today):
                ended = first + timedelta(days=random.randrange((today - first).days + 1))
                record = await officer.do(
                    f"{RECORDS}/{record['id']}", "end", {"ended_on": str(ended), "reason": "终止。"}
                )
            made.append(record)
        await city.fire_timers()
        for day in (today, today - timedelta(days=60), today - timedelta(days=250)):
            start = day - timedelta(days=90)
            answer = await officer.read(
                f"{RECORDS}/counts", kind="pilot_base", as_of=str(day), period_from=str(start), by="level,division",
            )  # fmt: skip
            right: dict[tuple[str, str], Counter[str]] = {}
            for each in made:
                here = right.setdefault((each["level"], each["division"]), Counter())
                first = date.fromisoformat(each["valid_from"])
                ends = [date.fromisoformat(text) for text in (each["valid_to"], each["ended_on"]) if text]
                last = min(ends, default=date.max)
                here["stock"] += first <= day <= last
                here["added"] += start <= first <= day
                here["ended"] += start <= last + timedelta(days=1) <= day if last != date.max else 0
            got = {
                (each["group"]["level"], each["group"]["division"]): Counter(
                    {name: each[name] for name in ("stock", "added", "ended") if each[name]}
                )
                for each in answer["items"]
            }
            assert got == {key: +value for key, value in right.items() if +value}
            listed = await officer.read(
                f"{RECORDS}/counted", kind="pilot_base", as_of=str(day), period_from=str(start), measure="ended",
                limit=200,
            )  # fmt: skip
            assert len(listed["items"]) == sum(each["ended"] for each in right.values())

    async def test_only_what_is_declared_splits_counts(self, officer: Client) -> None:
        answer = await officer.get(f"{RECORDS}/counts", params={"by": "kind,colour"})
        assert (answer.status_code, codes(answer)) == (422, {"axis_unknown"})
        answer = await officer.get(f"{RECORDS}/counts", params={"min_level": "galactic"})
        assert codes(answer) == {"level_unknown"}

    async def test_the_public_counts_what_is_public(self, city: ServiceHarness, officer: Client) -> None:
        await confirmed(officer, platform("公开的基地", date(2024, 3, 1)))
        uscc = await enterprise(officer)
        await confirmed(
            officer,
            {
                "kind": "partner_agreement",
                "title": "不公开的协议",
                "valid_from": "2024-03-01",
                "organisation": uscc,
            },
        )
        public = city.client()
        assert await stock(public, kind="transfer_base", city=JINGMEN) > 0
        assert await stock(public, kind="partner_agreement") == 0

    async def test_a_list_sorted_by_first_day_is_read_page_by_page(self, officer: Client) -> None:
        for number in range(4):
            await officer.make(RECORDS, platform(f"排序基地{number}", date(2024, 1, 1 + number % 2)))
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await officer.read(RECORDS, q="排序基地", sort="valid_from", limit=1, **cursor)
            found += [each["valid_from"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found == ["2024-01-01"] * 2 + ["2024-01-02"] * 2

    async def test_the_list_behind_a_count_is_read_page_by_page(self, officer: Client) -> None:
        for number in range(5):
            await confirmed(officer, platform(f"分页基地{number}", date(2024, 3, 1), kind="incubation"))
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await officer.read(f"{RECORDS}/counted", kind="incubation", limit=2, **cursor)
            seen += [each["id"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(seen) == len(set(seen)) == await stock(officer, kind="incubation")


class TestCoverage:
    async def test_jg_05_a_dispatch_covers_while_it_lasts(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        """JG-05: an expert's dispatch, as commissioner-matching tells it, covers a micro enterprise until it ends."""
        uscc, today = await enterprise(officer, scale="micro"), city.database.clock.today()

        async def covered(day: date) -> bool:
            page = await officer.read(
                f"{RECORDS}/coverage/micro_expert", city=JINGMEN, as_of=str(day), limit=200
            )
            return next(bool(each["covered"]) for each in page["items"] if each["uscc"] == uscc)

        assert not await covered(today)
        place: dict[str, Any] = {"city": JINGMEN, "division": DONGBAO, "zones": []}
        began = DispatchActivated(
            **place, server_kind="commissioner", persons=["p1"], team=None, programme="guiding_expert", level=None,
            target_kind="enterprise", target=uscc, host=None, need=None, valid_from=today, valid_to=None,
        )  # fmt: skip
        dispatch = new_id()
        await city.deliver(began, aggregate=dispatch, version=3)
        assert await covered(today)
        assert not await covered(today - timedelta(days=1))
        ended = DispatchEnded(**place, outcome="completed", ended_on=today + timedelta(days=5))
        await city.deliver(ended, aggregate=dispatch, version=4)
        assert await covered(today + timedelta(days=4))
        assert not await covered(today + timedelta(days=5))

    async def test_an_unknown_rule_is_not_found(self, officer: Client) -> None:
        assert (await officer.get(f"{RECORDS}/coverage/no_such", params={"city": JINGMEN})).status_code == 404
