"""Register records on unusual ways: hosts and carriers that are gone, days that follow from days, packs that change."""

import shutil
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from er_story import new_uscc

from enterprise_registry.service import SERVICE
from kechuang.testing import Client, ServiceHarness

RECORDS = "enterprise-records"
JIUJIANG, XUNYANG = "360400", "360403"
JINGMEN, DONGBAO = "420800", "420802"
_numbers = iter(range(1, 1000))
_NEXT_YEAR = date(2027, 7, 1)


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory, deployed_packs: str) -> Path:
    """The repository's packs, and a next version of one city's that declares one kind of record less."""
    folder = tmp_path_factory.mktemp("packs")
    for each in Path(deployed_packs).iterdir():
        shutil.copytree(each, folder / each.name)
    later = folder / "jingmen-later"
    shutil.copytree(folder / "jingmen-2027", later)
    header = (later / "pack.yaml").read_text("utf-8")
    header = header.replace('version: "2027.1"', 'version: "2027.2"')
    (later / "pack.yaml").write_text(
        header.replace("in_force_from: 2023-01-01", f"in_force_from: {_NEXT_YEAR}"), "utf-8"
    )
    before, known, after = (later / "registers.yaml").read_text("utf-8").partition("  - code: patent\n")
    assert known
    rest = after[after.index("  - code: partner_agreement\n") :]
    (later / "registers.yaml").write_text(before + rest, "utf-8")
    return folder


@pytest.fixture(scope="module")
async def er(engines: Any, two_versions: Path) -> AsyncIterator[ServiceHarness]:
    """The service with both versions."""
    async with ServiceHarness(SERVICE, engines, packs_dir=str(two_versions)) as harness:
        yield harness


def officer(er: ServiceHarness, city: str = JINGMEN) -> Client:
    """An officer of a city."""
    return er.client(roles=["city_officer"], areas=[city], subject=f"officer-{city}")


async def enterprise(er: ServiceHarness, city: str = JINGMEN, division: str = DONGBAO) -> tuple[str, str]:
    """A verified enterprise: its credit code and its record."""
    uscc = new_uscc(division)
    body = {
        "uscc": uscc,
        "name": f"名册样例{next(_numbers)}有限公司",
        "kind": "enterprise",
        "division": division,
    }
    made = await officer(er, city).make("organisations", body)
    await officer(er, city).do(f"organisations/{made['id']}", "verify")
    return uscc, made["id"]


def patent(title: str, **more: Any) -> dict[str, Any]:
    """A patent, whose number is its title."""
    return {
        "kind": "patent",
        "title": title,
        "valid_from": "2020-03-01",
        "fields": {"patent_no": title},
        **more,
    }


def faults(answer: Any) -> dict[str, str]:
    """Pointer → code of a refusal."""
    assert answer.status_code == 422, answer.text
    return {each["pointer"]: each["code"] for each in answer.json()["errors"]}


