"""Recognitions and their counts through the real application and a real database."""

import json
from collections import Counter
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from er_story import approver, integration, registered
from selection_story import at_once

from kechuang.ids import new_id
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness


def body(uscc: str, first: date, kind: str = "hnte", **more: Any) -> dict[str, Any]:
    return {"organisation": uscc, "kind": kind, "issued_on": str(first), **more}


async def every(client: Client) -> list[dict[str, Any]]:
    """All recognitions, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await client.read("recognitions", limit=50, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def imported(
    er: ServiceHarness, client: Client, rows: list[dict[str, Any]], on_match: str = "skip"
) -> dict[str, int]:
    """What became of the rows of a list, taken as NDJSON; known ones are passed over unless told otherwise."""
    answer = await client.http.post(
        f"/api/v1/recognitions/imports?on_match={on_match}",
        content="\n".join(json.dumps(each) for each in rows).encode(),
        headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": new_id()},
    )
    assert answer.status_code == 202, answer.text
    runner = JobRunner(er.database)
    while await runner.step():
        pass
    job = await client.read(f"jobs/{answer.json()['id']}")
    result: dict[str, int] = job["result"]
    return result


class TestArriving:
    async def test_validity_comes_from_the_pack_and_the_first_time_is_known(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        first = await cast.province.make("recognitions", body(cast.uscc, date(2020, 12, 1)))
        assert (first["valid_to"], first["first_time"], first["source"]) == ("2023-11-30", True, "imported")
        again = await cast.province.make("recognitions", body(cast.uscc, date(2023, 12, 10)))
        assert again["first_time"] is False
        await er.fire_timers()
        assert (await cast.city.read(f"recognitions/{first['id']}"))["state"] == "expired"
        ended = [e["data"] for e in await er.events("ended") if e["subject"] == first["id"]]
        assert (ended[0]["outcome"], ended[0]["ended_on"]) == ("expired", "2023-11-30")

    async def test_lists_out_of_order_give_the_mark_to_the_earliest(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        later = await cast.province.make("recognitions", body(cast.uscc, date(2023, 12, 10)))
        assert later["first_time"] is True
        earlier = await cast.province.make("recognitions", body(cast.uscc, date(2020, 12, 1)))
        assert earlier["first_time"] is True
        assert (await cast.city.read(f"recognitions/{later['id']}"))["first_time"] is False

    async def test_the_same_list_twice_changes_nothing(self, er: ServiceHarness) -> None:
        one, two = await registered(er), await registered(er)
        rows = [body(each.uscc, date(2024, 5, 6), "tech_sme") for each in (one, two)]
        rows.append(body(one.uscc, date(2024, 5, 6), "unicorn"))
        assert await imported(er, one.province, rows) == {"rows": 3, "created": 2, "refused": 1}
        assert await imported(er, one.province, rows) == {"rows": 3, "skipped": 2, "refused": 1}
        assert (await one.signatory.post("recognitions/imports")).status_code == 403

    async def test_a_renewal_supersedes_what_it_renews(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        old = await cast.province.make("recognitions", body(cast.uscc, today - timedelta(days=900)))
        new = await cast.province.make("recognitions", body(cast.uscc, today, renews=old["id"]))
        assert (new["renews"], new["first_time"]) == (old["id"], False)
        found = await cast.city.read(f"recognitions/{old['id']}")
        assert (found["state"], found["ended_on"]) == ("superseded", str(today - timedelta(days=1)))

    async def test_derived_nodes_and_strangers_are_refused(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        derived = await cast.province.post("recognitions", body(cast.uscc, date(2024, 1, 1), "big_spender"))
        assert derived.json()["errors"][0]["code"] == "derived_node"
        stranger = await cast.province.post("recognitions", body("91440703MATE000L4P", date(2024, 1, 1)))
        assert stranger.json()["errors"][0]["code"] == "organisation_unknown"
        assert (await cast.county.post("recognitions", body(cast.uscc, date(2024, 1, 1)))).status_code == 403
        assert (
            await cast.signatory.post("recognitions", body(cast.uscc, date(2024, 1, 1)))
        ).status_code == 403


class TestEnding:
    async def test_revoked_after_a_hearing_it_is_held_no_more_from_that_day(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        made = await cast.province.make("recognitions", body(cast.uscc, today - timedelta(days=30)))
        path = f"recognitions/{made['id']}"
        revoked = await cast.approver.do(
            path, "revoke",
            {"document_no": "粤科〔2024〕3号", "reason": "提供虚假材料", "heard_on": str(today),
             "benefits_to_recover": True},
        )  # fmt: skip
        assert (revoked["state"], revoked["benefits_to_recover"]) == ("revoked", True)
        rungs = f"organisations/{cast.organisation['id']}/rungs"
        yesterday = str(today - timedelta(days=1))
        before = await cast.city.read(rungs, as_of=yesterday)
        assert [(r["kind"], r["by"]) for r in before["items"]] == [
            ("tech_sme", "implied"),
            ("hnte", "recognition"),
        ]
        assert (await cast.city.read(rungs))["items"] == []

    async def test_the_holder_gives_it_up(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        made = await cast.province.make("recognitions", body(cast.uscc, er.database.clock.today()))
        other = await registered(er)
        assert (
            await other.signatory.post(f"recognitions/{made['id']}/surrender", {"reason": "x"})
        ).status_code == 403
        done = await cast.signatory.do(f"recognitions/{made['id']}", "surrender", {"reason": "不再符合条件"})
        assert done["state"] == "surrendered"

    async def test_a_deregistered_organisation_holds_nothing_and_waits_for_nothing(
        self, er: ServiceHarness
    ) -> None:
        """YJ-01: it drops out of the stock by itself; the figures of the days before stay."""
        cast = await registered(er)
        today = er.database.clock.today()
        made = await cast.province.make(
            "recognitions", body(cast.uscc, today - timedelta(days=30), "tech_sme")
        )
        waiting = await cast.county.make(
            "reserve-pool-members", {"organisation": cast.uscc, "pool": "hnte_reserve", "reason": "培育对象"}
        )
        place = f"organisations/{cast.organisation['id']}"
        await cast.county.do(place, "deregister", {"reason": "注销"})
        found = await cast.city.read(f"recognitions/{made['id']}")
        yesterday = today - timedelta(days=1)
        assert (found["state"], found["ended_on"]) == ("surrendered", str(yesterday))
        assert "注销" in found["reason"]
        assert await stock(er, yesterday, "440703", "tech_sme", cast.uscc) == 1
        assert await stock(er, today, "440703", "tech_sme", cast.uscc) == 0
        member = await cast.city.read(f"reserve-pool-members/{waiting['id']}")
        assert (member["state"], member["out_on"]) == ("left", str(today))
        told = [e["data"] for e in await er.events("ended") if e["subject"] in (made["id"], waiting["id"])]
        assert sorted(each["outcome"] for each in told) == ["left", "surrendered"]


class TestCorrecting:
    async def test_a_corrected_decision_is_told_anew_and_the_old_one_never_held(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        made = await cast.province.make("recognitions", body(cast.uscc, today, valid_to=str(today)))
        path = f"recognitions/{made['id']}"
        until = str(today + timedelta(days=30))
        said = {"valid_to": until, "issued_on": str(today - timedelta(days=3)), "reason": "登记有误"}
        done = await cast.city.do(path, "correct", said)
        assert (done["valid_to"], done["issued_on"]) == (until, said["issued_on"])
        told = [e for e in await er.events("recognition") if e["subject"] == made["id"]]
        assert [(e["type"].split(".")[3], e["data"].get("outcome")) for e in told] == [
            ("decided", None), ("ended", "corrected"), ("decided", None)
        ]  # fmt: skip
        assert told[1]["data"]["ended_on"] < made["valid_from"]
        await er.at(days=2)
        await er.fire_timers()
        assert (await cast.city.read(path))["state"] == "valid"
        await er.at(days=30)
        await er.fire_timers()
        assert (await cast.city.read(path))["state"] == "expired"
        tag = {"If-Match": (await cast.city.get(path)).headers["etag"]}
        early = str(today - timedelta(days=1))
        never = await cast.city.post(f"{path}/correct", {"valid_to": early, "reason": "x"}, headers=tag)
        assert never.json()["errors"][0]["code"] == "not_correctable"

    async def test_one_that_ran_out_by_a_wrong_last_day_is_valid_again(self, er: ServiceHarness) -> None:
        """Recording it anew is refused, since it is there already: only a correction can mend it."""
        cast = await registered(er)
        today = er.database.clock.today()
        first, wrong = today - timedelta(days=100), today - timedelta(days=10)
        made = await cast.province.make("recognitions", body(cast.uscc, first, valid_to=str(wrong)))
        path = f"recognitions/{made['id']}"
        await er.fire_timers()
        assert (await cast.city.read(path))["state"] == "expired"
        shorter = str(wrong - timedelta(days=5))
        still = await cast.city.do(path, "correct", {"valid_to": shorter, "reason": "录入有误"})
        assert (still["state"], still["ended_on"]) == ("expired", shorter)
        until = today + timedelta(days=20)
        done = await cast.city.do(path, "correct", {"valid_to": str(until), "reason": "录入有误"})
        assert (done["state"], done["ended_on"], done["valid_to"]) == ("valid", None, str(until))
        told = [e["data"] for e in await er.events("recognition") if e["subject"] == made["id"]]
        assert [each.get("outcome", "decided") for each in told] == [
            "decided", "expired", "corrected", "decided", "expired", "corrected", "decided",
        ]  # fmt: skip
        await er.at(days=21)
        await er.fire_timers()
        assert (await cast.city.read(path))["state"] == "expired"

    async def test_one_that_has_ended_loses_the_mark_of_the_first_time_and_stays_ended(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        later = await cast.province.make("recognitions", body(cast.uscc, today))
        await cast.signatory.do(f"recognitions/{later['id']}", "surrender", {"reason": "主动放弃"})
        await cast.province.make("recognitions", body(cast.uscc, today - timedelta(days=2000)))
        found = await cast.city.read(f"recognitions/{later['id']}")
        assert (found["state"], found["first_time"]) == ("surrendered", False)
        told = [e for e in await er.events("recognition") if e["subject"] == later["id"]]
        outcomes = [e["data"].get("outcome") for e in told]
        assert outcomes == [None, "surrendered", "corrected", None, "surrendered"]
        party = await cast.city.read(f"organisations/{cast.organisation['id']}/rungs")
        assert party["items"] == []

    async def test_a_list_that_says_something_else_corrects_what_is_known(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        row = body(cast.uscc, date(2024, 5, 6), "tech_sme")
        assert await imported(er, cast.province, [row]) == {"rows": 1, "created": 1}
        better = row | {"certificate_no": "202444070000001"}
        assert await imported(er, cast.province, [better], "supersede") == {"rows": 1, "superseded": 1}
        assert await imported(er, cast.province, [better], "supersede") == {"rows": 1, "skipped": 1}
        assert await imported(er, cast.province, [row], "reject") == {"rows": 1, "refused": 1}
        found = await er.client().read("recognitions", organisation=cast.uscc, kind="tech_sme")
        assert [each["certificate_no"] for each in found["items"]] == ["202444070000001"]

    async def test_a_renewal_begins_after_what_it_renews(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        old = await cast.province.make("recognitions", body(cast.uscc, today))
        before = body(cast.uscc, today - timedelta(days=9), renews=old["id"])
        refused = await cast.province.post("recognitions", before)
        assert refused.json()["errors"][0]["code"] == "renewed_later"


class TestMoving:
    async def test_an_organisation_that_moves_leaves_what_was_decided_in_its_county(
        self, er: ServiceHarness
    ) -> None:
        """What was decided before counts where it was decided, on every day; what follows counts in the new county."""
        cast = await registered(er, division="440703")
        today = er.database.clock.today()
        old = await cast.province.make(
            "recognitions", body(cast.uscc, today - timedelta(days=30), "tech_sme")
        )
        place = f"organisations/{cast.organisation['id']}"
        moved = {"division": "440704", "zones": ["jiangmen-hnz"], "reason": "迁址"}
        await cast.county.do(place, "relocate", moved)
        new = await cast.province.make("recognitions", body(cast.uscc, today))
        assert (old["division"], new["division"], new["zones"]) == ("440703", "440704", ["jiangmen-hnz"])
        for day in (today - timedelta(days=1), today):
            assert await stock(er, day, "440703", "tech_sme", cast.uscc) == 1
            assert await stock(er, day, "440704", "tech_sme", cast.uscc) == 0
        assert await stock(er, today, "440704", "hnte", cast.uscc) == 1
        assert (await cast.city.read(f"recognitions/{old['id']}"))["division"] == "440703"

    async def test_zones_lie_over_the_counties(self, er: ServiceHarness) -> None:
        asked = {"city": "440700", "kind": "tech_micro"}
        before = await er.client().read("recognition-counts", by="zone", **asked)
        cast = await registered(er, division="440704", zones=["jiangmen-hnz"])
        today = er.database.clock.today()
        await cast.province.make("recognitions", body(cast.uscc, today, "tech_micro"))
        after = await er.client().read("recognition-counts", by="zone", **asked)
        assert in_zone(after) == in_zone(before) + 1
        narrowed = await er.client().read("recognition-counts", by="node", zone="jiangmen-hnz", **asked)
        assert sum(each["recognitions"] for each in narrowed["items"]) == in_zone(after)


async def stock(er: ServiceHarness, day: date, division: str, kind: str, uscc: str) -> int:
    """How many recognitions of the kind this one adds to a county's stock: the count against a recount by hand."""
    answer = await er.client().read(
        "recognition-counts", as_of=str(day), by="division", city="440700", kind=kind, division=division
    )
    counted = sum(each["recognitions"] for each in answer["items"])
    held = [
        each
        for each in await every(er.client())
        if each["kind"] == kind and each["division"] == division and each["valid_from"] <= str(day)
        and min(each["valid_to"] or "9999", each["ended_on"] or "9999") >= str(day)
    ]  # fmt: skip
    assert counted == len(held)
    return sum(each["organisation"] == uscc for each in held)


