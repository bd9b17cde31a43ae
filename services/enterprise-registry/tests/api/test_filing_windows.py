"""Filing windows and their rosters: who is due, who has filed, who is late, who is missing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from er_story import Cast, city, county, filed, registered

from kechuang.testing import ServiceHarness

FORM = {"form": "enterprise_annual"}


async def planned(
    er: ServiceHarness, roster: Any, *, days: float = 10, period: str = "2023", **more: Any
) -> Any:
    """A window planned from tomorrow on."""
    now = er.database.clock.now()
    body = {
        "title": "年度数据填报", **FORM, "period": period, "city": "440700",
        "opens_at": (now + timedelta(days=1)).isoformat(),
        "due_at": (now + timedelta(days=1 + days)).isoformat(), "roster": roster, **more,
    }  # fmt: skip
    return await city(er).make("filing-windows", body)


async def opened(er: ServiceHarness, roster: Any, **more: Any) -> str:
    """A window that is open now; gives its address."""
    made = await planned(er, roster, **more)
    path = f"filing-windows/{made['id']}"
    await city(er).do(path, "open")
    return path


async def standing(er: ServiceHarness, path: str, cast: Cast) -> dict[str, Any]:
    """An enterprise's own entry, as it sees it."""
    found = (await cast.signatory.read(f"{path}/roster"))["items"]
    return found[0] if found else {}


@pytest.fixture
async def firms(er: ServiceHarness) -> list[Cast]:
    return [await registered(er) for _ in range(3)]


async def test_a_given_list_becomes_due_when_the_window_opens(er: ServiceHarness, firms: list[Cast]) -> None:
    made = await planned(er, {"organisations": [each.uscc for each in firms]})
    assert (made["roster"]["listed"], made["due_at_opening"]) == (3, None)
    path = f"filing-windows/{made['id']}"
    listed = await city(er).read(f"{path}/roster", include="total")
    assert ({each["state"] for each in listed["items"]}, listed["total"]["value"]) == ({"listed"}, 3)
    # The list itself is nobody's but its officers': the window is public once it is open.
    assert not any(each.uscc in str(made) for each in firms)
    await er.at(days=1)
    await er.fire_timers()
    now = await city(er).read(path)
    assert (now["state"], now["due_at_opening"], now["is_open"]) == ("open", 3, True)
    assert (await standing(er, path, firms[0]))["state"] == "due"


async def test_a_list_names_verified_organisations_of_the_areas_only(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    unknown = await registered(er, active=False)
    now = er.database.clock.now()
    body = {
        "title": "x", **FORM, "period": "2023", "city": "440700", "opens_at": now.isoformat(),
        "due_at": (now + timedelta(days=1)).isoformat(),
        "roster": {"organisations": [firms[0].uscc, unknown.uscc]},
    }  # fmt: skip
    refused = (await city(er).post("filing-windows", body)).json()
    assert [(e["pointer"], e["code"]) for e in refused["errors"]] == [
        ("/roster/organisations/1", "organisation_unknown")
    ]
    elsewhere = await city(er).post(
        "filing-windows", body | {"areas": ["440704"], "roster": {"organisations": [firms[0].uscc]}}
    )
    assert elsewhere.json()["errors"][0]["code"] == "organisation_unknown"
    wrong = await city(er).post("filing-windows", body | {"areas": ["360400"], "roster": None})
    assert wrong.json()["errors"][0]["pointer"] == "/areas/0"
    both = await city(er).post(
        "filing-windows", body | {"roster": {"organisations": [firms[0].uscc], "kinds": ["enterprise"]}}
    )
    assert both.status_code == 422
    shape = await city(er).post("filing-windows", body | {"roster": None, "period": "2023Q1"})
    assert shape.json()["errors"][0]["code"] == "period_format"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, {"plain", "large", "above", "institute", "before"}),
        ({"kinds": ["enterprise"]}, {"plain", "large", "above", "before"}),
        ({"kinds": ["enterprise"], "scales": ["large", "medium"]}, {"large"}),
        ({"above_scale": True}, {"above"}),
        ({"filed_before": True}, {"before"}),
        ({"kinds": ["enterprise"], "filed_before": False}, {"plain", "large", "above"}),
        ({"industries": ["35"]}, {"above"}),
        ({"holds": ["hnte"]}, set()),
    ],
)
async def test_a_rule_says_who_is_due(er: ServiceHarness, rule: dict[str, Any], expected: set[str]) -> None:
    zone: dict[str, Any] = {"division": "440704", "zones": ["jiangmen-hnz"]}
    cast = {
        "plain": await registered(er, **zone),
        "large": await registered(er, **zone, scale="large"),
        "above": await registered(er, **zone, industry="35", facts={"above_scale": True}),
        "institute": await registered(er, **zone, kind="research_institute"),
        "before": await registered(er, **zone),
        "unverified": await registered(er, **zone, active=False),
        "outside the zone": await registered(er, division="440704", scale="large"),
    }
    await filed(cast["before"], 2022)
    path = await opened(er, rule, areas=["jiangmen-hnz"])
    officer = city(er)
    due = set()
    cursor: dict[str, str] = {}
    while True:
        page = await officer.read(f"{path}/roster", limit="200", **cursor)
        due |= {each["organisation"] for each in page["items"]}
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    names = {each.uscc: name for name, each in cast.items()}
    assert {names[each] for each in due if each in names} == expected


