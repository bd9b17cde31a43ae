"""Rows about cases: assistance, plans, visits, campaigns, support actions, attached officials, the fast lane."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import City

POWER = "pengjiang-power"


async def test_jj_02_an_action_of_the_rung_is_assigned_and_its_result_logged(city: "City") -> None:
    """JJ-02: open an enterprise, see the actions of its rung, assign one and log its result."""
    enterprise = await city.enterprise(division="360402")
    today = str(await city.today())
    jiujiang = city.as_("other_city_officer")
    await jiujiang.make(
        "recognitions", {"organisation": enterprise.uscc, "kind": "tech_sme", "issued_on": today}
    )
    offers = await enterprise.county.read(f"organisations/{enterprise.record['id']}/support-actions")
    offered = {each["name_zh"]: each["action"] for each in offers["items"]}
    assert set(offered) == {"孵化育苗"}
    opened = await enterprise.county.make(
        "enterprise-cases",
        {"kind": "rung_action", "title": "孵化育苗：知识产权辅导", "organisation": enterprise.uscc,
         "action": offered["孵化育苗"], "owner": {"unit": "science-360402", "post": "区科技局"}},
    )  # fmt: skip
    path = f"enterprise-cases/{opened['id']}"
    assert (opened["state"], opened["owner_unit"]) == ("assigned", "science-360402")
    await enterprise.county.do(path, "start")
    await enterprise.county.do(path, "log-contact", {"summary": "上门辅导专利布局。"})
    done = await enterprise.county.do(path, "resolve", {"result": "辅导申请发明专利两件。"})
    assert (done["state"], done["result"], done["contacted"]) == ("resolved", "辅导申请发明专利两件。", 1)
    again = await enterprise.county.read(f"organisations/{enterprise.record['id']}/support-actions")
    assert again["items"][0]["under_way"]["number"] == opened["number"]
    other = {
        "kind": "rung_action",
        "title": "壮苗",
        "organisation": enterprise.uscc,
        "action": "appointed_strengthening",
    }
    refused = await enterprise.county.post("enterprise-cases", other)
    assert refused.json()["errors"][0]["code"] == "action_unknown"


async def test_jm_05_a_plan_has_measures_visits_and_overdue_ones_are_listed(city: "City") -> None:
    """JM-05: write a plan of measures with owner and due date, log each visit, and list overdue measures."""
    enterprise = await city.enterprise()
    today = await city.today()
    body: dict[str, Any] = {
        "kind": "plan", "title": "一企一策", "organisation": enterprise.uscc,
        "owner": {"unit": "science-440703"},
        "steps": [
            {"title": "用电增容", "due_on": str(today + timedelta(days=3)), "owner": {"unit": POWER}},
            {"title": "贷款对接", "due_on": str(today + timedelta(days=40))},
        ],
    }  # fmt: skip
    plan = await enterprise.county.make("enterprise-cases", body)
    path = f"enterprise-cases/{plan['id']}"
    await enterprise.county.do(path, "start")
    for summary in ("上门了解用电情况。", "再次上门核对负荷。"):
        await enterprise.county.do(path, "log-contact", {"way": "visit", "summary": summary})
    visits = (await enterprise.county.read(f"{path}/contacts"))["items"]
    assert [each["summary"] for each in visits] == ["上门了解用电情况。", "再次上门核对负荷。"]
    none = await enterprise.county.read(
        "enterprise-cases", kind="plan", overdue="true", organisation=enterprise.uscc
    )
    assert none["items"] == []
    await city.advance(days=4)
    late = await enterprise.county.read(
        "enterprise-cases", kind="plan", overdue="true", organisation=enterprise.uscc
    )
    assert [step["title"] for each in late["items"] for step in each["steps"] if step["overdue"]] == [
        "用电增容"
    ]
    measures = await enterprise.county.read(
        "enterprise-cases/measures", overdue="true", organisation=enterprise.uscc
    )
    assert [(each["title"], each["owner_unit"]) for each in measures["items"]] == [("用电增容", POWER)]
    await enterprise.county.do(path, "complete-step", {"step": "1", "result": "已增容。"})
    assert (await enterprise.county.read(path))["overdue"] is False


async def test_jm_06_a_request_is_solved_and_confirmed_and_late_ones_are_listed(city: "City") -> None:
    """JM-06: file a request, assign it to a unit, resolve it and have the enterprise confirm; late ones are listed."""
    enterprise = await city.enterprise()
    request = {"kind": "assistance", "title": "车间扩建用电容量不足", "content": "请协调供电部门增容。"}
    first = await enterprise.signatory.make("enterprise-cases", request)
    second = await enterprise.signatory.make("enterprise-cases", request | {"title": "员工子女入学"})
    path = f"enterprise-cases/{first['id']}"
    await enterprise.county.do(path, "assign", {"owner": {"unit": POWER, "post": "区供电局"}})
    unit = city.as_("department_officer", area="440703", unit=POWER)
    await unit.do(path, "start")
    resolved = await unit.do(path, "resolve", {"result": "已增容 800 kVA。"})
    assert resolved["state"] == "resolved"
    confirmed = await enterprise.signatory.do(path, "confirm", {"satisfaction": 5})
    assert confirmed["state"] == "confirmed"
    late = await enterprise.county.read("enterprise-cases", overdue="true", organisation=enterprise.uscc)
    assert late["items"] == []
    await city.advance(days=60)
    late = await enterprise.county.read("enterprise-cases", overdue="true", organisation=enterprise.uscc)
    assert [each["id"] for each in late["items"]] == [second["id"]]
    assert [each["to"] for each in late["items"][0]["escalations"]] == ["division", "city"]


async def test_jg_04_a_campaign_contacts_each_target_once_and_tells_its_coverage(city: "City") -> None:
    """JG-04: targets, contacts recorded once each, coverage, and what each contact led to."""
    one, two, three = [await city.enterprise(division="440704") for _ in range(3)]
    body = {"kind": "campaign", "title": "政策敲门", "city": "440700", "division": "440704",
            "targets": {"organisations": [one.uscc, two.uscc, three.uscc]}, "owner": {"unit": "science-440704"}}  # fmt: skip
    campaign = await one.county.make("enterprise-cases", body)
    path = f"enterprise-cases/{campaign['id']}"
    need = await two.signatory.make("enterprise-cases", {"kind": "assistance", "title": "缺流动资金"})
    await one.county.do(path, "log-contact", {"organisation": one.uscc, "summary": "宣讲高企政策。"})
    led = [{"resource": "enterprise-cases", "id": need["id"]}]
    await one.county.do(
        path, "log-contact", {"organisation": two.uscc, "summary": "了解诉求。", "led_to": led}
    )
    twice = await one.county.post(f"{path}/log-contact", {"organisation": two.uscc, "summary": "再访。"})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_contacted")
    coverage = await one.county.read(f"{path}/coverage")
    assert (coverage["targets"], coverage["contacted"], coverage["percent"]) == (3, 2, "66.7")
    assert coverage["led_to"] == [{"resource": "enterprise-cases", "contacts": 1, "records": 1}]
    contacts = (await one.county.read(f"{path}/contacts"))["items"]
    assert {each["organisation"]: [ref["number"] for ref in each["led_to"]] for each in contacts} == {
        one.uscc: [], two.uscc: [need["number"]]}  # fmt: skip


async def test_jj_03_one_official_an_enterprise_and_a_change_moves_the_work(city: "City") -> None:
    """JJ-03: each listed enterprise has one named official; a change keeps history and moves the work list."""
    enterprise = await city.enterprise(division="360402")
    former = city.as_("county_officer", person="person-attached-a", area="360402", unit="industry-360402")
    latter = city.as_("county_officer", person="person-attached-b", area="360402", unit="industry-360402")
    body = {"kind": "attachment", "title": "挂点联系", "organisation": enterprise.uscc,
            "owner": {"person": "person-attached-a", "post": "区工信局副局长"}}  # fmt: skip
    attached = await enterprise.county.make("enterprise-cases", body)
    second = await enterprise.county.post("enterprise-cases", body)
    assert (second.status_code, second.json()["code"]) == (409, "case_exists")
    request = await enterprise.signatory.make("enterprise-cases", {"kind": "assistance", "title": "用工紧缺"})
    path = f"enterprise-cases/{request['id']}"
    await enterprise.county.do(path, "assign", {"owner": {"person": "person-attached-a"}})
    await enterprise.county.do(
        f"enterprise-cases/{attached['id']}", "assign",
        {"owner": {"person": "person-attached-b", "post": "区工信局局长"}, "reason": "分工调整"},
    )  # fmt: skip
    mine = {"owner_person": "person-attached-b", "state": "assigned"}
    assert {each["id"] for each in (await latter.read("enterprise-cases", **mine))["items"]} == {
        attached["id"], request["id"]}  # fmt: skip
    left = await former.read("enterprise-cases", owner_person="person-attached-a")
    assert left["items"] == []
    history = (await enterprise.county.read(f"enterprise-cases/{attached['id']}/history"))["items"]
    assert [each["changes"]["owner_post"] for each in history if "owner_post" in each["changes"]] == [
        "区工信局副局长", "区工信局局长"]  # fmt: skip
    assert history[-1]["note"] == "分工调整"


async def test_jm_24_a_case_and_an_application_in_the_fast_lane_go_first_with_a_trace(city: "City") -> None:
    """JM-24: mark an item for the fast lane with reason; it moves up the queue and leaves a trace."""
    enterprise = await city.enterprise()
    made = [
        await enterprise.signatory.make("enterprise-cases", {"kind": "assistance", "title": title})
        for title in ("第一件", "第二件")
    ]
    path = f"enterprise-cases/{made[1]['id']}"
    fast = await enterprise.county.do(path, "expedite", {"reason": "影响重大项目投产"})
    assert (fast["fast_lane"], fast["due_on"] < made[0]["due_on"]) == (True, True)
    queue = await enterprise.county.read("enterprise-cases", sort="queue", organisation=enterprise.uscc)
    assert [each["id"] for each in queue["items"]] == [made[1]["id"], made[0]["id"]]
    history = (await enterprise.county.read(f"{path}/history"))["items"][-1]
    assert (history["verb"], history["note"]) == ("expedite", "影响重大项目投产")
    applications = [await _submitted(city) for _ in range(2)]
    county = city.as_("county_officer", area="440705")
    last = f"applications/{applications[1]['id']}"
    hurried = await county.do(last, "expedite", {"reason": "省重点建设项目配套企业"})
    assert hurried["fast_lane_reason"] == "省重点建设项目配套企业"
    listed = await county.read("applications", sort="queue", state="submitted")
    assert [each["id"] for each in listed["items"]][:2] == [applications[1]["id"], applications[0]["id"]]
    trace = (await county.read(f"{last}/history"))["items"][-1]
    assert (trace["verb"], trace["note"]) == ("expedite", "省重点建设项目配套企业")


async def _submitted(city: "City") -> dict[str, Any]:
    """An application handed in by a new enterprise of its own county."""
    enterprise = await city.enterprise(division="440705")
    now = await city.now()
    officer = city.as_("city_officer")
    window = await officer.make(
        "application-windows",
        {"title": "科技型企业申报", "target": "hnte", "city": "440700", "opens_at": now.isoformat(),
         "closes_at": (now + timedelta(days=30)).isoformat()},
    )  # fmt: skip
    await city.settle()  # it opens by itself at its instant
    made = await enterprise.signatory.make("applications", {"window": window["id"]})
    return await enterprise.signatory.do(f"applications/{made['id']}", "submit")
