"""Rows about alliances and innovation consortia (产业技术创新联盟、创新联合体)."""

from typing import TYPE_CHECKING, Any

from kechuang.testing import Client

if TYPE_CHECKING:
    from conftest import City

ALLIANCES = "alliances"


async def organisation(city: "City", kind: str) -> str:
    """A verified organisation of some kind."""
    return (await city.enterprise(kind=kind, facts={}, industry=None)).uscc


def proposal(lead: str, chain: str, *members: tuple[str, str], **more: Any) -> dict[str, Any]:
    """What is proposed: who leads, who joins in which role."""
    return {
        "kind": "industry_tech_alliance", "title": "江门示例产业技术创新联盟", "lead": lead, "chain": chain,
        "members": [{"organisation": uscc, "role": role} for uscc, role in members], **more,
    }  # fmt: skip


async def standing_for(officer: Client, city: "City", chain: str) -> dict[str, Any]:
    """What stands for a chain."""
    items = (await officer.read(f"{ALLIANCES}/chains", city=city.area))["items"]
    found: dict[str, Any] = next(each for each in items if each["chain"] == chain)
    return found


async def test_jm_07_an_alliance_with_one_lead_members_by_role_and_one_chain(city: "City") -> None:
    """JM-07: one lead of a permitted kind, members by role, one chain; a second for the same chain is flagged."""
    officer, approver = city.as_("city_officer"), city.as_("city_approver")
    lead = await city.enterprise()
    university, institute = (
        await organisation(city, "university"),
        await organisation(city, "research_institute"),
    )
    bank = await organisation(city, "financial_institution")
    chain = "rail_transit"

    refused = await officer.post(ALLIANCES, proposal(bank, chain))
    assert (refused.status_code, refused.json()["code"]) == (422, "lead_not_permitted")
    wrong = await lead.signatory.post(
        ALLIANCES, proposal(lead.uscc, chain, (university, "mascot"), (lead.uscc, "university"))
    )
    assert {each["code"] for each in wrong.json()["errors"]} == {"role_unknown", "lead_is_no_member"}
    nowhere = await lead.signatory.post(ALLIANCES, proposal(lead.uscc, "no_such_chain"))
    assert [each["pointer"] for each in nowhere.json()["errors"]] == ["/chain"]

    made = await lead.signatory.make(
        ALLIANCES, proposal(lead.uscc, chain, (university, "university"), (institute, "institute"))
    )
    assert (made["state"], made["lead"], made["flagged"]) == ("proposed", lead.uscc, False)
    assert [each["role"] for each in made["members"]] == ["university", "institute"]
    path = f"{ALLIANCES}/{made['id']}"
    await approver.do(path, "approve", {"document_no": "江科〔2024〕15号"})
    active = await officer.do(path, "activate", {})
    assert (active["state"], active["activated_on"]) == ("active", str(await city.today()))
    assert (await city.anybody().read(path))["state"] == "active"

    second_lead = await city.enterprise()
    second = await second_lead.signatory.make(ALLIANCES, proposal(second_lead.uscc, chain))
    assert second["flagged"]
    assert [each["id"] for each in second["same_chain"]] == [made["id"]]
    second_path = f"{ALLIANCES}/{second['id']}"
    tag = (await approver.get(second_path)).headers["etag"]
    answer = await approver.post(f"{second_path}/approve", {}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "second_for_chain")
    assert (await approver.do(second_path, "approve", {"reason": "覆盖产业链下游，分工不同。"}))["flagged"]
    assert (await standing_for(officer, city, chain))["flagged"]

    await approver.do(path, "dissolve", {"reason": "并入第二个联盟。"})
    left = await standing_for(officer, city, chain)
    assert (left["flagged"], [each["id"] for each in left["alliances"]]) == (False, [second["id"]])


async def test_jm_07_members_come_and_go_with_their_days(city: "City") -> None:
    """JM-07: a member joins in a role from a day and leaves on one; both stay on the record."""
    lead = await city.enterprise()
    university, other = await organisation(city, "university"), await organisation(city, "university")
    made = await lead.signatory.make(
        ALLIANCES, proposal(lead.uscc, "biomedicine", (university, "university"))
    )
    path = f"{ALLIANCES}/{made['id']}"
    joined = await lead.signatory.do(path, "add-member", {"organisation": other, "role": "university"})
    assert len(joined["members"]) == 2
    again = await lead.signatory.post(f"{path}/add-member", {"organisation": other, "role": "university"})
    assert (again.status_code, again.json()["code"]) == (409, "member_already")
    today = str(await city.today())
    after = await lead.signatory.do(
        path, "remove-member", {"organisation": university, "valid_to": today, "reason": "合作到期。"}
    )
    assert {each["organisation"]: each["valid_to"] for each in after["members"]} == {
        university: today,
        other: None,
    }
    # A member reads the alliance before it is public, a stranger does not.
    member = city.as_("enterprise_clerk", organisation=other)
    assert (await member.read(path))["state"] == "proposed"
    stranger = await city.enterprise()
    assert (await stranger.signatory.get(path)).status_code == 404
