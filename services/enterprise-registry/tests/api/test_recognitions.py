"""Recognitions and their counts through the real application and a real database."""

import json
from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

from er_story import integration, registered

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


async def imported(er: ServiceHarness, client: Client, rows: list[dict[str, Any]]) -> dict[str, int]:
    """What became of the rows of a list, taken as NDJSON; known ones are passed over."""
    answer = await client.http.post(
        "/api/v1/recognitions/imports?on_match=skip",
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