async def test_an_entry_follows_its_filing_step_by_step(er: ServiceHarness, firms: list[Cast]) -> None:
    path = await opened(er, {"organisations": [firms[0].uscc]})
    cast = firms[0]
    made = await filed(cast, 2023, verified=False)
    # The enterprise named no window: the roster that waits for the form is found.
    assert made["window"] == path.partition("/")[2]
    here = await standing(er, path, cast)
    assert (here["state"], here["late"], here["filing"]["id"]) == ("filed", False, made["id"])
    item = {"pointer": "/facts/rd_expense", "label": "研发费用", "reason": "请核对"}
    await cast.county.do(f"filings/{made['id']}", "return", {"items": [item]})
    assert (await standing(er, path, cast))["state"] == "returned"
    await cast.signatory.do(f"filings/{made['id']}", "submit")
    await cast.county.do(f"filings/{made['id']}", "verify")
    here = await standing(er, path, cast)
    assert (here["state"], here["verified_on"]) == ("verified", str(er.database.clock.today()))
    correction = await cast.signatory.do(f"filings/{made['id']}", "correct", {"reason": "审计调整"})
    await cast.signatory.do(f"filings/{correction['id']}", "submit")
    assert (await standing(er, path, cast))["filing"]["id"] == made["id"]
    await cast.county.do(f"filings/{correction['id']}", "verify")
    assert (await standing(er, path, cast))["filing"]["id"] == correction["id"]


