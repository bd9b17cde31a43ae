"""A need from its submission to its owner's confirmation, and what others may see of it."""

from datetime import date, timedelta
from typing import Any

from kechuang_contracts.project_bidding import ContractAccepted

PUBLIC_TEXT = {"public_title": "压铸件气孔控制", "public_text": "将气孔率控制在 1% 以内。"}


async def active(jiangmen: Any) -> tuple[str, str, str, str]:
    """Gives dispatch, need, person and the enterprise's code."""
    uscc, need = await routed(jiangmen)
    person = await jiangmen.person()
    dispatch = await jiangmen.proposal(await jiangmen.commissioner(person), need)
    path = f"dispatches/{dispatch}"
    await jiangmen.as_person(person).do(path, "accept")
    await jiangmen.owner(uscc).do(path, "accept")
    await jiangmen.county.do(path, "sign", {"agreement_no": "江科特派〔2024〕7号"})
    await jiangmen.county.do(path, "activate", {})
    return dispatch, need, person, uscc


async def routed(jiangmen: Any, **more: Any) -> tuple[str, str]:
    uscc = await jiangmen.organisation("蓬江精铸有限公司")
    return uscc, await jiangmen.need(uscc, **more)


class TestConfidential:
    async def test_it_is_read_by_owner_and_handling_officers_alone(self, jiangmen: Any) -> None:
        uscc, need = await routed(jiangmen, confidential="客户为某整车厂")
        path = f"technical-needs/{need}"
        for reader in (jiangmen.owner(uscc), jiangmen.county, jiangmen.city):
            assert (await reader.read(path))["confidential"] == "客户为某整车厂"
        for reader in (jiangmen.auditor, jiangmen.approver):
            assert (await reader.read(path))["confidential"] is None
        history = (await jiangmen.auditor.get(f"{path}/history")).text
        assert "整车厂" not in history

    async def test_another_enterprise_does_not_see_the_need(self, jiangmen: Any) -> None:
        _, need = await routed(jiangmen)
        stranger = jiangmen.owner(await jiangmen.organisation("江海五金有限公司", division="440704"))
        assert (await stranger.get(f"technical-needs/{need}")).status_code == 404
        assert (await stranger.post(f"technical-needs/{need}/confirm")).status_code == 404
        assert (await stranger.read("technical-needs"))["items"] == []


