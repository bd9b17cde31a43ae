"""Reported values: appended and superseded in two times, and published from returns."""

from datetime import timedelta
from typing import Any

from in_story import World, hear

from indicators import recount
from indicators.progress.figures import AsOf
from kechuang.access import Actor
from kechuang.messaging.consumer import handle
from kechuang.testing import Client, ServiceHarness

CITY, COUNTY = "360400", "360402"
SHARE = "jiujiang-2024.hightech_va_share_of_industrial_va"


def officer(harness: ServiceHarness) -> Client:
    return harness.client(roles=["city_officer"], areas=[CITY])


def observed(value: str, **more: Any) -> dict[str, Any]:
    return {"indicator": SHARE, "period": "2024-Q1", "value": value, "source": "市统计局", **more}


async def value(harness: ServiceHarness, **asked: Any) -> dict[str, Any]:
    page = await harness.client().read("progress", indicator=SHARE, **asked)
    return dict(page["items"][0])


async def test_a_reported_value_is_judged_against_its_target(quiet: ServiceHarness) -> None:
    made = await officer(quiet).make("observations", observed("36.5"))
    assert (made["state"], made["value"], made["city"]) == ("recorded", "36.5", CITY)
    item = await value(quiet)
    assert (item["value"], item["state"], item["light"]) == ("36.5", "met", "green")
    auditor = quiet.client(roles=["auditor"])
    behind = await auditor.read(f"indicators/{SHARE}/provenance")
    assert (behind["how"], behind["observations"][0]["observation"]) == ("observation", made["id"])


async def test_without_a_report_nothing_can_be_told(quiet: ServiceHarness) -> None:
    item = await value(quiet, period="2024-Q1")
    assert (item["value"], item["state"], item["missing"]) == (None, "cannot_tell", ["not_reported"])


async def test_before_a_period_has_ended_its_value_is_not_yet_known(quiet: ServiceHarness) -> None:
    today = quiet.database.clock.today()
    assert (await value(quiet, period=str(today.year)))["state"] == "not_yet_known"


async def test_a_revision_leaves_what_was_known_before(quiet: ServiceHarness) -> None:
    before = quiet.database.clock.today()
    first = await officer(quiet).make("observations", observed("36.5"))
    await quiet.at(days=3)
    second = await officer(quiet).make("observations", observed("34.1"))
    assert second["supersedes"] == first["id"]
    assert (await value(quiet))["value"] == "34.1"
    assert (await value(quiet, as_of=before.isoformat()))["value"] == "36.5"
    assert (await value(quiet, as_of=(before - timedelta(days=1)).isoformat()))["value"] is None
    old = await officer(quiet).read(f"observations/{first['id']}")
    assert (old["state"], old["value"]) == ("superseded", "36.5")


async def test_what_is_counted_takes_no_reported_value(quiet: ServiceHarness) -> None:
    body = observed("9", indicator="jiujiang-2024.hnte_valid_stock")
    answer = await officer(quiet).post("observations", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "indicator_is_computed")


async def test_wrong_values_are_refused(quiet: ServiceHarness) -> None:
    wrong: list[dict[str, Any]] = [
        observed("NaN"), observed("1e400"), observed("1", period="2024-13"), observed("1", area="440700"),
        observed("1", indicator="nobody.nothing"), observed("1", valeu="1"),
    ]  # fmt: skip
    for body in wrong:
        assert (await officer(quiet).post("observations", body)).status_code == 422, body


async def test_another_citys_officer_may_not_report_or_see(quiet: ServiceHarness) -> None:
    stranger = quiet.client(roles=["city_officer"], areas=["440700"])
    assert (await stranger.post("observations", observed("1"))).status_code == 403
    made = await officer(quiet).make("observations", observed("2"))
    assert (await stranger.get(f"observations/{made['id']}")).status_code == 404


async def window(harness: ServiceHarness) -> str:
    now = harness.database.clock.now()
    body = {"title": "2024 年一季度指标填报", "target": "quarterly", "city": CITY,
            "opens_at": (now - timedelta(hours=1)).isoformat(), "closes_at": (now + timedelta(days=9)).isoformat()}  # fmt: skip
    made = await officer(harness).make("submission-windows", body)
    await officer(harness).do(f"submission-windows/{made['id']}", "open")
    return str(made["id"])


