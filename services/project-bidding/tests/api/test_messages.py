"""Who is told what of a call, its award and its money; of a sealed bid nobody hears anything."""

from datetime import timedelta
from typing import Any


async def told(stage: Any, template: str, record: str | None = None) -> list[dict[str, Any]]:
    """The messages of a template, about a record or about all."""
    sent = [each["data"] for each in await stage.pb.events("sent")]
    return [each for each in sent if each["template"] == template and record in (None, each["record"])]


async def test_the_owner_of_the_need_and_the_departments_hear_of_the_publication(stage: Any) -> None:
    call = await stage.published()
    [message] = await told(stage, "call_published", call)
    assert message["recipients"] == sorted([f"party:{stage.owner}", "unit:jm-science", "unit:jm-industry"])


async def test_no_message_betrays_a_sealed_bid(stage: Any) -> None:
    call = await stage.published()
    before = len(await stage.pb.events("sent"))
    await stage.consortia(call, 2)
    assert len(await stage.pb.events("sent")) == before


async def test_the_lead_in_a_notice_hears_of_it(stage: Any) -> None:
    call = await stage.published()
    await stage.consortia(call)
    await stage.opened(call)
    shown = await stage.in_notice(call)
    [message] = await told(stage, "notice_published", shown["notice"])
    [item] = (await stage.officer().read(f"call-notices/{shown['notice']}"))["items"]
    assert message["recipients"] == [f"party:{item['organisation']}"]
    assert "市科技局资源配置科" in message["body_zh"]


async def test_the_winners_and_the_owner_hear_of_the_award(stage: Any) -> None:
    call = await stage.awarded()
    [message] = await told(stage, "award_decided", call["id"])
    won = await stage.officer().read(f"bids/{call['winners'][0]}")
    assert message["recipients"] == sorted(
        f"party:{each}" for each in (won["lead"], *won["members"], stage.owner)
    )
    assert "江科〔2024〕58号" in message["body_zh"]


async def test_the_lead_hears_of_money_and_all_parties_of_a_missed_milestone(stage: Any) -> None:
    call = await stage.awarded()
    due = stage.now().date() + timedelta(days=20)
    body = {
        "bid": call["winners"][0], "goals": ["达标"], "ends_on": "2099-01-01",
        "milestones": [{"key": "midterm", "title": "中期检查", "due_on": due.isoformat()}],
        "tranches": [{"funder": "jm-finance", "on": "signature", "amount": "450000.00"}],
    }  # fmt: skip
    contract = await stage.officer().make("contracts", body)
    for uscc in contract["parties"]:
        await stage.signatory(uscc).do(f"contracts/{contract['id']}", "sign")
    await stage.approver().do(f"contracts/{contract['id']}", "sign")
    [tranche] = (await stage.officer().read("tranches", contract=contract["id"]))["items"]
    await stage.officer().do(f"tranches/{tranche['id']}", "approve")
    finance = stage.officer("finance-1", "finance_officer")
    await finance.do(f"tranches/{tranche['id']}", "release", {"amount": "1000.00", "voucher": "PZ-1"})
    [money] = await told(stage, "tranche_released", tranche["id"])
    assert money["recipients"] == [f"owner:{contract['organisation']}"]
    assert "1000.00" in money["body_zh"]
    assert contract["number"] in money["body_zh"]
    await stage.pb.at(days=6)
    await stage.pb.fire_timers()
    [milestone] = (await stage.officer().read("contract-milestones", contract=contract["id"]))["items"]
    [soon] = await told(stage, "milestone_due", milestone["id"])
    assert soon["recipients"] == [f"owner:{contract['organisation']}"]
    await stage.pb.at(days=16)
    await stage.pb.fire_timers()
    [missed] = await told(stage, "milestone_overdue", milestone["id"])
    assert missed["recipients"] == sorted(f"party:{each}" for each in contract["parties"])
    assert due.isoformat() in missed["body_zh"]