def in_zone(answer: dict[str, Any], zone: str = "jiangmen-hnz") -> int:
    return sum(each["recognitions"] for each in answer["items"] if each["zone"] == zone)


class TestRunningOut:
    async def test_it_is_held_until_midnight_of_its_last_day_in_shanghai(self, er: ServiceHarness) -> None:
        """YJ-01: at 23:59 there it is held, at 00:00 it drops out by itself, whatever the day is in UTC."""
        cast = await registered(er)
        zone = ZoneInfo("Asia/Shanghai")
        today = er.database.clock.today()
        made = await cast.province.make(
            "recognitions", body(cast.uscc, today, "tech_sme", valid_to=str(today))
        )
        path = f"recognitions/{made['id']}"
        midnight = datetime.combine(today + timedelta(days=1), time.min, zone)
        await er.at(seconds=(midnight - timedelta(seconds=30) - er.database.clock.now()).total_seconds())
        await er.fire_timers()
        assert er.database.clock.today() == today
        assert (await cast.city.read(path))["state"] == "valid"
        await er.at(seconds=31)
        await er.fire_timers()
        assert er.database.clock.now().date() == today, "still the same day in UTC"
        done = await cast.city.read(path)
        assert (done["state"], done["ended_on"]) == ("expired", str(today))
        held = await er.client().read("recognitions", organisation=cast.uscc, state="valid")
        assert held["items"] == []