async def test_what_was_filed_before_the_opening_counts_and_what_is_withdrawn_is_due_again(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    early, taken_back, _ = firms
    await filed(early, 2023)
    path = await opened(er, {"organisations": [early.uscc, taken_back.uscc]})
    assert (await standing(er, path, early))["state"] == "verified"
    made = await filed(taken_back, 2023, verified=False)
    assert (await standing(er, path, taken_back))["state"] == "filed"
    await taken_back.signatory.do(f"filings/{made['id']}", "withdraw")
    here = await standing(er, path, taken_back)
    assert (here["state"], here["filing"], here["submitted_on"]) == ("due", None, None)


async def test_the_close_marks_the_missing_and_what_comes_after_is_late(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    in_time, late, missing = firms
    path = await opened(er, {"organisations": [each.uscc for each in firms]}, days=5)
    await filed(in_time, 2023)
    await er.at(days=7)
    await er.fire_timers()
    closed = await city(er).read(path)
    assert closed["state"] == "closed"
    kept = {name: closed["counts_at_close"][name] for name in ("verified", "missing", "due", "total")}
    assert kept == {"verified": 1, "missing": 2, "due": 0, "total": 3}
    made = await filed(late, 2023, verified=False)
    assert (made["late"], made["window"]) == (True, path.partition("/")[2])
    here = await standing(er, path, late)
    assert (here["state"], here["late"]) == ("filed", True)
    assert (await standing(er, path, missing))["state"] == "missing"
    counts = await city(er).read(f"{path}/roster/counts")
    assert {name: counts[name] for name in ("verified", "filed", "missing", "late")} == {
        "verified": 1, "filed": 1, "missing": 1, "late": 1
    }  # fmt: skip
    only_late = await city(er).read(f"{path}/roster", late="true")
    assert [each["organisation"] for each in only_late["items"]] == [late.uscc]
    # A correction after the end is allowed, with its reason, and is no late filing.
    first = (await in_time.signatory.read("filings", form="enterprise_annual", period="2023"))["items"][0]
    correction = await in_time.signatory.do(f"filings/{first['id']}", "correct", {"reason": "审计调整"})
    assert (await in_time.signatory.do(f"filings/{correction['id']}", "submit"))["late"] is False
    await city(er).do(path, "conclude")
    refused = await missing.signatory.post(
        "filings", {**FORM, "period": "2023", "window": path.partition("/")[2]}
    )
    assert refused.json()["code"] == "window_not_open"
    # What the window had taken before still moves its roster; what comes afterwards does not.
    await late.county.do(f"filings/{made['id']}", "verify")
    assert (await standing(er, path, late))["state"] == "verified"
    await filed(missing, 2023)
    assert (await standing(er, path, missing))["state"] == "missing"


async def test_an_extension_moves_the_last_instant_with_its_reason(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    path = await opened(er, {"organisations": [firms[0].uscc]}, days=3)
    window = await city(er).read(path)
    sooner = await city(er).post(f"{path}/extend", {"due_at": window["opens_at"], "reason": "误填"})
    assert sooner.json()["errors"][0]["pointer"] == "/due_at"
    later = er.database.clock.now() + timedelta(days=9)
    await city(er).do(path, "extend", {"due_at": later.isoformat(), "reason": "应企业要求延期"})
    await er.at(days=5)
    await er.fire_timers()
    assert (await city(er).read(path))["state"] == "open"
    made = await filed(firms[0], 2023, verified=False)
    assert made["late"] is False
    said = (await city(er).read(f"{path}/history"))["items"]
    assert any((each["verb"], each["note"]) == ("extend", "应企业要求延期") for each in said)
    await er.at(days=5)
    await er.fire_timers()
    assert (await city(er).read(path))["state"] == "closed"


def reminders(events: list[dict[str, Any]], window: str) -> list[str]:
    """Who was sent a reminder of the window, one entry a message and recipient."""
    return [
        who
        for each in events
        if each["subject"] == window and each["data"].get("template", "").startswith("filing_window_")
        for who in each["data"]["recipients"]
    ]


async def test_a_reminder_goes_to_each_who_is_still_due_once_a_day(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    other = await registered(er, division="440704")
    path = await opened(
        er, {"organisations": [*(each.uscc for each in firms), other.uscc]}, remind_days_before=[]
    )
    window = path.partition("/")[2]
    await filed(firms[0], 2023, verified=False)
    mine = county(er, "440703")
    first = await mine.do(path, "remind")
    assert [(each["count"], each["by"]) for each in first["reminders"]] == [(2, "officer")]
    # The county's reminder stays in the county; the city's goes to the rest, and nobody is told twice a day.
    second = await city(er).do(path, "remind")
    assert [each["count"] for each in second["reminders"]] == [2, 1]
    assert (await city(er).do(path, "remind"))["version"] == second["version"]
    sent = reminders(await er.events("sent"), window)
    assert sorted(sent) == sorted(f"owner:{each.uscc}" for each in (firms[1], firms[2], other))
    await er.at(days=1)
    await mine.do(path, "remind")
    assert len(reminders(await er.events("sent"), window)) == 5
    assert (await standing(er, path, firms[1]))["reminders"] == 2
    assert (await firms[1].signatory.post(f"{path}/remind")).status_code == 403


async def test_reminders_come_by_themselves_before_the_last_day(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    path = await opened(er, {"organisations": [firms[0].uscc]}, days=9, remind_days_before=[7, 1])
    window = path.partition("/")[2]
    for _ in range(4):
        await er.at(days=1)
        await er.fire_timers()
    assert len(reminders(await er.events("sent"), window)) == 1
    window_now = await city(er).read(path)
    assert [each["by"] for each in window_now["reminders"]] == ["timer"]
    # Extended, the reminder of the old last day does nothing and the new one comes.
    later = er.database.clock.now() + timedelta(days=20)
    await city(er).do(path, "extend", {"due_at": later.isoformat(), "reason": "延期"})
    await er.at(days=7)
    await er.fire_timers()
    assert len(reminders(await er.events("sent"), window)) == 1
    await er.at(days=8)
    await er.fire_timers()
    assert len(reminders(await er.events("sent"), window)) == 2


async def test_officers_see_their_area_enterprises_themselves_others_nothing(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    other = await registered(er, division="440704")
    path = await opened(er, {"organisations": [firms[0].uscc, firms[1].uscc, other.uscc]})
    seen = {
        area: {each["organisation"] for each in (await county(er, area).read(f"{path}/roster"))["items"]}
        for area in ("440703", "440704", "440705")
    }
    assert seen == {"440703": {firms[0].uscc, firms[1].uscc}, "440704": {other.uscc}, "440705": set()}
    assert [each["organisation"] for each in (await other.signatory.read(f"{path}/roster"))["items"]] == [
        other.uscc
    ]
    assert (await county(er, "440704").read(f"{path}/roster/counts"))["total"] == 1
    whole = await city(er).read(f"{path}/roster/counts")
    assert {each["division"]: each["due"] for each in whole["divisions"]} == {"440703": 2, "440704": 1}
    assert (await er.client().get(f"{path}/roster")).status_code == 401
    file = await county(er, "440704").get(f"{path}/roster/export", params={"format": "csv"})
    assert file.content.startswith(b"\xef\xbb\xbf")
    assert (other.uscc in file.text, firms[0].uscc in file.text, "应报未报" in file.text) == (
        True,
        False,
        True,
    )
    xlsx = await city(er).get(f"{path}/roster/export", params={"format": "xlsx"})
    assert xlsx.content[:2] == b"PK"
    wrong = await city(er).get(f"{path}/roster", params={"state": "gone"})
    assert wrong.json()["errors"][0]["code"] == "state_unknown"
    named = await city(er).read(
        f"{path}/roster", q=other.organisation["name"][:12], limit="1", include="total"
    )
    assert named["total"]["value"] >= 1


async def test_a_planned_window_is_changed_as_a_whole(er: ServiceHarness, firms: list[Cast]) -> None:
    made = await planned(er, {"organisations": [firms[0].uscc]})
    path = f"filing-windows/{made['id']}"
    changed = await city(er).patch(
        path, {"title": "改名", "roster": {"organisations": [firms[1].uscc]}, "remind_days_before": [3]}
    )
    assert (changed["title"], changed["remind_days_before"]) == ("改名", [3])
    listed = (await city(er).read(f"{path}/roster"))["items"]
    assert [each["organisation"] for each in listed] == [firms[1].uscc]
    await city(er).patch(path, {"roster": None})
    await city(er).do(path, "open")
    assert (await city(er).read(f"{path}/roster"))["items"] == []
    again = await city(er).get(path)
    late_change = await city(er).http.patch(
        f"/api/v1/{path}", json={"title": "x"}, headers={"If-Match": again.headers["etag"]}
    )
    assert late_change.status_code == 409


async def test_filings_and_the_close_at_once_leave_no_entry_between(er: ServiceHarness) -> None:
    """Each entry is filed or missing, never due, however submissions and the close meet."""
    casts = [await registered(er) for _ in range(12)]
    path = await opened(er, {"organisations": [each.uscc for each in casts]})
    drafts = [
        await each.signatory.make(
            "filings",
            {**FORM, "period": "2023", "facts": {"employees": 9, "st_staff": 1, "operating_revenue": "1.00",
                                                "sales_revenue": "1.00", "rd_expense": "1.00"}},
        )
        for each in casts
    ]  # fmt: skip
    submits = [
        each.signatory.post(f"filings/{made['id']}/submit") for each, made in zip(casts, drafts, strict=True)
    ]
    tag = (await city(er).get(path)).headers["etag"]
    close = city(er).post(f"{path}/close", {"reason": "提前截止"}, headers={"If-Match": tag})
    answers = await asyncio.gather(*submits[:6], close, *submits[6:])
    assert {each.status_code for each in answers} == {200}
    counts = await city(er).read(f"{path}/roster/counts")
    assert (counts["due"], counts["filed"], counts["total"]) == (0, 12, 12)


async def test_the_missing_are_reminded_after_the_close_and_the_deregistered_owe_nothing(
    er: ServiceHarness, firms: list[Cast]
) -> None:
    path = await opened(er, {"organisations": [each.uscc for each in firms]}, days=2)
    window = path.partition("/")[2]
    await firms[0].county.do(f"organisations/{firms[0].organisation['id']}", "deregister", {"reason": "注销"})
    await city(er).do(path, "close", {"reason": "提前截止"})
    counts = await city(er).read(f"{path}/roster/counts")
    assert (counts["dropped"], counts["missing"]) == (1, 2)
    await city(er).do(path, "remind")
    sent = [
        each["data"]
        for each in await er.events("sent")
        if each["subject"] == window and each["data"].get("template") == "filing_window_missing"
    ]
    assert sorted(who for each in sent for who in each["recipients"]) == sorted(
        f"owner:{each.uscc}" for each in firms[1:]
    )
    assert "逾期未报" in sent[0]["subject_zh"]
    assert "{" not in sent[0]["body_zh"] + sent[0]["body_en"]


async def test_windows_are_found_by_form_and_period(er: ServiceHarness) -> None:
    made = await planned(er, None, period="2019")
    found = (await city(er).read("filing-windows", form="enterprise_annual", period="2019"))["items"]
    assert [each["id"] for each in found] == [made["id"]]
    assert (await city(er).read("filing-windows", form="rd_activity_annual", period="2019"))["items"] == []
