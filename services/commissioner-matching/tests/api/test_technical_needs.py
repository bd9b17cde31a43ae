"""Technical needs through the real application and a real database."""

import asyncio

from kechuang.testing import ServiceHarness
from kechuang_contracts.enterprise_registry import OrganisationChanged

USCC = "91440703MA0TEAT010"
NEED = {
    "title": "铝合金压铸件气孔缺陷控制",
    "text": "壁厚 3 mm 压铸件内部气孔率需低于 1%。",
    "budget": "300000.00",
}


async def registered(cm: ServiceHarness, uscc: str = USCC, division: str = "440703") -> None:
    await cm.deliver(
        OrganisationChanged(
            uscc=uscc, title="蓬江精铸有限公司", kind="enterprise", scale="small", industry="C33", chains=[],
            state="active", city="440700", division=division, zones=[],
        ),
        aggregate=uscc,
    )  # fmt: skip


class TestFileAndSubmit:
    async def test_a_need_is_drafted_submitted_and_seen_by_its_county_alone(self, cm: ServiceHarness) -> None:
        await registered(cm)
        owner = cm.client(roles=["enterprise_signatory"], organisation=USCC, person="p-1")
        county = cm.client(roles=["county_officer"], areas=["440703"])
        other = cm.client(roles=["county_officer"], areas=["440704"])
        need = await owner.make("technical-needs", NEED)
        assert need["state"] == "draft"
        assert need["budget"] == "300000.00"
        assert need["number"].startswith("TN-")
        assert (await county.get(f"technical-needs/{need['id']}")).status_code == 404
        need = await owner.do(f"technical-needs/{need['id']}", "submit")
        assert need["state"] == "submitted"
        assert (await county.read(f"technical-needs/{need['id']}"))["title"] == NEED["title"]
        assert (await other.get(f"technical-needs/{need['id']}")).status_code == 404
        listed = await county.read("technical-needs", q="压铸", organisation=USCC, state="submitted")
        assert [each["id"] for each in listed["items"]] == [need["id"]]
        history = await owner.read(f"technical-needs/{need['id']}/history")
        assert [each["verb"] for each in history["items"]] == ["create", "submit"]
        await cm.seal()
        feed = await county.read("technical-needs/changes", limit=200)
        assert [each["id"] for each in feed["items"]].count(need["id"]) == 1
        told = [each for each in await cm.events("submitted") if each["subject"] == need["id"]]
        assert len(told) == 1

    async def test_twenty_clients_with_one_key_make_one_need(self, cm: ServiceHarness) -> None:
        await registered(cm)
        owner = cm.client(roles=["enterprise_signatory"], organisation=USCC, person="p-1")
        answers = await asyncio.gather(
            *(owner.post("technical-needs", NEED, key="the-same") for _ in range(20))
        )
        assert {each.status_code for each in answers} == {201}
        assert len({each.json()["id"] for each in answers}) == 1
        assert len({each.content for each in answers}) == 1

    async def test_all_errors_are_listed_in_the_callers_language(self, cm: ServiceHarness) -> None:
        owner = cm.client(roles=["enterprise_signatory"], organisation=USCC, person="p-1")
        answer = await owner.post("technical-needs", {"titel": "x", "text": 5, "budget": 3})
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert {each["pointer"] for each in answer.json()["errors"]} == {
            "/titel",
            "/title",
            "/text",
            "/budget",
        }
