"""Cases on unusual ways: who sets what, late timers, officials who leave, evidence, faults told in full."""

from typing import Any

import pytest
from er_story import city, county, registered

from kechuang.testing import Client, ServiceHarness

CASES = "enterprise-cases"
REQUEST = {"kind": "assistance", "title": "车间扩建用电容量不足"}
CAMPAIGN = {"kind": "campaign", "title": "政策敲门", "city": "440700", "division": "440703"}


def official(er: ServiceHarness, name: str) -> Client:
    """A person who is a county officer."""
    return er.client(
        roles=["county_officer"], areas=["440703"], unit="science-440703", person=name, subject=name
    )


def unit_officer(er: ServiceHarness, unit: str) -> Client:
    """An officer of a department."""
    return er.client(roles=["department_officer"], areas=["440700"], unit=unit, subject=f"officer-{unit}")


def faults(answer: Any) -> dict[str, str]:
    """Pointer → code of a refusal."""
    assert answer.status_code == 422, answer.text
    assert all(each["detail"] for each in answer.json()["errors"])
    return {each["pointer"]: each["code"] for each in answer.json()["errors"]}


class TestOpening:
    async def test_an_enterprise_sets_neither_owner_nor_day_nor_measures(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        stated = {"owner": {"unit": "power"}, "due_on": "2099-01-01", "steps": [{"title": "增容"}]}
        assert faults(await cast.signatory.post(CASES, REQUEST | stated)) == dict.fromkeys(
            ("/owner", "/due_on", "/steps"), "set_by_officers"
        )
        assert (await cast.county.make(CASES, REQUEST | stated | {"organisation": cast.uscc}))[
            "owner_unit"
        ] == "power"

    @pytest.mark.parametrize("division", ["360402", "nowhere"])
    async def test_a_case_lies_in_its_own_city(self, er: ServiceHarness, division: str) -> None:
        officer = er.client(roles=["county_officer"], areas=[division], unit="science")
        assert faults(await officer.post(CASES, CAMPAIGN | {"division": division})) == {
            "/division": "division_unknown"
        }

    async def test_a_campaign_of_a_zone_reaches_the_organisations_of_the_zone(
        self, er: ServiceHarness
    ) -> None:
        inside = await registered(er, division="440704", zones=["jiangmen-hnz"])
        outside = await registered(er, division="440704")
        officer = er.client(roles=["zone_officer"], areas=["jiangmen-hnz"], subject="zone-officer")
        body = CAMPAIGN | {"division": "jiangmen-hnz", "targets": {"select": {"kind": ["enterprise"]}}}
        made = await officer.make(CASES, body)
        listed = {
            each["organisation"] for each in (await officer.read(f"{CASES}/{made['id']}/targets"))["items"]
        }
        assert inside.uscc in listed
        assert outside.uscc not in listed
        named = body | {"targets": {"organisations": [outside.uscc]}}
        assert faults(await officer.post(CASES, named)) == {
            "/targets/organisations/0": "organisation_unknown"
        }

    async def test_conditions_that_nobody_meets_are_told(self, er: ServiceHarness) -> None:
        nobody = {"select": {"chain": ["no-such-chain"]}}
        assert faults(await county(er).post(CASES, CAMPAIGN | {"targets": nobody})) == {
            "/targets/select": "none_selected"
        }

    async def test_nothing_is_opened_for_a_deregistered_enterprise_and_what_is_open_is_closed_by_hand(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        made = await cast.signatory.make(CASES, REQUEST)
        await cast.county.do(f"organisations/{cast.organisation['id']}", "deregister", {"reason": "注销"})
        refused = await cast.county.post(CASES, REQUEST | {"organisation": cast.uscc})
        assert faults(refused) == {"/organisation": "organisation_not_active"}
        closed = await cast.county.do(f"{CASES}/{made['id']}", "close", {"reason": "企业已注销"})
        assert closed["state"] == "closed"

    async def test_another_enterprise_neither_sees_a_case_nor_opens_one(self, er: ServiceHarness) -> None:
        one, other = await registered(er), await registered(er)
        made = await one.signatory.make(CASES, REQUEST)
        path = f"{CASES}/{made['id']}"
        for address in (path, f"{path}/history", f"{path}/actions", f"{path}/contacts"):
            assert (await other.signatory.get(address)).status_code == 404
        assert made["id"] not in {
            each["id"] for each in (await other.signatory.read(CASES, limit=200))["items"]
        }
        foreign = await other.signatory.post(CASES, REQUEST | {"organisation": one.uscc})
        assert foreign.status_code == 403


class TestClerk:
    async def test_a_clerk_without_a_letter_changes_and_escalates_nothing(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await cast.signatory.make(CASES, REQUEST)
        clerk = er.client(roles=["enterprise_clerk"], organisation=cast.uscc, person="no-letter")
        path = f"{CASES}/{made['id']}"
        tag = (await clerk.get(path)).headers["etag"]
        changed = await clerk.http.patch(f"/api/v1/{path}", json={"title": "改"}, headers={"If-Match": tag})
        assert (changed.status_code, changed.json()["code"]) == (403, "authorisation_missing")
        urged = await clerk.post(f"{path}/escalate", {"reason": "催"}, headers={"If-Match": tag})
        assert urged.json()["code"] == "authorisation_missing"


class TestLateTimer:
    async def test_an_act_between_midnight_and_the_timer_hides_no_missed_day(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        made = await cast.signatory.make(CASES, REQUEST)
        path = f"{CASES}/{made['id']}"
        await er.at(days=60)
        changed = await cast.signatory.patch(path, {"title": "用电增容（补充）"})
        assert changed["overdue"] is False
        await er.fire_timers()
        late = await cast.county.read(path)
        assert (late["overdue"], late["escalations"][0]["to"]) == (True, "division")
        told = [each["data"] for each in await er.events("sent") if each["data"]["record"] == made["id"]]
        assert "case_overdue" in {each["template"] for each in told}

    async def test_a_measure_missed_while_another_day_was_is_told_of_too(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        day = str(er.database.clock.today())
        body = REQUEST | {
            "organisation": cast.uscc,
            "steps": [{"title": "勘察", "due_on": day}],
            "due_on": "2099-12-31",
        }
        made = await cast.county.make(CASES, body)
        path = f"{CASES}/{made['id']}"
        await er.at(days=40)
        await er.fire_timers()
        assert (await cast.county.read(path))["overdue_since"] > day
        await cast.county.do(path, "complete-step", {"step": "1", "result": "已勘察"})
        await er.fire_timers()
        since = (await cast.county.read(path))["overdue_since"]
        assert since is not None
        assert since > made["stage_due_on"]


class TestMeasures:
    async def test_the_owner_of_one_measure_does_not_complete_anothers(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        steps = [
            {"title": "勘察", "owner": {"unit": "survey"}},
            {"title": "施工", "owner": {"unit": "works"}},
        ]
        made = await cast.county.make(CASES, REQUEST | {"organisation": cast.uscc, "steps": steps})
        path = f"{CASES}/{made['id']}"
        refused = await unit_officer(er, "survey").post(
            f"{path}/complete-step", {"step": "2", "result": "好"}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "not_the_owner")
        done = await unit_officer(er, "works").do(path, "complete-step", {"step": "2", "result": "好"})
        assert [each["state"] for each in done["steps"]] == ["open", "done"]
        assert [each["state"] for each in (await cast.county.do(path, "complete-step", {
            "step": "1", "outcome": "dropped", "result": "不需要"}))["steps"]] == ["dropped", "done"]  # fmt: skip


class TestOfficialWhoLeaves:
    async def test_measures_move_with_the_official_and_a_closed_attachment_ends_the_view(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        attached = await cast.county.make(CASES, {
            "kind": "attachment", "title": "挂点联系", "organisation": cast.uscc, "owner": {"person": "leaving"}})  # fmt: skip
        steps = [
            {"title": "走访", "owner": {"person": "leaving"}},
            {"title": "施工", "owner": {"unit": "works"}},
        ]
        made = await cast.county.make(CASES, REQUEST | {
            "organisation": cast.uscc, "owner": {"unit": "power"}, "steps": steps})  # fmt: skip
        assert made["followers"] == ["leaving"]
        path = f"{CASES}/{attached['id']}"
        await cast.county.do(path, "assign", {"owner": {"person": "coming"}, "reason": "分工调整"})
        moved = await cast.county.read(f"{CASES}/{made['id']}")
        assert [(each["owner_person"], each["owner_unit"]) for each in moved["steps"]] == [
            ("coming", None), (None, "works")]  # fmt: skip
        assert (moved["owner_unit"], moved["followers"]) == ("power", ["coming"])
        await cast.county.do(path, "close", {"reason": "不再挂点"})
        left = await cast.county.read(f"{CASES}/{made['id']}")
        assert (left["followers"], left["steps"][0]["owner_person"]) == ([], "coming")
        again = await cast.county.make(CASES, {
            "kind": "attachment", "title": "挂点联系", "organisation": cast.uscc, "owner": {"person": "third"}})  # fmt: skip
        assert again["state"] == "assigned"
        assert (await cast.county.read(f"{CASES}/{made['id']}"))["followers"] == ["third"]


class TestEvidence:
    async def test_who_sees_the_case_reads_its_evidence(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        file = (await cast.signatory.attachment(CASES, "photo"))["file"]
        evidence = [{"file": file, "title": "现场照片"}]
        made = await cast.signatory.make(CASES, REQUEST | {"evidence": evidence})
        assert (await cast.county.get(f"files/{file}/content")).status_code == 200
        assert (await (await registered(er)).signatory.get(f"files/{file}/content")).status_code == 404
        used = await cast.signatory.post(CASES, REQUEST | {"evidence": evidence})
        assert faults(used) == {"/evidence/0": "file_unusable"}
        path = f"{CASES}/{made['id']}"
        await cast.county.do(path, "assign", {"owner": {"unit": "power"}})
        owner = unit_officer(er, "power")
        await owner.do(path, "start")
        proof = {"file": (await owner.attachment(CASES, "meter"))["file"], "title": "送电照片"}
        solved = await owner.do(path, "resolve", {"result": "已增容", "evidence": [proof]})
        assert [each["title"] for each in solved["evidence"]] == ["现场照片", "送电照片"]
        assert (await cast.signatory.get(f"files/{proof['file']}/content")).status_code == 200


class TestContacts:
    async def test_every_fault_of_a_contact_is_told_at_once(self, er: ServiceHarness) -> None:
        cast, other = await registered(er), await registered(er)
        made = await cast.county.make(CASES, CAMPAIGN | {"targets": {"organisations": [cast.uscc]}})
        path = f"{CASES}/{made['id']}"
        assert faults(await cast.county.post(f"{path}/log-contact", {"summary": "电话", "on": "2099-01-01"})) == {
            "/organisation": "missing", "/on": "in_future"}  # fmt: skip
        theirs = await other.signatory.make(CASES, REQUEST)
        contact = {"organisation": cast.uscc, "summary": "走访", "led_to": [
            {"resource": "technical-needs", "id": "x"}, {"resource": "poems", "id": "x"},
            {"resource": CASES, "id": theirs["id"]}]}  # fmt: skip
        wrong = {"/led_to/1/resource": "resource_unknown", "/led_to/2/id": "linked_unknown"}
        assert faults(await cast.county.post(f"{path}/log-contact", contact)) == wrong
        await cast.county.do(path, "log-contact", contact | {"led_to": []})
        (logged,) = (await cast.county.read(f"{path}/contacts"))["items"]
        link = {"contact": logged["id"], "led_to": contact["led_to"]}
        assert faults(await cast.county.post(f"{path}/link-contact", link)) == wrong


class TestRepeats:
    async def test_a_repeated_request_gives_one_case_and_a_rehearsal_none(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        headers = {"Idempotency-Key": f"case-{cast.uscc}"}
        first = await cast.signatory.post(CASES, REQUEST, headers=headers)
        again = await cast.signatory.post(CASES, REQUEST, headers=headers)
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        other = await cast.signatory.post(CASES, REQUEST | {"title": "别的"}, headers=headers)
        assert other.status_code == 422
        path = f"{CASES}/{first.json()['id']}"
        tag = (await cast.county.get(path)).headers["etag"]
        rehearsal = await cast.county.post(
            f"{path}/assign?dry_run=true", {"owner": {"unit": "power"}}, headers={"If-Match": tag}
        )
        assert rehearsal.status_code == 200
        assert (await cast.county.read(path))["state"] == "open"

    async def test_many_are_assigned_at_once_each_with_its_own_answer(self, er: ServiceHarness) -> None:
        """An official leaves: what waits is given to another one in one request."""
        cast = await registered(er)
        made = [await cast.signatory.make(CASES, REQUEST) for _ in range(3)]
        closed = made[2]["id"]
        await cast.county.do(f"{CASES}/{closed}", "close", {"reason": "企业撤回"})
        answer = await city(er).post(
            f"{CASES}/bulk/assign",
            {"items": [{"id": each["id"], "version": each["version"]} for each in made],
             "body": {"owner": {"unit": "power"}}},
            headers={"Idempotency-Key": f"bulk-{cast.uscc}"},
        )  # fmt: skip
        answers = answer.json()
        assert (answers["done"], answers["refused"]) == (2, 1)
        assert answers["items"][2]["problem"]["code"] == "state_forbids"
        owned = (await unit_officer(er, "power").read(CASES, owner_unit="power", organisation=cast.uscc))[
            "items"
        ]
        assert {each["id"] for each in owned} == {each["id"] for each in made[:2]}