async def test_a_return_is_submitted_returned_verified_and_published(quiet: ServiceHarness) -> None:
    county = quiet.client(roles=["county_officer"], areas=[COUNTY])
    approver = quiet.client(roles=["city_approver"], areas=[CITY])
    body: dict[str, Any] = {"window": await window(quiet), "area": COUNTY, "period": "2024-Q1", "cells": []}
    made = await county.make("submissions", body)
    address = f"submissions/{made['id']}"
    empty = await county.post(f"{address}/submit")
    assert (empty.status_code, empty.json()["code"]) == (409, "nothing_reported")
    assert (await officer(quiet).get(address)).status_code == 404  # a draft is the county's own
    await county.patch(address, {"cells": [{"indicator": SHARE, "value": "33.0"}]})
    await county.do(address, "submit")
    items = [{"pointer": "/cells/0/value", "label": "占比", "reason": "与统计口径不一致"}]
    await officer(quiet).do(address, "return", {"items": items})
    await county.patch(address, {"cells": [{"indicator": SHARE, "value": "31.5"}]})
    await county.do(address, "submit")
    await officer(quiet).do(address, "verify")
    assert (await value(quiet, area=COUNTY))["value"] is None
    await approver.do(address, "publish")
    assert (await value(quiet, area=COUNTY))["value"] == "31.5"


async def test_a_return_waits_in_the_work_list_of_who_verifies_it(quiet: ServiceHarness) -> None:
    """This service's own matters stand in the list of all services that it keeps."""
    county = quiet.client(roles=["county_officer"], areas=[COUNTY])
    body: dict[str, Any] = {"window": await window(quiet), "area": COUNTY, "period": "2024-Q1", "nil": True}
    made = await county.make("submissions", body)

    async def waiting() -> list[str]:
        for envelope in await quiet.events("work-item"):
            await handle(quiet.database, envelope)
        page = await officer(quiet).read("work-items", limit=200)
        return [each["verb"] for each in page["items"] if each["record"] == made["id"]]

    assert await waiting() == []
    await county.do(f"submissions/{made['id']}", "submit")
    assert await waiting() == ["verify"]
    await officer(quiet).do(f"submissions/{made['id']}", "verify")
    assert await waiting() == []  # publishing is the approver's


async def test_who_submitted_does_not_verify_and_cells_name_reported_indicators(
    quiet: ServiceHarness,
) -> None:
    city = officer(quiet)
    body: dict[str, Any] = {"window": await window(quiet), "area": CITY, "period": "2024-Q1", "nil": True}
    made = await city.make("submissions", body)
    await city.do(f"submissions/{made['id']}", "submit")
    answer = await city.post(f"submissions/{made['id']}/verify", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "handler_does_not_decide")
    cells = [{"indicator": "jiujiang-2024.hnte_valid_stock", "value": "1"}]
    wrong = await city.post("submissions", body | {"nil": False, "cells": cells})
    assert wrong.json()["errors"][0]["pointer"] == "/cells/0/indicator"


async def test_the_catalogue_lists_indicators_and_targets_page_by_page(indicators: ServiceHarness) -> None:
    public = indicators.client()
    first = await public.read("indicators", area="440700", limit=5)
    second = await public.read("indicators", area="440700", limit=5, cursor=first["next_cursor"])
    keys = [each["id"] for each in first["items"] + second["items"]]
    assert keys == sorted(set(keys))
    assert len(keys) == 10
    one = await public.read("indicators/jiangmen-2023.tech_micro_stock")
    assert (one["source"], one["measure"]) == ("events", "stock")
    targets = await public.read("targets", indicator="jiangmen-2023.commissioners_dispatched")
    assert (await public.read(f"targets/{targets['items'][0]['id']}"))["value"] == "1000"
    assert (await public.get("indicators/nobody.nothing")).status_code == 404


async def test_a_recount_finds_a_figure_that_was_tampered_with(quiet: ServiceHarness) -> None:
    import asyncpg

    world, today = World(51), quiet.database.clock.today()
    decided = world.recognised(today)
    await hear(quiet, decided, world.revoked(decided, today))

    async def differences() -> list[str]:
        async with quiet.database.reading(Actor.system("indicators")) as unit:
            return await recount.compare(unit, AsOf(today))

    assert await differences() == []
    assert await recount.run(quiet.settings, today, None, None) == []  # as the command does
    owner = await asyncpg.connect(quiet.urls.owner)
    await owner.execute(
        "UPDATE fact SET ended_on = NULL, ended_version = NULL WHERE kind = 'recognition.decided'"
    )
    await owner.close()
    assert len(await differences()) == 1