class TestReturn:
    async def test_a_return_names_everything_once_and_lapses_at_its_due_date(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("鹤山化工有限公司")
        owner = jiangmen.owner(uscc)
        need = (await owner.make("technical-needs", {"title": "涂层", "text": "附着力"}))["id"]
        await owner.do(f"technical-needs/{need}", "submit")
        items = {"items": [{"pointer": "/text", "label": "需求描述", "reason": "缺少指标"}]}
        returned = await jiangmen.county.do(f"technical-needs/{need}", "return", items)
        assert returned["returns"][0]["items"][0]["reason"] == "缺少指标"
        await owner.patch(f"technical-needs/{need}", {"text": "附着力达到 0 级"})
        again = await owner.do(f"technical-needs/{need}", "submit")
        assert again["submitted_on"] == returned["submitted_on"]
        second = await jiangmen.county.post(f"technical-needs/{need}/return", items)
        assert second.status_code == 409
        assert second.json()["code"] == "already_returned"

    async def test_it_lapses_also_when_its_owner_began_to_correct_it(self, own_jiangmen: Any) -> None:
        uscc = await own_jiangmen.organisation("恩平麦克风有限公司")
        owner = own_jiangmen.owner(uscc)
        path = f"technical-needs/{(await owner.make('technical-needs', {'title': '音膜', 'text': '频响'}))['id']}"
        await owner.do(path, "submit")
        items = {"items": [{"pointer": "/text", "label": "需求描述", "reason": "缺少指标"}]}
        await own_jiangmen.county.do(path, "return", items)
        await owner.patch(path, {"text": "频响 20 Hz 至 20 kHz"})
        await own_jiangmen.cm.at(days=12)
        await own_jiangmen.cm.fire_timers()
        assert (await owner.read(path))["state"] == "withdrawn"

    async def test_a_draft_that_is_withdrawn_stays_with_its_owner(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("台山五金有限公司")
        owner = jiangmen.owner(uscc)
        secret = {"title": "锁芯", "text": "防撬", "confidential": "客户名单"}
        path = f"technical-needs/{(await owner.make('technical-needs', secret))['id']}"
        assert (await owner.do(path, "withdraw"))["state"] == "withdrawn"
        assert (await owner.read(path))["confidential"] == "客户名单"
        for officer in (jiangmen.county, jiangmen.city):
            assert (await officer.get(path)).status_code == 404

    async def test_the_submission_is_told_once(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("开平水暖有限公司")
        owner = jiangmen.owner(uscc)
        need = (await owner.make("technical-needs", {"title": "阀芯", "text": "密封寿命"}))["id"]
        await owner.do(f"technical-needs/{need}", "submit")
        items = {"items": [{"pointer": "/text", "label": "需求描述", "reason": "缺少指标"}]}
        await jiangmen.county.do(f"technical-needs/{need}", "return", items)
        await owner.do(f"technical-needs/{need}", "submit")
        told = [each for each in await jiangmen.cm.events("submitted") if each["subject"] == need]
        assert len(told) == 1


class TestAdvice:
    async def test_advice_is_confirmed_by_the_owner_and_counts_until_reopened(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("台山食品有限公司")
        owner = jiangmen.owner(uscc)
        need = (await owner.make("technical-needs", {"title": "杀菌", "text": "保质期 12 个月"}))["id"]
        path = f"technical-needs/{need}"
        await owner.do(path, "submit")
        await jiangmen.county.do(path, "accept")
        await jiangmen.county.do(path, "route", {"route": "advice"})
        await jiangmen.county.do(path, "advise", {"answer": "采用超高压杀菌。"})
        assert (await jiangmen.county.post(f"{path}/confirm")).status_code == 403
        assert (await owner.do(path, "confirm"))["state"] == "confirmed"
        told = [each for each in await jiangmen.cm.events("confirmed") if each["subject"] == need]
        assert told[0]["data"]["way"] == "advice"
        reopened = await owner.do(path, "reopen", {"reason": "批量后失效"})
        assert (reopened["state"], reopened["route"]) == ("routed", None)
        assert [e["subject"] for e in await jiangmen.cm.events("reopened")].count(need) == 1
        assert (await jiangmen.county.do(path, "route", {"route": "matching"}))["route"] == "matching"
        again = await jiangmen.county.post(f"{path}/route", {"route": "advice"})
        assert (again.status_code, again.json()["code"]) == (409, "already_routed")
        commissioner = await jiangmen.commissioner(await jiangmen.person())
        assert await jiangmen.proposal(commissioner, need)

    async def test_the_actions_say_why_not(self, jiangmen: Any) -> None:
        _, need = await routed(jiangmen)
        actions = (await jiangmen.city.read(f"technical-needs/{need}/actions"))["items"]
        escalate = next(each for each in actions if each["verb"] == "escalate")
        assert escalate["allowed"] is False
        assert escalate["reasons"][0]["code"] == "public_text_missing"
        assert "confirm" not in {each["verb"] for each in actions}


class TestReopened:
    async def test_it_is_served_again_while_its_dispatch_goes_on(self, jiangmen: Any) -> None:
        dispatch, need, person, uscc = await active(jiangmen)
        path = f"technical-needs/{need}"
        await jiangmen.as_person(person).do(path, "resolve")
        reopened = await jiangmen.owner(uscc).do(path, "reopen", {"reason": "仍有气孔"})
        assert (reopened["state"], reopened["dispatch"]) == ("in_service", dispatch)
        assert (await jiangmen.as_person(person).do(path, "resolve"))["state"] == "resolved"

    async def test_after_its_dispatch_an_officer_decides_anew(self, jiangmen: Any) -> None:
        dispatch, need, person, uscc = await active(jiangmen)
        path = f"technical-needs/{need}"
        await jiangmen.as_person(person).do(path, "resolve")
        await jiangmen.county.do(f"dispatches/{dispatch}", "complete")
        reopened = await jiangmen.owner(uscc).do(path, "reopen", {"reason": "批量后失效"})
        assert (reopened["state"], reopened["dispatch"], reopened["route"]) == ("routed", None, None)
        await jiangmen.county.do(path, "route", {"route": "advice"})
        await jiangmen.county.do(path, "advise", {"answer": "改用真空压铸。"})
        await jiangmen.owner(uscc).do(path, "confirm")
        told = [each for each in await jiangmen.cm.events("confirmed") if each["subject"] == need]
        assert told[-1]["data"]["way"] == "advice"


class TestEscalation:
    async def test_only_the_consented_text_leaves_and_an_accepted_contract_resolves(
        self, jiangmen: Any
    ) -> None:
        uscc, need = await routed(jiangmen, confidential="客户为某整车厂", budget="300000.00")
        path, owner = f"technical-needs/{need}", jiangmen.owner(uscc)
        refused = await jiangmen.city.post(f"{path}/escalate")
        assert (refused.status_code, refused.json()["code"]) == (409, "public_text_missing")
        await owner.do(path, "consent", PUBLIC_TEXT)
        escalated = await jiangmen.city.do(path, "escalate")
        assert escalated["state"] == "escalated_to_call"
        told = next(each for each in await jiangmen.cm.events("escalated") if each["subject"] == need)
        assert told["data"]["public_text"] == PUBLIC_TEXT["public_text"]
        assert told["data"]["budget_fen"] == 30_000_000
        assert "整车厂" not in str(told)
        accepted = ContractAccepted(
            city="440700", division="440703", zones=[], call="call-1", need=need, outcome="accepted",
            accepted_on=date(2025, 6, 30),
        )  # fmt: skip
        await jiangmen.cm.deliver(accepted, aggregate=f"contract-{need}")
        await jiangmen.cm.deliver(accepted, aggregate=f"contract-{need}")
        resolved = await owner.read(path)
        assert (resolved["state"], resolved["contract"]) == ("resolved", f"contract-{need}")
        await owner.do(path, "confirm")
        told = next(each for each in await jiangmen.cm.events("confirmed") if each["subject"] == need)
        assert told["data"]["way"] == "contract"

    async def test_a_contract_without_acceptance_resolves_nothing(self, jiangmen: Any) -> None:
        uscc, need = await routed(jiangmen)
        await jiangmen.owner(uscc).do(f"technical-needs/{need}", "consent", PUBLIC_TEXT)
        await jiangmen.city.do(f"technical-needs/{need}", "escalate")
        await jiangmen.cm.deliver(
            ContractAccepted(
                city=None, division=None, zones=[], call="c", need=need, outcome="concluded",
                accepted_on=date(2025, 6, 30),
            ),
            aggregate="contract-concluded",
        )  # fmt: skip
        assert (await jiangmen.city.read(f"technical-needs/{need}"))["state"] == "escalated_to_call"


class TestCampaign:
    async def test_a_campaign_takes_needs_while_it_is_open(self, jiangmen: Any) -> None:
        clock = jiangmen.cm.database.clock
        window = {
            "title": "2024 年企业技术需求征集", "target": "technical-needs", "city": "440700",
            "opens_at": (clock.now() + timedelta(days=1)).isoformat(),
            "closes_at": (clock.now() + timedelta(days=20)).isoformat(),
        }  # fmt: skip
        campaign = (await jiangmen.city.make("need-campaigns", window))["id"]
        owner = jiangmen.owner(await jiangmen.organisation("蓬江轨道装备有限公司"))
        body = {"title": "车轮", "text": "探伤效率提高一倍", "campaign": campaign}
        need = (await owner.make("technical-needs", body))["id"]
        early = await owner.post(f"technical-needs/{need}/submit")
        assert (early.status_code, early.json()["code"]) == (409, "window_not_open")
        await jiangmen.cm.at(days=2)
        await jiangmen.cm.fire_timers()
        assert (await jiangmen.cm.client().read(f"need-campaigns/{campaign}"))["is_open"] is True
        assert (await owner.do(f"technical-needs/{need}", "submit"))["state"] == "submitted"
        listed = await jiangmen.county.read("technical-needs", campaign=campaign)
        assert [each["id"] for each in listed["items"]] == [need]

    async def test_a_returned_need_that_is_not_corrected_lapses(self, jiangmen: Any) -> None:
        owner = jiangmen.owner(await jiangmen.organisation("江海线路板有限公司"))
        need = (await owner.make("technical-needs", {"title": "钻孔", "text": "毛刺"}))["id"]
        await owner.do(f"technical-needs/{need}", "submit")
        items = {"items": [{"pointer": "/text", "label": "需求描述", "reason": "缺少指标"}]}
        await jiangmen.county.do(f"technical-needs/{need}", "return", items)
        await jiangmen.cm.at(days=12)
        await jiangmen.cm.fire_timers()
        assert (await owner.read(f"technical-needs/{need}"))["state"] == "withdrawn"
