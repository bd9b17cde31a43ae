"""Cases through the real application and a real database: owners, days, measures, contacts, two officers at once."""

import asyncio
from datetime import date, timedelta
from typing import Any

from er_story import Cast, approver, city, county, new_uscc, registered

from kechuang.testing import Client, ServiceHarness

REQUEST = {"kind": "assistance", "title": "车间扩建用电容量不足", "content": "请协调供电部门增容。"}


def official(er: ServiceHarness, name: str, area: str = "440703") -> Client:
    """A county officer who is a person of their own."""
    return er.client(
        roles=["county_officer"], areas=[area], unit=f"science-{area}", person=name, subject=name
    )


def unit_officer(er: ServiceHarness, unit: str) -> Client:
    """An officer of a department."""
    return er.client(roles=["department_officer"], areas=["440700"], unit=unit, subject=f"officer-{unit}")


async def requested(er: ServiceHarness, **more: Any) -> tuple[Cast, dict[str, Any], str]:
    """An assistance request that an enterprise has filed."""
    cast = await registered(er)
    made = await cast.signatory.make("enterprise-cases", REQUEST | more)
    return cast, made, f"enterprise-cases/{made['id']}"


async def under_way(er: ServiceHarness, unit: str = "power") -> tuple[Cast, str, Client]:
    """A request that a unit works on."""
    cast, _, path = await requested(er)
    await cast.county.do(path, "assign", {"owner": {"unit": unit}})
    owner = unit_officer(er, unit)
    await owner.do(path, "start")
    return cast, path, owner


async def waiting(er: ServiceHarness, record: str) -> dict[str, dict[str, Any]]:
    """What waits for whom on a record, as indicators makes it from the events."""
    found: dict[str, dict[str, Any]] = {}
    for event in await er.events():
        data = event["data"]
        if ".work-item." not in event["type"] or data["record"] != record:
            continue
        if ".opened." in event["type"]:
            found[data["verb"]] = data
        elif event["aggregateversion"] > 0 and data["verb"] in found:
            found.pop(data["verb"])
    return found


async def messages(er: ServiceHarness, record: str, template: str) -> list[dict[str, Any]]:
    found = [each["data"] for each in await er.events("sent")]
    return [each for each in found if each["record"] == record and each["template"] == template]


