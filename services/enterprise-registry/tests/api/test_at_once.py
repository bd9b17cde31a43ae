"""Fifty clients at once, on records of many kinds: one act is done, the others are told why theirs was not."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from er_story import approver, city, registered

from enterprise_registry.service import SERVICE
from kechuang.testing import Client, ServiceHarness

MANY = 50


@pytest.fixture(scope="module")
async def er(engines: Any, deployed_packs: str) -> AsyncIterator[ServiceHarness]:
    """The service with the packs of the repository."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        yield harness


async def at_once(
    client: Callable[[int], Client], path: str, body: Any, tag: str | None = None
) -> tuple[Counter[int], set[str]]:
    """Do the same from fifty clients: how many answers of each status, and the codes of the refusals."""
    headers = {"If-Match": tag} if tag else {}
    answers = await asyncio.gather(*(client(n).post(path, body, headers=headers) for n in range(MANY)))
    refused = [each.json() for each in answers if each.status_code >= 400]
    assert all(each["detail"] for each in refused)
    return Counter(each.status_code for each in answers), {each["code"] for each in refused}


async def test_a_document_has_one_revision_under_way(er: ServiceHarness) -> None:
    today = str(er.database.clock.today())
    made = await city(er).make("policy-documents", {"city": "440700", "title": "办法", "valid_from": today})
    path = f"policy-documents/{made['id']}"
    await approver(er).do(path, "publish")
    found = await at_once(lambda n: city(er, f"drafting-{n}"), f"{path}/revise", {"reason": "修订"})
    assert found == (Counter({200: 1, 409: MANY - 1}), {"revision_pending"})


async def test_an_agreement_is_put_into_force_once(er: ServiceHarness) -> None:
    today = er.database.clock.today()
    made = await city(er).make("data-agreements", {
        "city": "440700", "title": "共享名录", "partner": "市统计局", "partner_unit": "statistics", "purpose": "核对",
        "legal_basis": "《政务数据共享条例》", "condition": "conditional", "valid_from": str(today),
        "valid_to": str(today + timedelta(days=9)),
        "data_sets": [{"data_set": "organisations", "direction": "provide", "fields": ["uscc"]}]})  # fmt: skip
    path = f"data-agreements/{made['id']}"
    tag = (await approver(er).get(path)).headers["etag"]
    statuses, codes = await at_once(lambda n: approver(er, f"deciding-{n}"), f"{path}/activate", None, tag)
    assert (statuses[200], statuses[409] + statuses[412]) == (1, MANY - 1)
    assert codes <= {"state_forbids", "version_stale", "stale"}


async def test_an_authorisation_is_granted_once(er: ServiceHarness) -> None:
    cast = await registered(er)
    clerk = er.client(roles=["enterprise_clerk"], organisation=cast.uscc, person="clerk")
    today = str(er.database.clock.today())
    made = await clerk.make("authorisations", {"person": "clerk", "scopes": ["draft"], "valid_from": today})
    found = await at_once(lambda _: cast.signatory, f"authorisations/{made['id']}/grant", None)
    assert found == (Counter({200: 1, 409: MANY - 1}), {"state_forbids"})


async def test_a_record_is_confirmed_once(er: ServiceHarness) -> None:
    office = er.client(roles=["city_officer"], areas=["420800"], subject="jingmen")
    body = {
        "kind": "transfer_base",
        "title": "中试熟化基地",
        "city": "420800",
        "division": "420802",
        "valid_from": "2024-03-01",
    }
    made = await office.make("enterprise-records", body)
    path = f"enterprise-records/{made['id']}"

    def confirming(n: int) -> Client:
        return er.client(roles=["county_officer"], areas=["420802"], subject=f"confirming-{n}")

    assert await at_once(confirming, f"{path}/confirm", {}) == (
        Counter({200: 1, 409: MANY - 1}), {"state_forbids"})  # fmt: skip
    told = [each for each in await er.events() if each["subject"] == made["id"]]
    assert len([each for each in told if ".register-record.confirmed." in each["type"]]) == 1


async def test_a_member_joins_once(er: ServiceHarness) -> None:
    cast, member = await registered(er), await registered(er)
    made = await cast.signatory.make(
        "alliances",
        {"kind": "industry_tech_alliance", "title": "联盟", "lead": cast.uscc, "chain": "new_energy_battery"},
    )
    joining = {"organisation": member.uscc, "role": "upstream_downstream"}
    path = f"alliances/{made['id']}"
    found = await at_once(lambda _: cast.signatory, f"{path}/add-member", joining)
    assert found == (Counter({200: 1, 409: MANY - 1}), {"member_already"})
    assert len((await cast.signatory.read(path))["members"]) == 1


async def test_every_measure_is_kept_and_each_is_completed_once(er: ServiceHarness) -> None:
    cast = await registered(er)
    made = await cast.signatory.make("enterprise-cases", {"kind": "assistance", "title": "用电"})
    path = f"enterprise-cases/{made['id']}"

    def official(n: int) -> Client:
        return er.client(roles=["county_officer"], areas=["440703"], subject=f"official-{n}")

    assert await at_once(official, f"{path}/add-step", {"title": "走访"}) == (Counter({200: MANY}), set())
    steps = (await cast.county.read(path))["steps"]
    assert [each["id"] for each in steps] == [str(n) for n in range(1, MANY + 1)]
    done = await at_once(official, f"{path}/complete-step", {"step": "7", "result": "已走访"})
    assert done == (Counter({200: 1, 409: MANY - 1}), {"step_ended"})
