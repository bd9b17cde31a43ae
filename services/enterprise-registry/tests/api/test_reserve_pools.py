"""Reserve pools through the real application and a real database."""

import json
from datetime import timedelta
from random import Random
from typing import Any

from er_story import city, county, integration, registered
from selection_story import at_once

from kechuang.ids import new_id
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness

MEMBER = {"pool": "hnte_reserve", "reason": "近两年研发费用占比达标。"}


async def counted(er: ServiceHarness, pool: str = "hnte_reserve", **params: str) -> dict[str, Any]:
    """A pool's counts for anybody."""
    found = await er.client().read("reserve-pool-counts", city="440700", **params)
    blank = {"members": 0, "joined": 0, "converted": 0, "left": 0}
    return next((each for each in found["items"] if each["pool"] == pool), blank)


class TestJoining:
    async def test_in_for_a_rung_with_a_reason_and_only_once(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await cast.county.make("reserve-pool-members", MEMBER | {"organisation": cast.uscc})
        assert (made["state"], made["rung"], made["node"]) == ("joined", "hnte", "national-hnte/hnte")
        again = await cast.county.post("reserve-pool-members", MEMBER | {"organisation": cast.uscc})
        assert (again.status_code, again.json()["code"]) == (409, "already_member")
        assert again.json()["existing"]["id"] == made["id"]
        told = [e["data"] for e in await er.events("joined") if e["subject"] == made["id"]]
        assert [(each["pool"], each["rung"], each["joined_on"]) for each in told] == [
            ("hnte_reserve", "hnte", made["joined_on"])
        ]

    async def test_what_does_not_fit_is_refused(self, er: ServiceHarness) -> None:
        cast = await registered(er)

        async def refused(**more: str) -> tuple[int, str]:
            body = MEMBER | {"organisation": cast.uscc} | more
            answer = (await cast.county.post("reserve-pool-members", body)).json()
            return answer["status"], (answer["errors"][0] if "errors" in answer else answer)["code"]

        assert await refused(pool="nothing") == (422, "pool_unknown")
        assert await refused(rung="tech_micro") == (422, "other_rung")
        assert await refused(pool="ladder_reserve") == (422, "rung_needed")
        assert await refused(pool="ladder_reserve", rung="unicorn") == (422, "node_unknown")
        assert await refused(joined_on="2099-01-01") == (422, "in_the_future")
        today = str(er.database.clock.today())
        await cast.province.make(
            "recognitions", {"organisation": cast.uscc, "kind": "hnte", "issued_on": today}
        )
        assert await refused() == (409, "already_holds_rung")

    async def test_who_may_do_what(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        body = MEMBER | {"organisation": cast.uscc}
        for client in (cast.signatory, county(er, "440704"), cast.approver, er.client()):
            assert (await client.post("reserve-pool-members", body)).status_code in (401, 403)
        made = await cast.county.make("reserve-pool-members", body)
        path = f"reserve-pool-members/{made['id']}"
        assert (await cast.signatory.read(path))["reason"] == MEMBER["reason"]
        other = await registered(er)
        assert (await other.signatory.get(path)).status_code == 404
        assert (await county(er, "440704").get(path)).status_code == 404
        assert (await cast.signatory.post(f"{path}/leave", {"reason": "x"})).status_code == 403

    async def test_fifty_put_it_in_at_once_and_it_is_in_once(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        body = MEMBER | {"organisation": cast.uscc}
        answers = await at_once(*(cast.county.post("reserve-pool-members", body) for _ in range(50)))
        assert sorted(status for status, _ in answers) == [201] + [409] * 49
        assert {each["code"] for status, each in answers if status == 409} == {"already_member"}


class TestGoingOut:
    async def test_recognised_for_the_rung_it_graduates_in_the_same_act(self, er: ServiceHarness) -> None:
        """JJ-01: on recognition it leaves the pool and counts as converted."""
        cast = await registered(er)
        before = await counted(er)
        pooled = await cast.county.make("reserve-pool-members", MEMBER | {"organisation": cast.uscc})
        ladder = await cast.county.make(
            "reserve-pool-members",
            {
                "organisation": cast.uscc,
                "pool": "ladder_reserve",
                "rung": "tech_micro",
                "reason": "成长性好。",
            },
        )
        during = await counted(er)
        assert during["members"] == before["members"] + 1
        assert (during["target"], during["reached"]) == (2, during["members"] >= 2)
        today = er.database.clock.today()
        recognised = await cast.province.make(
            "recognitions", {"organisation": cast.uscc, "kind": "hnte", "issued_on": str(today)}
        )
        out = await cast.county.read(f"reserve-pool-members/{pooled['id']}")
        assert (out["state"], out["recognition"], out["out_on"]) == (
            "graduated",
            recognised["id"],
            str(today),
        )
        assert (await cast.county.read(f"reserve-pool-members/{ladder['id']}"))["state"] == "joined"
        after = await counted(er)
        assert (after["members"], after["converted"]) == (before["members"], before["converted"] + 1)
        told = [e["data"] for e in await er.events("ended") if e["subject"] == pooled["id"]]
        assert [(each["outcome"], each["ended_on"], each["recognition"]) for each in told] == [
            ("graduated", str(today), recognised["id"])
        ]

    async def test_a_higher_rung_that_implies_the_one_in_reserve_converts_too(
        self, er: ServiceHarness
    ) -> None:
        """An HNTE stands on the rung of technology SMEs: it waits for that one no more, and is not put in again."""
        cast = await registered(er)
        today = str(er.database.clock.today())
        body = {"organisation": cast.uscc, "pool": "ladder_reserve", "rung": "tech_sme", "reason": "培育对象"}
        made = await cast.county.make("reserve-pool-members", body)
        hnte = await cast.province.make(
            "recognitions", {"organisation": cast.uscc, "kind": "hnte", "issued_on": today}
        )
        found = await cast.city.read(f"reserve-pool-members/{made['id']}")
        assert (found["state"], found["recognition"]) == ("graduated", hnte["id"])
        again = await cast.county.post("reserve-pool-members", body)
        assert (again.status_code, again.json()["code"]) == (409, "already_holds_rung")

    async def test_an_old_recognition_that_ended_before_converts_nobody(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        pooled = await cast.county.make("reserve-pool-members", MEMBER | {"organisation": cast.uscc})
        today = er.database.clock.today()
        old = today - timedelta(days=1500)
        await cast.province.make(
            "recognitions", {"organisation": cast.uscc, "kind": "hnte", "issued_on": str(old)}
        )
        assert (await cast.county.read(f"reserve-pool-members/{pooled['id']}"))["state"] == "joined"

    async def test_it_leaves_with_a_reason_and_may_come_back(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await cast.county.make("reserve-pool-members", MEMBER | {"organisation": cast.uscc})
        path = f"reserve-pool-members/{made['id']}"
        tag = {"If-Match": f'"{made["version"]}"'}
        assert (await cast.county.post(f"{path}/leave", {}, headers=tag)).status_code == 422
        early = await cast.county.post(f"{path}/leave", {"reason": "x", "on": "2020-01-01"}, headers=tag)
        assert early.json()["errors"][0]["code"] == "outside_the_membership"
        left = await cast.county.do(path, "leave", {"reason": "主营业务变更。"})
        assert (left["state"], left["out_reason"], left["recognition"]) == ("left", "主营业务变更。", None)
        again = await cast.county.make("reserve-pool-members", MEMBER | {"organisation": cast.uscc})
        done = await cast.county.do(
            f"reserve-pool-members/{again['id']}", "graduate", {"reason": "市外取得高新技术企业后迁入。"}
        )
        assert done["state"] == "graduated"


class TestLists:
    async def test_the_same_list_twice_changes_nothing(self, er: ServiceHarness) -> None:
        casts = [await registered(er) for _ in range(2)]
        rows = [MEMBER | {"organisation": each.uscc} for each in casts]
        rows.append(MEMBER | {"organisation": casts[0].uscc, "pool": "nothing"})
        assert await imported(er, city(er), rows) == {"rows": 3, "created": 2, "refused": 1}
        assert await imported(er, city(er), rows) == {"rows": 3, "skipped": 2, "refused": 1}


async def imported(er: ServiceHarness, client: Client, rows: list[dict[str, Any]]) -> dict[str, int]:
    answer = await client.http.post(
        "/api/v1/reserve-pool-members/imports?on_match=skip",
        content="\n".join(json.dumps(each) for each in rows).encode(),
        headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": new_id()},
    )
    assert answer.status_code == 202, answer.text
    runner = JobRunner(er.database)
    while await runner.step():
        pass
    found: dict[str, int] = (await client.read(f"jobs/{answer.json()['id']}"))["result"]
    return found


async def test_counts_on_any_day_equal_a_recount_of_the_memberships(er: ServiceHarness) -> None:
    random = Random(5)
    start = er.database.clock.today()
    for _ in range(12):
        cast = await registered(er, division=random.choice(("440703", "440704")))
        joined = start - timedelta(days=random.randrange(300))
        made = await city(er).make(
            "reserve-pool-members", MEMBER | {"organisation": cast.uscc, "joined_on": str(joined)}
        )
        path, out = f"reserve-pool-members/{made['id']}", joined + timedelta(days=random.randrange(200))
        if out <= start and random.random() < 0.8:
            verb = random.choice(("graduate", "leave"))
            await city(er).do(path, verb, {"reason": "复核。", "on": str(out)})
    rows = []
    cursor: dict[str, str] = {}
    while True:
        page = await integration(er).read("reserve-pool-members", limit=100, pool="hnte_reserve", **cursor)
        rows += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert any(each["state"] == "left" for each in rows)
    for back in (0, 1, 40, 150, 299):
        day, first = str(start - timedelta(days=back)), str(start - timedelta(days=back + 60))
        found = await er.client().read(
            "reserve-pool-counts", city="440700", by="pool,division", as_of=day, first=first
        )
        shown = {
            each["division"]: (each["members"], each["joined"], each["converted"], each["left"])
            for each in found["items"]
            if each["pool"] == "hnte_reserve"
        }
        expected = {}
        for division in {each["division"] for each in rows if each["joined_on"] <= day}:
            mine = [each for each in rows if each["division"] == division]
            went = [each for each in mine if each["out_on"] and first <= each["out_on"] <= day]
            inside = {
                each["organisation"]
                for each in mine
                if each["joined_on"] <= day and (each["out_on"] is None or day < each["out_on"])
            }
            expected[division] = (
                len(inside),
                sum(first <= each["joined_on"] <= day for each in mine),
                sum(each["state"] == "graduated" for each in went),
                sum(each["state"] == "left" for each in went),
            )
        assert shown == expected, day