class TestWay:
    async def test_a_request_is_assigned_solved_and_confirmed_by_the_enterprise(
        self, er: ServiceHarness
    ) -> None:
        cast, made, path = await requested(er)
        assert (made["state"], made["organisation"], made["division"]) == ("open", cast.uscc, "440703")
        assert made["due_on"] > made["stage_due_on"] > made["opened_on"]
        assert (await waiting(er, made["id"]))["assign"]["sight"] == ["place:440703"]
        assigned = await cast.county.do(path, "assign", {"owner": {"unit": "power", "post": "区供电局"}})
        assert (assigned["state"], assigned["owner_unit"]) == ("assigned", "power")
        assert set(await waiting(er, made["id"])) == {"start"}
        owner = unit_officer(er, "power")
        await owner.do(path, "start")
        assert (await waiting(er, made["id"]))["resolve"]["sight"] == ["unit:power"]
        await owner.do(path, "resolve", {"result": "已增容 800 kVA。"})
        assert (await waiting(er, made["id"]))["confirm"]["sight"] == [f"owner:{cast.uscc}"]
        reopened = await cast.signatory.do(path, "reopen", {"reason": "电压仍不稳。"})
        assert (reopened["state"], reopened["resolved_on"]) == ("reopened", None)
        await owner.do(path, "start")
        await owner.do(path, "resolve", {"result": "更换变压器。"})
        done = await cast.signatory.do(path, "confirm", {"satisfaction": 5})
        assert (done["state"], done["satisfaction"]) == ("confirmed", 5)
        assert await waiting(er, made["id"]) == {}
        told = [e["type"].split(".")[-2] for e in await er.events() if e["subject"] == made["id"]
                and ".enterprise-case." in e["type"]]  # fmt: skip
        assert told == ["opened", "resolved", "reopened", "resolved", "confirmed"]

    async def test_only_the_enterprise_confirms_its_request(self, er: ServiceHarness) -> None:
        cast, path, owner = await under_way(er)
        await owner.do(path, "resolve", {"result": "已办。"})
        tag = (await cast.county.get(path)).headers["etag"]
        refused = await cast.county.post(f"{path}/confirm", {}, headers={"If-Match": tag})
        assert refused.json()["code"] == "confirmed_by_the_served"
        offered = {
            each["verb"]: each["allowed"] for each in (await cast.signatory.read(f"{path}/actions"))["items"]
        }
        assert (offered["confirm"], offered["reopen"]) == (True, True)

    async def test_a_clerk_without_authority_files_no_request(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        clerk = er.client(roles=["enterprise_clerk"], organisation=cast.uscc, person="clerk-without-letter")
        refused = await clerk.post("enterprise-cases", REQUEST)
        assert (refused.status_code, refused.json()["code"]) == (403, "authorisation_missing")

    async def test_another_county_another_enterprise_and_another_unit_see_nothing(
        self, er: ServiceHarness
    ) -> None:
        _, _, path = await requested(er)
        other = await registered(er)
        strangers = (other.signatory, county(er, "440704"), er.client(
            roles=["department_officer"], areas=["360400"], unit="other"))  # fmt: skip
        for each in strangers:
            assert (await each.get(path)).status_code == 404

    async def test_a_kind_says_who_opens_it_and_what_it_is_about(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        plan = await cast.signatory.post("enterprise-cases", REQUEST | {"kind": "plan"})
        assert plan.json()["code"] == "kind_not_opened_by_you"
        unknown = await cast.county.post(
            "enterprise-cases", REQUEST | {"kind": "party", "organisation": cast.uscc}
        )
        assert unknown.json()["errors"][0]["code"] == "case_kind_unknown"
        nobody = await cast.county.post(
            "enterprise-cases", REQUEST | {"city": "440700", "division": "440703"}
        )
        assert nobody.json()["errors"][0]["pointer"] == "/organisation"
        strange = await cast.county.post("enterprise-cases", REQUEST | {"organisation": new_uscc()})
        assert strange.json()["errors"][0]["code"] == "organisation_unknown"


class TestMeasures:
    async def test_an_open_measure_holds_up_the_end_and_its_owner_completes_it(
        self, er: ServiceHarness
    ) -> None:
        _, path, owner = await under_way(er)
        day = str(er.database.clock.today() + timedelta(days=5))
        step = {"title": "现场勘察", "due_on": day, "owner": {"unit": "survey"}}
        added = await owner.do(path, "add-step", step)
        assert (added["steps"][0]["state"], added["next_due_on"]) == ("open", day)
        record = added["id"]
        assert (await waiting(er, record))["complete-step"]["sight"] == ["unit:survey"]
        tag = (await owner.get(path)).headers["etag"]
        refused = await owner.post(f"{path}/resolve", {"result": "好"}, headers={"If-Match": tag})
        assert refused.json()["code"] == "steps_open"
        surveyor = unit_officer(er, "survey")
        tag = (await surveyor.get(path)).headers["etag"]
        not_theirs = await surveyor.post(f"{path}/resolve", {"result": "好"}, headers={"If-Match": tag})
        assert not_theirs.json()["code"] == "not_the_owner"
        done = await surveyor.do(path, "complete-step", {"step": "1", "result": "需增容 800 kVA"})
        assert (done["steps"][0]["state"], done["next_due_on"]) == ("done", done["due_on"])
        again = await surveyor.post(f"{path}/complete-step", {"step": "1", "result": "再"})
        assert (again.status_code, again.json()["code"]) == (409, "step_ended")
        unknown = await surveyor.post(f"{path}/complete-step", {"step": "7", "result": "再"})
        assert unknown.json()["errors"][0]["code"] == "step_unknown"
        assert "complete-step" not in await waiting(er, record)

    async def test_a_last_day_is_only_moved_to_a_later_one(self, er: ServiceHarness) -> None:
        cast, made, path = await requested(er)
        tag = (await cast.county.get(path)).headers["etag"]
        earlier = await cast.county.post(
            f"{path}/extend", {"due_on": made["due_on"], "reason": "同日"}, headers={"If-Match": tag}
        )
        assert earlier.json()["errors"][0]["code"] == "not_later"
        later = str(er.database.clock.today() + timedelta(days=90))
        extended = await cast.county.do(path, "extend", {"due_on": later, "reason": "设备到货延迟"})
        assert extended["due_on"] == later
        history = (await cast.county.read(f"{path}/history"))["items"]
        assert history[-1]["note"] == "设备到货延迟"


class TestDays:
    async def test_a_missed_day_marks_escalates_and_asks_the_city_later(self, er: ServiceHarness) -> None:
        cast, path, _ = await under_way(er)
        early = await cast.signatory.post(f"{path}/escalate", {"reason": "请加快"})
        assert early.json()["code"] == "not_overdue"
        case = await cast.county.read(path)
        days = (date.fromisoformat(case["due_on"]) - er.database.clock.today()).days
        await er.at(days=days)
        await er.fire_timers()
        assert (await cast.county.read(path))["overdue"] is False
        await er.at(days=1)
        await er.fire_timers()
        late = await cast.county.read(path)
        assert (late["overdue"], [each["to"] for each in late["escalations"]]) == (True, ["division"])
        listed = await cast.county.read("enterprise-cases", overdue="true", organisation=cast.uscc)
        assert [each["id"] for each in listed["items"]] == [case["id"]]
        assert (await waiting(er, case["id"]))["assign"]["sight"] == ["place:440703"]
        assert (await messages(er, case["id"], "case_overdue"))[0]["recipients"] == ["unit:power"]
        await er.at(days=15)
        await er.fire_timers()
        higher = await city(er).read(path)
        assert [each["to"] for each in higher["escalations"]] == ["division", "city"]
        assert "place:440700" in (await waiting(er, case["id"]))["assign"]["sight"]
        tag = (await city(er).get(path)).headers["etag"]
        top = await city(er).post(f"{path}/escalate", {"reason": "再"}, headers={"If-Match": tag})
        assert top.json()["code"] == "no_higher_level"
        new_day = str(er.database.clock.today() + timedelta(days=20))
        taken = await city(er).do(path, "assign", {"owner": {"unit": "city-power"}, "due_on": new_day})
        assert (taken["overdue"], taken["state"]) == (False, "in_progress")
        assert all(each["answered"] for each in taken["escalations"])
        assert set(await waiting(er, case["id"])) == {"resolve"}

    async def test_a_case_that_ended_in_time_is_not_marked(self, er: ServiceHarness) -> None:
        cast, path, owner = await under_way(er)
        await owner.do(path, "resolve", {"result": "已办。"})
        await cast.signatory.do(path, "confirm")
        await er.at(days=120)
        await er.fire_timers()
        found = await cast.county.read(path)
        assert (found["overdue"], found["escalations"]) == (False, [])

    async def test_an_unconfirmed_case_is_marked_and_closed_by_a_person_only(
        self, er: ServiceHarness
    ) -> None:
        cast, path, owner = await under_way(er)
        await owner.do(path, "resolve", {"result": "已办。"})
        await er.at(days=60)
        await er.fire_timers()
        found = await cast.county.read(path)
        assert (found["state"], found["overdue"], found["escalations"]) == ("resolved", True, [])
        closed = await cast.county.do(path, "close", {"reason": "逾期未确认，电话核实已解决。"})
        assert (closed["state"], closed["overdue"]) == ("closed", False)

    async def test_the_fast_lane_goes_first_with_a_shorter_limit_and_leaves_a_trace(
        self, er: ServiceHarness
    ) -> None:
        cast, first, _ = await requested(er)
        second = await cast.signatory.make("enterprise-cases", REQUEST | {"title": "第二件"})
        path = f"enterprise-cases/{second['id']}"
        fast = await cast.county.do(path, "expedite", {"reason": "影响重大项目投产"})
        assert (fast["fast_lane"], fast["due_on"] < first["due_on"]) == (True, True)
        page = await cast.county.read("enterprise-cases", sort="queue", organisation=cast.uscc, limit=1)
        rest = await cast.county.read(
            "enterprise-cases", sort="queue", organisation=cast.uscc, limit=1, cursor=page["next_cursor"]
        )
        assert [each["id"] for each in (*page["items"], *rest["items"])] == [second["id"], first["id"]]
        history = (await cast.county.read(f"{path}/history"))["items"][-1]
        assert (history["verb"], history["note"]) == ("expedite", "影响重大项目投产")
        assert (await waiting(er, second["id"]))["assign"]["due_on"] <= fast["due_on"]
        twice = await cast.county.post(f"{path}/expedite", {"reason": "再"})
        assert twice.json()["code"] == "fast_already"


class TestCampaign:
    async def test_contacts_are_logged_once_each_and_coverage_is_counted(self, er: ServiceHarness) -> None:
        casts = [await registered(er) for _ in range(3)]
        body = {"kind": "campaign", "title": "政策敲门", "city": "440700", "division": "440703", "targets":
                {"organisations": [each.uscc for each in casts]}, "owner": {"unit": "science-440703"}}  # fmt: skip
        officer = casts[0].county
        made = await officer.make("enterprise-cases", body)
        path = f"enterprise-cases/{made['id']}"
        assert (made["state"], made["targets"]) == ("assigned", 3)
        contact = {"organisation": casts[0].uscc, "summary": "宣讲加计扣除"}
        assert (await officer.do(path, "log-contact", contact))["contacted"] == 1
        twice = await officer.post(f"{path}/log-contact", contact)
        assert (twice.status_code, twice.json()["code"]) == (409, "already_contacted")
        assert twice.json()["existing"]["on"] == str(er.database.clock.today())
        stranger = await officer.post(f"{path}/log-contact", contact | {"organisation": new_uscc()})
        assert stranger.json()["errors"][0]["code"] == "not_a_target"
        filed = await casts[1].signatory.make("enterprise-cases", REQUEST)
        wrong = {"resource": "enterprise-cases", "id": filed["id"]}
        refused = await officer.post(
            f"{path}/log-contact", contact | {"organisation": casts[2].uscc, "led_to": [wrong]}
        )
        assert refused.json()["errors"][0]["code"] == "linked_unknown"
        need = {
            "resource": "technical-needs",
            "id": "018e0000-0000-7000-8000-000000000001",
            "number": "TN-2024-000001",
        }
        await officer.do(path, "log-contact", contact | {"organisation": casts[1].uscc, "led_to": [wrong]})
        listed = (await officer.read(f"{path}/contacts"))["items"]
        assert listed[1]["led_to"][0]["number"] == filed["number"]
        await officer.do(path, "link-contact", {"contact": listed[1]["id"], "led_to": [need, wrong]})
        coverage = await officer.read(f"{path}/coverage")
        assert (coverage["targets"], coverage["contacted"], coverage["percent"]) == (3, 2, "66.7")
        assert coverage["by_division"] == [{"division": "440703", "targets": 3, "contacted": 2}]
        assert {each["resource"]: each["records"] for each in coverage["led_to"]} == {
            "enterprise-cases": 1, "technical-needs": 1}  # fmt: skip
        left = (await officer.read(f"{path}/targets", contacted="false"))["items"]
        assert [each["organisation"] for each in left] == [casts[2].uscc]

    async def test_targets_are_found_by_what_they_are(self, er: ServiceHarness) -> None:
        cast = await registered(er, division="440704")
        other = await registered(er, division="440703")
        held = {"organisation": cast.uscc, "kind": "tech_sme", "issued_on": str(er.database.clock.today())}
        await cast.province.make("recognitions", held)
        body = {"kind": "campaign", "title": "暖心行动", "city": "440700",
                "targets": {"select": {"division": ["440704"], "holds": ["tech_sme"]}}}  # fmt: skip
        made = await city(er).make("enterprise-cases", body)
        path = f"enterprise-cases/{made['id']}"
        assert [each["organisation"] for each in (await city(er).read(f"{path}/targets"))["items"]] == [
            cast.uscc
        ]
        more = await city(er).do(path, "add-targets", {"organisations": [other.uscc, cast.uscc]})
        assert more["targets"] == 2
        outside = await county(er, "440704").post(
            "enterprise-cases", body | {"division": "440704", "targets": {"organisations": [other.uscc]}}
        )
        assert outside.json()["errors"][0]["code"] == "organisation_unknown"
        narrow = await county(er, "440704").post("enterprise-cases", body)
        assert narrow.status_code == 403

    async def test_fifty_officers_who_log_the_same_contact_log_it_once(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        body = {"kind": "campaign", "title": "春晓行动", "city": "440700", "division": "440703",
                "targets": {"organisations": [cast.uscc]}}  # fmt: skip
        made = await cast.county.make("enterprise-cases", body)
        officers = [official(er, f"caller-{n}") for n in range(50)]
        contact = {"organisation": cast.uscc, "summary": "电话"}
        path = f"enterprise-cases/{made['id']}"
        answers = await asyncio.gather(*(each.post(f"{path}/log-contact", contact) for each in officers))
        assert sorted(each.status_code for each in answers) == [200] + [409] * 49
        coverage = await cast.county.read(f"{path}/coverage")
        assert (coverage["contacted"], coverage["contacts"], coverage["percent"]) == (1, 1, "100.0")


class TestAttachment:
    async def test_one_official_an_enterprise_and_a_change_moves_what_waits(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        body = {"kind": "attachment", "title": "挂点联系", "organisation": cast.uscc,
                "owner": {"person": "official-a", "post": "区科技局副局长"}}  # fmt: skip
        attached = await cast.county.make("enterprise-cases", body)
        assert (attached["state"], attached["owner_person"]) == ("assigned", "official-a")
        second = await cast.county.post("enterprise-cases", body)
        assert (second.status_code, second.json()["code"]) == (409, "case_exists")
        made = await cast.signatory.make("enterprise-cases", REQUEST)
        assert made["followers"] == ["official-a"]
        path = f"enterprise-cases/{made['id']}"
        await cast.county.do(path, "assign", {"owner": {"person": "official-a"}})
        handed = {"owner": {"person": "official-b", "post": "区科技局局长"}, "reason": "分工调整"}
        await cast.county.do(f"enterprise-cases/{attached['id']}", "assign", handed)
        moved = await cast.county.read(path)
        assert (moved["state"], moved["owner_person"], moved["followers"]) == (
            "assigned", "official-b", ["official-b"])  # fmt: skip
        assert (await waiting(er, made["id"]))["start"]["sight"] == ["person:official-b"]
        assert (await messages(er, made["id"], "case_handed_over"))[0]["recipients"] == [
            "person:official-a", "person:official-b"]  # fmt: skip
        history = (await cast.county.read(f"enterprise-cases/{attached['id']}/history"))["items"]
        owners = [
            each["changes"].get("owner_person") for each in history if "owner_person" in each["changes"]
        ]
        assert owners == ["official-a", "official-b"]

    async def test_of_fifty_attachments_at_once_one_stays(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        body = {"kind": "attachment", "title": "挂点联系", "organisation": cast.uscc}
        officers = [official(er, f"attaching-{n}") for n in range(50)]
        answers = await asyncio.gather(*(each.post("enterprise-cases", body) for each in officers))
        assert sorted(each.status_code for each in answers) == [201] + [409] * 49


class TestTwoAtOnce:
    async def test_of_fifty_officers_who_assign_at_once_one_wins(self, er: ServiceHarness) -> None:
        cast, _, path = await requested(er)
        tag = (await cast.county.get(path)).headers["etag"]
        officers = [official(er, f"assigning-{n}") for n in range(50)]
        answers = await asyncio.gather(
            *(
                each.post(f"{path}/assign", {"owner": {"unit": f"unit-{n}"}}, headers={"If-Match": tag})
                for n, each in enumerate(officers)
            )
        )
        assert sorted(each.status_code for each in answers) == [200] + [412] * 49
        winner = next(each.json() for each in answers if each.status_code == 200)
        assert (await cast.county.read(path))["owner_unit"] == winner["owner_unit"]

    async def test_of_fifty_who_resolve_at_once_one_wins(self, er: ServiceHarness) -> None:
        cast, path, owner = await under_way(er)
        tag = (await owner.get(path)).headers["etag"]
        officers = [official(er, f"resolving-{n}") for n in range(50)]
        answers = await asyncio.gather(
            *(
                each.post(f"{path}/resolve", {"result": f"第{n}人"}, headers={"If-Match": tag})
                for n, each in enumerate(officers)
            )
        )
        statuses = sorted(each.status_code for each in answers)
        assert (statuses[0], set(statuses[1:]) <= {409, 412}) == (200, True)
        unstated = await cast.county.post(f"{path}/close", {"reason": "无 If-Match"})
        assert unstated.status_code == 428


async def test_an_approver_hands_over_and_reads(er: ServiceHarness) -> None:
    """A city's approver reads every case of the city, and assigns."""
    _, made, path = await requested(er)
    assert (await approver(er).read(path))["number"] == made["number"]
    assert (await approver(er).do(path, "assign", {"owner": {"unit": "power"}}))["state"] == "assigned"
