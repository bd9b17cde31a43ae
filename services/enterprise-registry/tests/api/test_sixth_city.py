"""A sixth city, written by somebody who read only docs/policy-packs.md: it loads and works end to end.

Its ladder has every relation between nodes, so these tests are also those of the relations.
"""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from sixth_city_story import Firm, sixth_city

from kechuang.testing import Client, ServiceHarness

_random = Random(6)


@pytest.fixture(scope="module")
async def yunlan(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceHarness]:
    """enterprise-registry with the national packs and the invented city."""
    async with sixth_city(engines, tmp_path_factory.mktemp("packs")) as harness:
        yield harness


def kinds(found: dict[str, Any]) -> dict[str, str]:
    return {each["kind"]: each["by"] for each in found["items"]}


async def test_from_registration_to_recognition(yunlan: ServiceHarness) -> None:
    firm = await Firm(yunlan).registered()
    await firm.filed()
    answer = await firm.owner.post("assessments", {"target": "seedling"})
    assert answer.json()["result"] == "met", answer.text
    decided = await firm.decided(await firm.applied("seedling"))
    assert decided.status_code == 200, decided.text
    found = await firm.rungs()
    # 登高企业 covers 苗圃企业: who holds one stands on the union.
    assert kinds(found) == {"seedling": "recognition", "climber": "implied"}
    assert [each["kind"] for each in found["next"]] == ["tech_sme"]
    counts = await firm.city.read("recognition-counts", city="yunlan")
    assert {each["kind"]: each["organisations"] for each in counts["items"]}["seedling"] >= 1


async def test_what_is_required_is_asked_at_submission_with_its_name(yunlan: ServiceHarness) -> None:
    firm = await Firm(yunlan).registered()
    path = await firm.applied("pillar")
    answer = await firm.owner.post(f"{path}/submit?dry_run=true")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, "requirement_not_held", "/target")
    assert "高新技术企业" in error["detail"]
    await firm.holds("hnte")
    assert (await firm.owner.do(path, "submit"))["state"] == "submitted"


async def test_nodes_that_exclude_each_other_either_way_round(yunlan: ServiceHarness) -> None:
    firm = await Firm(yunlan).registered()
    await firm.holds("hnte")
    await firm.holds("pillar")
    found = await firm.rungs()
    assert kinds(found) == {
        "hnte": "recognition", "pillar": "recognition", "mentor": "implied", "climber": "implied"
    }  # fmt: skip
    path = await firm.applied("seedling")
    answer = await firm.owner.post(f"{path}/submit")
    assert [each["code"] for each in answer.json()["errors"]] == ["excluded_by_held"]


async def test_what_came_meanwhile_forbids_the_decision(yunlan: ServiceHarness) -> None:
    """Applied for in time, but on the day of the decision another node is held that excludes it."""
    firm = await Firm(yunlan).registered()
    path = await firm.applied("seedling")
    await firm.holds(
        "pillar"
    )  # decided elsewhere, between submission and decision: recorded whatever it meets
    refused = await firm.owner.post(f"{path}/submit")
    assert refused.status_code == 422
    other = await Firm(yunlan).registered()
    path = await other.applied("seedling")
    await other.owner.do(path, "submit")
    await other.county.do(path, "recommend", {"opinion": "同意"})
    await other.city.do(path, "review", {"opinion": "符合"})
    await other.city.do(path, "open-notice", {"contact": "云澜市科学技术局"})
    await other.holds("pillar")
    await yunlan.at(days=20)
    await yunlan.fire_timers()
    tag = (await other.boss.get(path)).headers["etag"]
    body = {"outcome": "recognised", "document_no": "云科〔2024〕8号",
            "decided_on": str(yunlan.database.clock.today())}  # fmt: skip
    answer = await other.boss.post(f"{path}/decide", body, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (409, "relations_forbid")


async def test_a_derived_node_follows_facts_and_recognitions(yunlan: ServiceHarness) -> None:
    firm = await Firm(yunlan).registered()
    await firm.filed(sea_trials=10)
    assert "ocean_hnte" not in kinds(await firm.rungs())
    await firm.holds("hnte")
    assert kinds(await firm.rungs())["ocean_hnte"] == "derived"


async def test_the_page_that_everybody_reads_shows_the_sixth_ladder(yunlan: ServiceHarness) -> None:
    public: Client = yunlan.client()
    ladder = await public.read("ladders/yunlan")
    assert {each["code"] for each in ladder["nodes"]} >= {"seedling", "pillar", "ocean_hnte"}
    areas = await public.read("areas", city="yunlan")
    assert len(areas["items"]) == 4
