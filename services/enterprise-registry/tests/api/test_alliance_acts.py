"""Alliances through the real application: who may act, what at once gives, what is told."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from er_story import approver, city, new_uscc, registered

from enterprise_registry.service import SERVICE
from kechuang.testing import Client, ServiceHarness

ALLIANCES = "alliances"


@pytest.fixture(scope="module")
async def er(engines: Any, deployed_packs: str) -> Any:
    """The service with the packs of the repository."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        yield harness


def proposal(lead: str, chain: str, **more: Any) -> dict[str, Any]:
    return {"kind": "industry_tech_alliance", "title": "示例联盟", "lead": lead, "chain": chain, **more}


def office(er: ServiceHarness, number: int) -> Client:
    return city(er, subject=f"officer-{number}")


async def test_fifty_proposals_for_a_chain_at_once_leave_one_unflagged(er: ServiceHarness) -> None:
    lead = (await registered(er)).uscc
    answers = await asyncio.gather(
        *(office(er, n).post(ALLIANCES, proposal(lead, "electronics", title=f"联盟{n}")) for n in range(50))
    )
    assert {each.status_code for each in answers} == {201}
    assert Counter(each.json()["flagged"] for each in answers) == {False: 1, True: 49}
    assert sorted(len(each.json()["same_chain"]) for each in answers) == list(range(50))


async def test_two_approvers_approve_once(er: ServiceHarness) -> None:
    lead = (await registered(er)).uscc
    made = await city(er).make(ALLIANCES, proposal(lead, "home_appliances"))
    path = f"{ALLIANCES}/{made['id']}"
    tag = (await approver(er).get(path)).headers["etag"].split(".")[0].strip('"')
    answers = await asyncio.gather(
        *(
            approver(er, f"approver-{n}").post(f"{path}/approve", {}, headers={"If-Match": f'"{tag}"'})
            for n in range(50)
        )
    )
    found = Counter(each.status_code for each in answers)
    assert (found[200], found[200] + found[409] + found[412]) == (1, 50)


async def test_who_proposes_does_not_approve_and_a_decision_names_its_version(er: ServiceHarness) -> None:
    cast = await registered(er)
    made = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "metal_products"))
    path = f"{ALLIANCES}/{made['id']}"
    assert (await cast.signatory.post(f"{path}/approve")).status_code == 403
    assert (await city(er).post(f"{path}/approve")).status_code == 403
    assert (await approver(er).post(f"{path}/approve")).status_code == 428
    early = await city(er).post(f"{path}/activate")
    assert (early.status_code, early.json()["state"]) == (409, "proposed")


async def test_an_enterprise_proposes_for_itself_alone(er: ServiceHarness) -> None:
    cast, other = await registered(er), await registered(er)
    answer = await cast.signatory.post(ALLIANCES, proposal(other.uscc, "ships_offshore"))
    assert answer.status_code == 403
    unknown = await city(er).post(ALLIANCES, proposal(new_uscc(), "ships_offshore"))
    assert [each["code"] for each in unknown.json()["errors"]] == ["organisation_unknown"]


async def test_activation_and_dissolution_are_told_with_lead_members_and_chain(er: ServiceHarness) -> None:
    cast, member = await registered(er), await registered(er)
    joining = [{"organisation": member.uscc, "role": "upstream_downstream"}]
    made = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "new_materials", members=joining))
    path = f"{ALLIANCES}/{made['id']}"
    await approver(er).do(path, "approve", {})
    await city(er).do(path, "activate", {})
    await approver(er).do(path, "dissolve", {"reason": "目标任务已完成。"})
    told = {
        each["type"].split(".")[3]: each["data"]
        for each in await er.events()
        if each["subject"] == made["id"]
    }
    assert told["activated"]["members"] == [member.uscc]
    assert (told["activated"]["lead"], told["activated"]["chain"]) == (cast.uscc, "new_materials")
    assert told["dissolved"]["ended_on"] < told["activated"]["valid_from"]
    again = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "new_materials"))
    assert not again["flagged"]


async def test_a_refused_proposal_leaves_its_chain_free(er: ServiceHarness) -> None:
    cast = await registered(er)
    made = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "modern_agriculture"))
    refused = await approver(er).do(f"{ALLIANCES}/{made['id']}", "refuse", {"reason": "建议并入现有联盟。"})
    assert refused["state"] == "refused"
    assert not (await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "modern_agriculture")))["flagged"]
