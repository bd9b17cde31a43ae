"""What an owner is told of a need, and those concerned of a dispatch."""

from typing import Any


async def told(jiangmen: Any, record: str) -> dict[str, dict[str, Any]]:
    """The messages about a record, by template."""
    sent = [each["data"] for each in await jiangmen.cm.events("sent")]
    return {each["template"]: each for each in sent if each["record"] == record}


class TestNeed:
    async def test_its_owner_is_told_of_every_answer(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("蓬江精铸有限公司")
        owner = jiangmen.owner(uscc)
        body = {"title": "涂层附着力", "text": "附着力达到 0 级", "confidential": "客户为某整车厂"}
        need = (await owner.make("technical-needs", body))["id"]
        path = f"technical-needs/{need}"
        await owner.do(path, "submit")
        items = {"items": [{"pointer": "/text", "label": "需求描述", "reason": "缺少{指标}"}]}
        returned = await jiangmen.county.do(path, "return", items)
        await owner.do(path, "submit")
        await jiangmen.county.do(path, "accept")
        await jiangmen.county.do(path, "route", {"route": "advice"})
        await jiangmen.county.do(path, "advise", {"answer": "建议改用等离子清洗。"})
        await jiangmen.county.do(path, "resolve")
        messages = await told(jiangmen, need)
        assert set(messages) == {
            "need_returned",
            "need_accepted",
            "need_routed",
            "need_advised",
            "need_resolved",
        }
        assert {tuple(each["recipients"]) for each in messages.values()} == {(f"owner:{uscc}",)}
        assert all("涂层附着力" in each["subject_zh"] for each in messages.values())
        assert "整车厂" not in str(messages)
        assert "需求描述：缺少{指标}" in messages["need_returned"]["body_zh"]
        assert returned["returns"][0]["due_on"] in messages["need_returned"]["body_en"]
        assert "咨询答复" in messages["need_routed"]["body_zh"]

    async def test_a_refused_act_tells_nobody(self, jiangmen: Any) -> None:
        need = await jiangmen.need(await jiangmen.organisation("蓬江刃具有限公司"))
        before = await told(jiangmen, need)
        again = await jiangmen.county.post(f"technical-needs/{need}/accept")
        assert again.status_code in (409, 428)
        assert await told(jiangmen, need) == before


class TestDispatch:
    async def test_who_serves_and_the_host_are_asked_and_told_when_it_begins(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("蓬江模具有限公司")
        person = await jiangmen.person()
        dispatch = await jiangmen.proposal(
            await jiangmen.commissioner(person), await jiangmen.need(uscc, title="模具寿命")
        )
        asked = await told(jiangmen, dispatch)
        assert asked["dispatch_proposed"]["recipients"] == [f"person:{person}"]
        assert asked["dispatch_proposed_parties"]["recipients"] == [f"party:{uscc}"]
        path = f"dispatches/{dispatch}"
        await jiangmen.as_person(person).do(path, "accept")
        await jiangmen.owner(uscc).do(path, "accept")
        await jiangmen.county.do(path, "sign", {"agreement_no": "江科特派〔2024〕9号"})
        active = await jiangmen.county.do(path, "activate", {})
        begun = (await told(jiangmen, dispatch))["dispatch_active"]
        assert begun["recipients"] == [f"party:{uscc}", f"person:{person}"]
        assert active["valid_from"] in begun["body_zh"]
        assert "模具寿命" in begun["subject_zh"]
        assert "王示例" not in str(await told(jiangmen, dispatch)), "names of persons stay where they are"
