"""Data agreements, policy documents and service items at their edges."""

from datetime import timedelta
from typing import Any

from er_story import approver, city, county, registered

from kechuang.testing import Client, ServiceHarness


def partner(er: ServiceHarness, unit: str = "statistics") -> Client:
    """An officer of the partner."""
    return er.client(roles=["department_officer"], areas=["440700"], unit=unit, subject=f"officer-{unit}")


def agreement(er: ServiceHarness, **more: Any) -> dict[str, Any]:
    """An agreement that covers organisations."""
    today = er.database.clock.today()
    return {
        "city": "440700", "title": "与市统计局共享名录", "partner": "市统计局", "partner_unit": "statistics",
        "purpose": "统计核对", "legal_basis": "《政务数据共享条例》", "condition": "conditional",
        "valid_from": str(today), "valid_to": str(today + timedelta(days=10)),
        "data_sets": [{"data_set": "organisations", "direction": "provide", "fields": ["uscc", "name"]}], **more,
    }  # fmt: skip


class TestAgreement:
    async def test_unknown_sets_and_fields_are_refused_where_they_stand(self, er: ServiceHarness) -> None:
        sets = [{"data_set": "persons", "direction": "provide", "fields": ["x"]},
                {"data_set": "organisations", "direction": "provide", "fields": ["uscc", "legal_representative"]}]  # fmt: skip
        refused = await city(er).post("data-agreements", agreement(er, data_sets=sets))
        assert {each["pointer"]: each["code"] for each in refused.json()["errors"]} == {
            "/data_sets/0/data_set": "data_set_unknown", "/data_sets/1/fields/1": "field_unknown"}  # fmt: skip
        nobody = await city(er).post("data-agreements", agreement(er, partner_unit=None))
        assert nobody.json()["errors"][0]["code"] == "partner_missing"

    async def test_who_drafted_it_does_not_activate_it(self, er: ServiceHarness) -> None:
        made = await city(er, "both").make("data-agreements", agreement(er))
        both = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="both")
        tag = (await both.get(f"data-agreements/{made['id']}")).headers["etag"]
        refused = await both.post(f"data-agreements/{made['id']}/activate", headers={"If-Match": tag})
        assert refused.json()["code"] == "handler_does_not_decide"

    async def test_it_gives_its_fields_to_its_partner_until_it_runs_out(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await city(er).make("data-agreements", agreement(er))
        path = f"data-agreements/{made['id']}"
        await approver(er).do(path, "activate")
        ask = {"data_set": "organisations", "duty": "名录核对"}
        taken = (await partner(er).post(f"{path}/provide", ask)).json()
        names = {each["uscc"]: each["name"] for each in taken["rows"]}
        assert names[cast.uscc] == cast.organisation["name"]
        assert all(set(each) == {"uscc", "name"} for each in taken["rows"])
        rehearsal = await partner(er).post(f"{path}/provide?dry_run=true", ask)
        assert rehearsal.status_code == 200
        # A department of the city sees the agreement and is given nothing; one of another city sees none.
        stranger = await partner(er, "other").post(f"{path}/provide", ask)
        assert (stranger.status_code, "rows" in stranger.json()) == (403, False)
        elsewhere = er.client(roles=["department_officer"], areas=["360400"], unit="elsewhere")
        assert (await elsewhere.post(f"{path}/provide", ask)).status_code == 404
        platform = er.client(roles=["integration"], client_id="elsewhere", subject="elsewhere")
        assert (await platform.post(f"{path}/provide", ask)).json()["code"] == "not_the_partner"
        traced = (await city(er).read(f"{path}/exchanges"))["items"]
        assert [(each["unit"], each["duty"]) for each in traced] == [("statistics", "名录核对")]
        await approver(er).do(path, "suspend", {"reason": "整改"})
        assert (await partner(er).post(f"{path}/provide", ask)).json()["code"] == "state_forbids"
        await approver(er).do(path, "resume", {"reason": "整改完成"})
        await er.at(days=11)
        assert (await partner(er).post(f"{path}/provide", ask)).json()["code"] == "agreement_not_in_force"
        await er.fire_timers()
        assert (await city(er).read(path))["state"] == "ended"


class TestDocument:
    async def test_a_revision_takes_effect_on_its_day_and_one_is_under_way_at_a_time(
        self, er: ServiceHarness
    ) -> None:
        today = er.database.clock.today()
        body = {
            "city": "440700",
            "title": "管理办法",
            "valid_from": str(today),
            "valid_to": str(today + timedelta(days=900)),
        }
        made = await city(er).make("policy-documents", body)
        path = f"policy-documents/{made['id']}"
        await approver(er).do(path, "publish")
        revision = await city(er).do(path, "revise", {"reason": "修订"})
        twice = await city(er).post(f"{path}/revise", {"reason": "再修订"})
        assert twice.json()["code"] == "revision_pending"
        new = f"policy-documents/{revision['id']}"
        tag = (await approver(er).get(new)).headers["etag"]
        undated = await approver(er).post(f"{new}/publish", headers={"If-Match": tag})
        assert undated.json()["code"] == "valid_from_missing"
        starts = today + timedelta(days=5)
        await city(er).patch(new, {"valid_from": str(starts)})
        await approver(er).do(new, "publish")
        assert (await er.client().read(path))["state"] == "published"
        await er.at(days=5)
        await er.fire_timers()
        old = await er.client().read(path)
        assert (old["state"], old["ended_on"]) == ("superseded", str(starts - timedelta(days=1)))

    async def test_an_extended_document_does_not_expire_on_its_former_day(self, er: ServiceHarness) -> None:
        today = er.database.clock.today()
        body = {
            "city": "440700",
            "title": "试行办法",
            "valid_from": str(today),
            "valid_to": str(today + timedelta(days=3)),
        }
        made = await city(er).make("policy-documents", body)
        path = f"policy-documents/{made['id']}"
        await approver(er).do(path, "publish")
        longer = {"valid_to": str(today + timedelta(days=30)), "reason": "评估后继续有效"}
        await approver(er).do(path, "extend", longer)
        await er.at(days=4)
        await er.fire_timers()
        assert (await er.client().read(path))["in_force"] is True
        repealed = await approver(er).do(path, "repeal", {"reason": "上位法修改"})
        assert (repealed["state"], repealed["in_force"]) == ("repealed", False)

    async def test_an_application_under_an_expired_plan_is_warned(self, er: ServiceHarness) -> None:
        plan = (await city(er).read("policy-documents", kind="plan", city="440700"))["items"][0]
        assert plan["origin"] == "jiangmen-test/plan"
        await approver(er).do(f"policy-documents/{plan['id']}", "repeal", {"reason": "规划期结束"})
        cast = await registered(er)
        made = await cast.signatory.make("enterprise-cases", {"kind": "assistance", "title": "融资"})
        assert [each["code"] for each in made["warnings"]] == ["basis_repealed"]
        unknown = await cast.signatory.post(
            "enterprise-cases",
            {"kind": "assistance", "title": "融资", "basis": ["018e0000-0000-7000-8000-000000000009"]},
        )
        assert unknown.json()["errors"][0]["pointer"] == "/basis/0"


async def test_a_case_of_another_city_is_not_reached(er: ServiceHarness) -> None:
    """A county of another city sees neither the case nor its measures."""
    cast = await registered(er)
    body = {"kind": "plan", "title": "一企一策", "organisation": cast.uscc, "steps": [{"title": "增容"}]}
    made = await cast.county.make("enterprise-cases", body)
    other = county(er, "360402")
    assert (await other.get(f"enterprise-cases/{made['id']}")).status_code == 404
    assert (await other.read("enterprise-cases/measures", organisation=cast.uscc))["items"] == []
    mine = await cast.county.read("enterprise-cases/measures", organisation=cast.uscc)
    assert [each["case"]["number"] for each in mine["items"]] == [made["number"]]
    early = await cast.county.post(f"enterprise-cases/{made['id']}/start")
    assert early.json()["code"] == "state_forbids"