class TestWhoReports:
    async def test_an_enterprise_reports_nothing_for_another(self, er: ServiceHarness) -> None:
        (own, _), (other, _) = await enterprise(er), await enterprise(er)
        signatory = er.client(roles=["enterprise_signatory"], organisation=own, person="boss")
        body = patent("一种轴承", organisation=other)
        answer = await signatory.post(RECORDS, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_organisation")

    async def test_a_clerk_without_a_letter_changes_and_ends_nothing(self, er: ServiceHarness) -> None:
        uscc, _ = await enterprise(er)
        made = await officer(er).make(RECORDS, patent("一种阀门", organisation=uscc))
        clerk = er.client(roles=["enterprise_clerk"], organisation=uscc, person="no-letter")
        path = f"{RECORDS}/{made['id']}"
        tag = (await clerk.get(path)).headers["etag"]
        changed = await clerk.http.patch(f"/api/v1/{path}", json={"title": "改"}, headers={"If-Match": tag})
        assert (changed.status_code, changed.json()["code"]) == (403, "authorisation_missing")
        await officer(er).do(path, "confirm")
        ended = await clerk.post(f"{path}/end", {"ended_on": "2024-03-01", "reason": "放弃"})
        assert (ended.status_code, ended.json()["code"]) == (403, "authorisation_missing")


class TestThoseWhoAreGone:
    async def test_of_a_deregistered_host_only_what_is_over_is_recorded(self, er: ServiceHarness) -> None:
        uscc, record = await enterprise(er)
        before = await officer(er).make(RECORDS, patent("一种泵", organisation=uscc))
        await officer(er).do(f"organisations/{record}", "deregister", {"reason": "注销"})
        fresh = patent("一种风机", organisation=uscc)
        assert faults(await officer(er).post(RECORDS, fresh)) == {"/organisation": "organisation_not_active"}
        over = await officer(er).make(RECORDS, fresh | {"valid_to": "2023-02-28"})
        assert over["state"] == "reported"
        corrected = await officer(er).patch(f"{RECORDS}/{before['id']}", {"title": "一种水泵"})
        assert corrected["title"] == "一种水泵"

    async def test_a_tenant_does_not_enter_a_carrier_that_has_ended(self, er: ServiceHarness) -> None:
        today = er.database.clock.today()
        carrier, _ = await enterprise(er)
        base = await officer(er).make(
            RECORDS,
            {"kind": "incubation", "title": "孵化器", "valid_from": "2020-01-01", "organisation": carrier},
        )
        await officer(er).do(f"{RECORDS}/{base['id']}", "confirm")
        last = today - timedelta(days=10)
        await officer(er).do(
            f"{RECORDS}/{base['id']}", "end", {"ended_on": str(last), "reason": "评估不合格"}
        )
        reporter = er.client(roles=["carrier"], organisation=carrier)
        tenant = {
            "kind": "tenant",
            "title": "在孵",
            "organisation": (await enterprise(er))[0],
            "parent": base["id"],
        }
        late = await reporter.post(RECORDS, tenant | {"valid_from": str(today)})
        assert faults(late) == {"/valid_from": "after_parent"}
        earlier = await reporter.make(RECORDS, tenant | {"valid_from": str(last)})
        assert earlier["state"] == "confirmed"


class TestDaysThatFollow:
    async def test_an_event_is_moved_as_a_whole_and_lasts_a_day(self, er: ServiceHarness) -> None:
        meeting = {
            "kind": "docking_meeting",
            "title": "产研对接会",
            "city": "441700",
            "valid_from": "2024-03-01",
        }
        office = officer(er, "441700")
        assert faults(await office.post(RECORDS, meeting | {"valid_to": "2024-03-02"})) == {
            "/valid_to": "one_day"
        }
        made = await office.make(RECORDS, meeting)
        path = f"{RECORDS}/{made['id']}"
        moved = await office.patch(path, {"valid_from": "2024-02-20"})
        assert (moved["valid_from"], moved["valid_to"]) == ("2024-02-20", "2024-02-20")
        await office.do(path, "confirm")
        corrected = await office.do(path, "correct", {"valid_from": "2024-02-28", "reason": "日期录入有误"})
        assert corrected["valid_to"] == "2024-02-28"


class TestPackThatChanges:
    async def test_a_record_whose_kind_is_declared_no_more_is_corrected_and_ended_as_it_was_made(
        self, er: ServiceHarness
    ) -> None:
        uscc, _ = await enterprise(er)
        body = patent("一种电机", organisation=uscc)
        made = await officer(er).make(RECORDS, body)
        assert made["pack"] == "jingmen-2027@2027.1"
        await officer(er).do(f"{RECORDS}/{made['id']}", "confirm")
        today = er.database.clock.today()
        await er.at(days=(_NEXT_YEAR - today).days)
        assert faults(await officer(er).post(RECORDS, patent("另一种", organisation=uscc))) == {
            "/kind": "kind_unknown"
        }
        right = await officer(er).do(
            f"{RECORDS}/{made['id']}", "correct", {"title": "一种永磁电机", "reason": "名称有误"}
        )
        assert (right["pack"], right["state"]) == ("jingmen-2027@2027.1", "confirmed")
        ended = await officer(er).do(
            f"{RECORDS}/{right['id']}", "end", {"ended_on": str(er.database.clock.today()), "reason": "停业"}
        )
        assert ended["state"] == "ended"