class TestDays:
    async def test_nothing_was_decided_in_the_future_nor_ends_before_it_begins(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        later = await cast.province.post("recognitions", body(cast.uscc, today + timedelta(days=1)))
        assert [(each["pointer"], each["code"]) for each in later.json()["errors"]] == [
            ("/issued_on", "in_the_future")
        ]
        early = body(cast.uscc, today, valid_to=str(today - timedelta(days=1)))
        refused = await cast.province.post("recognitions", early)
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
            ("/valid_to", "ends_early")
        ]


class TestRevoking:
    async def test_nobody_is_revoked_unheard(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        made = await cast.province.make("recognitions", body(cast.uscc, today))
        path = f"recognitions/{made['id']}"
        said = {"document_no": "粤科〔2024〕3号", "reason": "提供虚假材料"}
        tag = {"If-Match": f'"{made["version"]}"'}
        assert (await cast.approver.post(f"{path}/revoke", said, headers=tag)).status_code == 422
        for day in (today + timedelta(days=1), today - timedelta(days=1)):
            unheard = await cast.approver.post(f"{path}/revoke", said | {"heard_on": str(day)}, headers=tag)
            assert unheard.json()["errors"][0]["code"] == "not_heard"
        for client in (cast.city, cast.county, cast.signatory):
            assert (await client.post(f"{path}/revoke", said | {"heard_on": str(today)})).status_code == 403

    async def test_fifty_revoke_at_once_and_it_ends_once(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        made = await cast.province.make("recognitions", body(cast.uscc, today))
        said = {"document_no": "粤科〔2024〕3号", "reason": "提供虚假材料", "heard_on": str(today)}
        tag = {"If-Match": f'"{made["version"]}"'}
        answers = await at_once(
            *(
                approver(er, f"a-{n}").post(f"recognitions/{made['id']}/revoke", said, headers=tag)
                for n in range(50)
            )
        )
        assert sorted(status for status, _ in answers)[:2] == [200, 409]
        assert {each["code"] for status, each in answers if status != 200} == {"state_forbids"}
        assert len([e for e in await er.events("ended") if e["subject"] == made["id"]]) == 1


class TestExpiring:
    async def test_the_list_of_what_ends_within_ninety_days(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        today = er.database.clock.today()
        days = {"tech_sme": 89, "hnte": 90, "tech_micro": 91}
        for kind, n in days.items():
            until = str(today + timedelta(days=n))
            await cast.province.make("recognitions", body(cast.uscc, today, kind, valid_to=until))
        for asked, expected in (("true", {"tech_sme", "hnte"}), ("false", {"tech_micro"})):
            found = await er.client().read("recognitions", organisation=cast.uscc, expiring=asked)
            assert {each["kind"] for each in found["items"]} == expected
            assert {each["expiring"] for each in found["items"]} == {asked == "true"}
        assert (await er.client().get("recognitions", params={"expiring": "perhaps"})).status_code == 422


class TestCounting:
    async def test_counts_on_any_day_equal_a_recount_of_the_recognitions(self, er: ServiceHarness) -> None:
        random = Random(7)
        casts = [await registered(er, division=d) for d in ("440703", "440703", "440704", "440704")]
        province = integration(er)
        start = date(2021, 1, 4)
        for cast in casts:
            for kind in ("tech_micro", "tech_sme", "hnte"):
                for n in range(random.randrange(3)):
                    day = start + timedelta(days=random.randrange(400) + 500 * n)
                    await province.post("recognitions", body(cast.uscc, day, kind))
        await er.fire_timers()
        everything = await every(province)
        for day in (date(2021, 6, 30), date(2022, 12, 31), date(2024, 2, 29), er.database.clock.today()):
            stock: Counter[tuple[str, str]] = Counter()
            seen = set()
            for each in everything:
                ends = min([e for e in (each["valid_to"], each["ended_on"]) if e], default="9999-12-31")
                key = (each["kind"], each["division"], each["organisation"])
                if each["valid_from"] <= str(day) <= ends and key not in seen:
                    seen.add(key)
                    stock[key[:2]] += 1
            counted = await er.client().read("recognition-counts", as_of=str(day), by="node,division")
            assert {(i["kind"], i["division"]): i["organisations"] for i in counted["items"]} == dict(stock)
            by_node = await er.client().read("recognition-counts", as_of=str(day), by="node")
            for item in by_node["items"]:
                assert item["organisations"] == sum(
                    n for (kind, _), n in stock.items() if kind == item["kind"]
                )

    async def test_an_unknown_axis_is_refused(self, er: ServiceHarness) -> None:
        assert (await er.client().get("recognition-counts", params={"by": "colour"})).status_code == 422
