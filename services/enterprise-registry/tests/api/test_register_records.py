"""Registers through the real application and a real database: reporting, overlap, expiry, correction."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from er_story import new_uscc
from register_story import (
    DONGBAO,
    DUODAO,
    JINGMEN,
    RECORDS,
    codes,
    confirmed,
    enterprise,
    in_county,
    platform,
    stock,
)

from enterprise_registry.service import SERVICE
from kechuang.testing import Client, ServiceHarness


@pytest.fixture(scope="module")
async def city(engines: Any, deployed_packs: str) -> AsyncIterator[ServiceHarness]:
    """The service with the packs of the repository."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        yield harness


@pytest.fixture
def officer(city: ServiceHarness) -> Client:
    return city.client(roles=["city_officer"], areas=[JINGMEN], subject="jingmen-officer")


class TestReporting:
    async def test_all_faults_of_a_record_are_told_at_once(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        answer = await officer.post(
            RECORDS,
            {
                "kind": "key_laboratory", "title": "联系人13800138000", "valid_from": "2024-03-01", "city": JINGMEN,
                "level": "city", "organisation": new_uscc(), "chain": "no_such", "fields": {"colour": "red"},
            },
        )  # fmt: skip
        assert answer.status_code == 422
        assert codes(answer) == {
            "level_not_of_kind", "organisation_unknown", "chain_unknown", "personal_data", "extra_forbidden",
        }  # fmt: skip

    async def test_an_unknown_kind_names_where_kinds_are(self, officer: Client) -> None:
        answer = await officer.post(RECORDS, platform("甲基地", date(2024, 3, 1), kind="moon_base"))
        assert codes(answer) == {"kind_unknown"}
        kinds = (await officer.read(f"{RECORDS}/kinds", city=JINGMEN, register="tenant"))["items"]
        assert [(each["code"], each["parent"]) for each in kinds] == [("tenant", "incubation")]

    async def test_another_city_neither_sees_nor_reports(self, city: ServiceHarness, officer: Client) -> None:
        made = await officer.make(RECORDS, platform("看不见的基地", date(2024, 3, 1)))
        stranger = city.client(roles=["city_officer"], areas=["360400"])
        assert (await stranger.get(f"{RECORDS}/{made['id']}")).status_code == 404
        assert (await stranger.post(RECORDS, platform("外市基地", date(2024, 3, 1)))).status_code == 403
        other_county = in_county(city, DUODAO)
        assert (await other_county.get(f"{RECORDS}/{made['id']}")).status_code == 404
        assert (await in_county(city, DONGBAO).do(f"{RECORDS}/{made['id']}", "confirm"))[
            "state"
        ] == "confirmed"

    async def test_a_clerk_without_an_authorisation_reports_nothing(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        uscc = await enterprise(officer)
        clerk = city.client(roles=["enterprise_clerk"], organisation=uscc, person="nobody")
        body = {
            "kind": "patent",
            "title": "一种轴承",
            "valid_from": "2024-03-01",
            "fields": {"patent_no": "ZL1"},
        }
        answer = await clerk.post(RECORDS, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "authorisation_missing")
        signatory = city.client(roles=["enterprise_signatory"], organisation=uscc, person="boss")
        made = await signatory.make(RECORDS, body)
        assert (made["organisation"], made["state"], made["reporter"]) == (uscc, "reported", None)
        assert (await signatory.post(f"{RECORDS}/{made['id']}/confirm")).status_code == 403

    async def test_a_kind_says_who_reports(self, city: ServiceHarness, officer: Client) -> None:
        uscc = await enterprise(officer)
        signatory = city.client(roles=["enterprise_signatory"], organisation=uscc, person="boss")
        answer = await signatory.post(
            RECORDS, {"kind": "backbone", "title": "骨干企业", "valid_from": "2024-03-01"}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "kind_not_for_role")

    async def test_what_is_refused_never_counts_and_frees_its_key(self, officer: Client) -> None:
        before = await stock(officer, kind="transfer_base")
        made = await officer.make(RECORDS, platform("不予确认的基地", date(2024, 3, 1)))
        refused = await officer.do(f"{RECORDS}/{made['id']}", "refuse", {"reason": "佐证不足。"})
        assert refused["state"] == "refused"
        assert await stock(officer, kind="transfer_base") == before
        assert (await officer.make(RECORDS, platform("不予确认的基地", date(2024, 3, 1))))[
            "state"
        ] == "reported"

    async def test_who_reported_is_told_what_came_of_it(self, city: ServiceHarness, officer: Client) -> None:
        uscc = await enterprise(officer)
        signatory = city.client(roles=["enterprise_signatory"], organisation=uscc, person="boss")
        records = [
            await signatory.make(
                RECORDS,
                {
                    "kind": "patent",
                    "title": title,
                    "valid_from": "2024-03-01",
                    "fields": {"patent_no": f"ZL-{title}"},
                },
            )
            for title in ("一种轴承", "一种齿轮")
        ]
        await officer.do(f"{RECORDS}/{records[0]['id']}", "confirm")
        await officer.do(f"{RECORDS}/{records[1]['id']}", "refuse", {"reason": "专利证书不清晰"})
        told = {
            each["data"]["record"]: each["data"]
            for each in await city.events("sent")
            if each["data"]["resource"] == RECORDS
        }
        good, bad = (told[each["id"]] for each in records)
        assert good["recipients"] == bad["recipients"] == [f"owner:{uscc}"]
        assert (good["template"], bad["template"]) == ("register_record_confirmed", "register_record_refused")
        assert "专利证书不清晰" in bad["body_zh"]
        assert "一种轴承" in good["subject_zh"]


class TestOverlap:
    async def test_the_same_thing_holds_once_at_a_time(self, officer: Client) -> None:
        await confirmed(officer, platform("重叠基地", date(2023, 1, 1), valid_to="2023-12-31"))
        answer = await officer.post(RECORDS, platform("重叠基地", date(2023, 12, 31)))
        assert (answer.status_code, answer.json()["code"]) == (409, "register_overlap")
        assert answer.json()["existing"]["label"] == "重叠基地"
        assert (await officer.make(RECORDS, platform("重叠基地", date(2024, 1, 1))))["state"] == "reported"

    async def test_fifty_at_once_record_it_once(self, city: ServiceHarness) -> None:
        clients = [
            city.client(roles=["city_officer"], areas=[JINGMEN], subject=f"officer-{n}") for n in range(50)
        ]
        body = platform("五十人同时登记的基地", date(2024, 3, 1))
        answers = await asyncio.gather(*(each.post(RECORDS, body) for each in clients))
        assert Counter(each.status_code for each in answers) == {201: 1, 409: 49}
        assert {each.json()["code"] for each in answers if each.status_code != 201} == {"register_overlap"}


class TestEnding:
    async def test_a_validity_that_runs_out_ends_the_record(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        today = city.database.clock.today()
        last = today + timedelta(days=3)
        made = await confirmed(officer, platform("到期基地", today, valid_to=str(last)))
        await city.fire_timers()
        assert (await officer.read(f"{RECORDS}/{made['id']}"))["state"] == "confirmed"
        await city.at(days=3)
        await city.fire_timers()
        assert (await officer.read(f"{RECORDS}/{made['id']}"))["state"] == "confirmed"
        await city.at(days=1)
        await city.fire_timers()
        found = await officer.read(f"{RECORDS}/{made['id']}")
        assert (found["state"], found["outcome"], found["ended_on"]) == ("ended", "expired", str(last))
        (told,) = [each for each in await city.events("ended") if each["subject"] == made["id"]]
        assert (told["data"]["outcome"], told["data"]["ended_on"]) == ("expired", str(last))

    async def test_an_end_lies_within_its_days_and_not_after_today(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        today = city.database.clock.today()
        made = await confirmed(officer, platform("要终止的基地", today - timedelta(days=5)))
        path = f"{RECORDS}/{made['id']}"
        late = await officer.post(
            f"{path}/end", {"ended_on": str(today + timedelta(days=1)), "reason": "取消。"}
        )
        assert codes(late) == {"in_the_future"}
        early = await officer.post(
            f"{path}/end", {"ended_on": str(today - timedelta(days=6)), "reason": "取消。"}
        )
        assert (early.status_code, early.json()["code"]) == (409, "outside_validity")
        assert (await officer.do(path, "end", {"ended_on": str(today), "reason": "取消。"}))["holds"]


class TestCorrecting:
    async def test_a_correction_supersedes_keeps_history_and_takes_the_parts_along(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        today = city.database.clock.today()
        wrong = await confirmed(
            officer,
            {"kind": "incubation", "title": "写错名的孵化器", "valid_from": str(today), "city": JINGMEN},
        )
        tenant = await officer.make(
            RECORDS,
            {
                "kind": "tenant", "title": "在孵企业", "valid_from": str(today), "parent": wrong["number"],
                "organisation": await enterprise(officer),
            },
        )  # fmt: skip
        assert tenant["parent"] == wrong["id"]
        right = await officer.do(
            f"{RECORDS}/{wrong['id']}", "correct", {"title": "改对名的孵化器", "reason": "名称录入有误。"}
        )
        assert (right["state"], right["supersedes"], right["title"]) == (
            "confirmed",
            wrong["id"],
            "改对名的孵化器",
        )
        old = await officer.read(f"{RECORDS}/{wrong['id']}")
        assert (old["state"], old["superseded_by"], old["title"]) == (
            "superseded",
            right["id"],
            "写错名的孵化器",
        )
        assert (await officer.read(f"{RECORDS}/{tenant['id']}"))["parent"] == right["id"]
        history = await officer.read(f"{RECORDS}/{wrong['id']}/history")
        assert [each["verb"] for each in history["items"]] == ["create", "confirm", "correct"]
        assert history["items"][-1]["note"] == "名称录入有误。"
        titles = (await officer.read(f"{RECORDS}/counted", kind="incubation", city=JINGMEN))["items"]
        assert [each["title"] for each in titles] == ["改对名的孵化器"]

    async def test_an_ended_record_is_corrected_to_an_ended_one(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        today = city.database.clock.today()
        made = await confirmed(officer, platform("终止日有误的基地", today - timedelta(days=30)))
        path = f"{RECORDS}/{made['id']}"
        await officer.do(path, "end", {"ended_on": str(today - timedelta(days=9)), "reason": "取消。"})
        right = await officer.do(
            path, "correct", {"ended_on": str(today - timedelta(days=20)), "reason": "文件日期有误。"}
        )
        assert (right["state"], right["ended_on"]) == ("ended", str(today - timedelta(days=20)))
        told = [
            each["data"]
            for each in await city.events("ended")
            if each["subject"] in (made["id"], right["id"])
        ]
        assert [each["outcome"] for each in told] == ["ended", "corrected", "ended"]

    async def test_a_wrong_host_or_division_is_corrected_within_the_city(
        self, city: ServiceHarness, officer: Client
    ) -> None:
        made = await confirmed(officer, platform("写错县的基地", date(2024, 3, 1)))
        moved = await officer.do(
            f"{RECORDS}/{made['id']}", "correct", {"division": DUODAO, "reason": "所在县有误。"}
        )
        assert moved["division"] == DUODAO
        host = await enterprise(officer, DONGBAO)
        hosted = await officer.do(
            f"{RECORDS}/{moved['id']}", "correct", {"organisation": host, "reason": "依托单位有误。"}
        )
        assert (hosted["division"], hosted["organisation"]) == (DONGBAO, host)
        body = {"division": "360403", "reason": "写到外市。"}
        answer = await officer.post(f"{RECORDS}/{hosted['id']}/correct", body)
        assert codes(answer) == {"other_city"}

    async def test_a_reported_record_is_simply_changed(self, officer: Client) -> None:
        made = await officer.make(RECORDS, platform("待确认的基地", date(2024, 3, 1)))
        changed = await officer.patch(
            f"{RECORDS}/{made['id']}", {"title": "改名的待确认基地", "level": "province"}
        )
        assert (changed["id"], changed["title"], changed["state"]) == (
            made["id"],
            "改名的待确认基地",
            "reported",
        )
