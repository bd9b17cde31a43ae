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


async def test_a_lead_that_was_lost_is_not_approved_and_not_activated(er: ServiceHarness) -> None:
    cast = await registered(er)
    made = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "rail_transit"))
    path = f"{ALLIANCES}/{made['id']}"
    approved = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "rail_transit", title="第二联盟"))
    second = f"{ALLIANCES}/{approved['id']}"
    await approver(er).do(second, "approve", {"reason": "两个方向"})
    await cast.county.do(f"organisations/{cast.organisation['id']}", "deregister", {"reason": "注销"})
    tag = (await approver(er).get(path)).headers["etag"]
    refused = await approver(er).post(f"{path}/approve", {"reason": "x"}, headers={"If-Match": tag})
    assert (refused.status_code, refused.json()["code"], refused.json()["lead"]) == (
        409,
        "lead_lost",
        cast.uscc,
    )
    assert (await city(er).post(f"{second}/activate", {})).json()["code"] == "lead_lost"
    ended = await approver(er).do(second, "dissolve", {"reason": "牵头单位注销"})
    assert ended["state"] == "dissolved"


async def test_who_proposed_for_a_lead_does_not_approve(er: ServiceHarness) -> None:
    cast = await registered(er)
    both = er.client(roles=["city_officer", "city_approver"], areas=["440700"], subject="both")
    made = await both.make(ALLIANCES, proposal(cast.uscc, "high_end_equipment"))
    tag = (await both.get(f"{ALLIANCES}/{made['id']}")).headers["etag"]
    refused = await both.post(f"{ALLIANCES}/{made['id']}/approve", {}, headers={"If-Match": tag})
    assert (refused.status_code, refused.json()["code"]) == (409, "handler_does_not_decide")


async def test_who_returns_begins_after_the_former_membership(er: ServiceHarness) -> None:
    cast, member = await registered(er), await registered(er)
    joining = {"organisation": member.uscc, "role": "upstream_downstream"}
    made = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "biomedicine", members=[joining]))
    path, today = f"{ALLIANCES}/{made['id']}", str(er.database.clock.today())
    await cast.signatory.do(
        path, "remove-member", {"organisation": member.uscc, "valid_to": today, "reason": "退出"}
    )
    again = await cast.signatory.post(f"{path}/add-member", joining)
    assert [(each["pointer"], each["code"]) for each in again.json()["errors"]] == [
        ("/valid_from", "before_former_end")
    ]
    await er.at(days=1)
    spans = (await cast.signatory.do(path, "add-member", joining))["members"]
    assert [each["valid_to"] for each in spans] == [today, None]


async def test_another_organisation_leads_when_the_lead_leaves(er: ServiceHarness) -> None:
    cast, member = await registered(er), await registered(er)
    joining = [{"organisation": member.uscc, "role": "upstream_downstream"}]
    made = await cast.signatory.make(ALLIANCES, proposal(cast.uscc, "home_appliances", members=joining))
    path = f"{ALLIANCES}/{made['id']}"
    await approver(er).do(path, "approve", {"reason": "两个方向"})
    await city(er).do(path, "activate", {})
    assert (
        await cast.signatory.post(f"{path}/change-lead", {"lead": member.uscc, "reason": "x"})
    ).status_code == 403
    abroad = await registered(er, division="360402")
    for lead, code in (
        (cast.uscc, "same_lead"),
        (abroad.uscc, "other_city"),
        (new_uscc(), "organisation_unknown"),
    ):
        tag = (await approver(er).get(path)).headers["etag"]
        refused = await approver(er).post(
            f"{path}/change-lead", {"lead": lead, "reason": "搬迁"}, headers={"If-Match": tag}
        )
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [("/lead", code)]
    asked = {"lead": member.uscc, "former_role": "upstream_downstream", "reason": "原牵头单位搬迁"}
    changed = await approver(er).do(path, "change-lead", asked)
    assert (changed["lead"], changed["number"], changed["state"]) == (member.uscc, made["number"], "active")
    now = [(each["organisation"], each["valid_to"] is None) for each in changed["members"]]
    assert now == [(member.uscc, False), (cast.uscc, True)]
    (told,) = [
        each["data"] for each in await er.events()
        if each["subject"] == made["id"] and ".lead-changed." in each["type"]
    ]  # fmt: skip
    assert (told["former_lead"], told["lead"]) == (cast.uscc, member.uscc)
    assert (await member.signatory.do(path, "remove-member", {
        "organisation": cast.uscc, "reason": "搬迁"}))["members"][1]["valid_to"]  # fmt: skip
