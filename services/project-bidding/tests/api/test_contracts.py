"""From the award to an accepted task book; money that never runs over."""

import asyncio
from datetime import timedelta
from typing import Any

import sqlalchemy as sa


async def drafted(stage: Any) -> tuple[dict[str, Any], str]:
    call = await stage.awarded()
    today = stage.now().date()
    body = {
        "bid": call["winners"][0],
        "goals": ["圆度误差 ≤ 0.05 mm"],
        "ends_on": (today + timedelta(days=700)).isoformat(),
        "milestones": [
            {"key": "midterm", "title": "中期：样机完成", "due_on": (today + timedelta(days=60)).isoformat()}
        ],
        "tranches": [
            {"funder": "jm-finance", "on": "signature", "amount": "450000.00"},
            {"funder": "jm-finance", "on": "milestone", "milestone": "midterm", "amount": "270000.00"},
            {"funder": "jm-finance", "on": "acceptance", "amount": "180000.00"},
        ],
    }
    contract = await stage.officer().make("contracts", body)
    return contract, call["id"]


async def signed(stage: Any) -> dict[str, Any]:
    contract, _ = await drafted(stage)
    path = f"contracts/{contract['id']}"
    for uscc in contract["parties"]:
        assert (await stage.signatory(uscc).do(path, "sign"))["state"] == "drafted"
    return dict(await stage.approver().do(path, "sign"))


async def tranche(stage: Any, contract: str, trigger: str) -> str:
    found = (await stage.officer().read("tranches", contract=contract))["items"]
    return f"tranches/{next(each['id'] for each in found if each['trigger'] == trigger)}"


class TestTaskBook:
    async def test_a_task_book_runs_from_signature_to_acceptance(self, pb: Any, stage: Any) -> None:
        contract = await signed(stage)
        assert contract["state"] == "performing"
        path, lead = f"contracts/{contract['id']}", stage.signatory(contract["organisation"])
        assert stage.owner in contract["parties"], "the need's owner is a party"
        first = await tranche(stage, contract["id"], "signature")
        assert (await lead.read(first))["state"] == "due"
        early = await lead.post(f"{path}/request-acceptance")
        assert early.json()["code"] == "milestones_open"
        [milestone] = (await lead.read("contract-milestones", contract=contract["id"]))["items"]
        mark = f"contract-milestones/{milestone['id']}"
        await lead.do(mark, "submit", {"evidence": "样机检测报告"})
        await stage.officer().do(mark, "reject", {"reason": "缺少签章"})
        await lead.do(mark, "submit", {"evidence": "样机检测报告（盖章）"})
        await stage.officer().do(mark, "approve")
        second = await tranche(stage, contract["id"], "milestone")
        assert (await lead.read(second))["state"] == "due"
        finance = stage.officer("finance-1", "finance_officer")
        await stage.officer().do(first, "approve")
        released = await finance.do(first, "release", {"voucher": "PZ-1"})
        assert (released["state"], released["released"]) == ("released", "450000.00")
        assert (await finance.do(first, "reconcile"))["state"] == "reconciled"
        await lead.do(path, "request-acceptance")
        refused = await stage.officer().post(
            f"{path}/accept", {"opinion": "同意"},
            headers={"If-Match": (await stage.officer().get(path)).headers["etag"]},
        )  # fmt: skip
        assert refused.json()["code"] == "handler_does_not_decide"
        accepted = await stage.approver().do(path, "accept", {"opinion": "同意通过验收。"})
        assert accepted["state"] == "accepted"
        told = [each for each in await pb.events("contract.accepted") if each["subject"] == contract["id"]]
        assert [each["data"]["need"] for each in told] == [stage.need]
        assert (await lead.read(await tranche(stage, contract["id"], "acceptance")))["state"] == "due"

    async def test_a_milestone_becomes_overdue_by_itself(self, pb: Any, stage: Any) -> None:
        contract = await signed(stage)
        await pb.at(days=62)
        await pb.fire_timers()
        [milestone] = (await stage.officer().read("contract-milestones", contract=contract["id"]))["items"]
        assert milestone["state"] == "overdue"
        told = [each for each in await pb.events("overdue") if each["data"]["contract"] == contract["id"]]
        assert len(told) == 1

    async def test_a_milestone_rejected_after_its_day_is_overdue(self, pb: Any, stage: Any) -> None:
        contract = await signed(stage)
        lead = stage.signatory(contract["organisation"])
        [milestone] = (await lead.read("contract-milestones", contract=contract["id"]))["items"]
        mark = f"contract-milestones/{milestone['id']}"
        await lead.do(mark, "submit", {"evidence": "样机检测报告"})
        await pb.at(days=62)
        await pb.fire_timers()
        assert (await lead.read(mark))["state"] == "submitted", "it was handed in before its day"
        await stage.officer().do(mark, "reject", {"reason": "缺少签章"})
        await pb.fire_timers()
        assert (await lead.read(mark))["state"] == "overdue"
        told = [each for each in await pb.events("overdue") if each["data"]["contract"] == contract["id"]]
        assert len(told) == 1
        again = await lead.do(mark, "submit", {"evidence": "样机检测报告（盖章）"})
        assert again["state"] == "submitted"

    async def test_tranches_beyond_a_funders_share_are_refused(self, stage: Any) -> None:
        call = await stage.awarded()
        body = {
            "bid": call["winners"][0], "goals": ["达标"], "ends_on": "2099-01-01",
            "tranches": [{"funder": "jm-finance", "on": "signature", "amount": "900000.01"}],
        }  # fmt: skip
        answer = await stage.officer().post("contracts", body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "money_does_not_add_up")
        body["shares"] = [
            {"funder": "jm-finance", "label": "市级财政", "fiscal": True, "amount": "900000.01"}
        ]
        answer = await stage.officer().post("contracts", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "funder_exhausted")

    async def test_shares_beyond_what_any_budget_holds_are_refused_by_name(self, stage: Any) -> None:
        call = await stage.awarded()
        most = {"label": "出资方", "fiscal": False, "amount": "92233720368547758.07"}
        body = {"bid": call["winners"][0], "goals": ["达标"], "ends_on": "2099-01-01"}
        for funders, code in ((("a", "b"), "amount_too_large"), (("a", "a"), "funder_repeated")):
            shares = [{**most, "funder": each} for each in funders]
            answer = await stage.officer().post("contracts", {**body, "shares": shares})
            [error] = answer.json()["errors"]
            assert (answer.status_code, error["pointer"], error["code"]) == (422, "/shares", code)
        shares = [{**most, "funder": "jm-finance"}]
        answer = await stage.officer().post("contracts", {**body, "shares": shares})
        assert (answer.status_code, answer.json()["code"]) == (409, "funder_exhausted")

    async def test_a_call_without_money_still_has_its_task_book(self, stage: Any) -> None:
        call = await stage.awarded(budget="0.00", funders=[])
        body = {"bid": call["winners"][0], "goals": ["达标"], "ends_on": "2099-01-01"}
        made = await stage.officer().make("contracts", body)
        assert (made["budget"], made["shares"]) == ("0.00", [])

    async def test_the_days_of_a_contract_lie_between_today_and_its_end(self, stage: Any) -> None:
        call = await stage.awarded()
        today = stage.now().date()
        last = today + timedelta(days=100)

        async def refused(ends_on: str, due_on: str) -> tuple[str, str]:
            body = {
                "bid": call["winners"][0], "goals": ["达标"], "ends_on": ends_on,
                "milestones": [{"key": "midterm", "title": "中期", "due_on": due_on}],
            }  # fmt: skip
            answer = await stage.officer().post("contracts", body)
            assert answer.status_code == 422, answer.text
            [error] = answer.json()["errors"]
            return error["pointer"], error["code"]

        due = "/milestones/0/due_on"
        assert await refused(str(today), str(today)) == ("/ends_on", "ends_in_past")
        assert await refused(str(last), "0001-01-01") == (due, "day_out_of_range")
        for day in (today - timedelta(days=1), last + timedelta(days=1)):
            assert await refused(str(last), str(day)) == (due, "due_outside_contract")

    async def test_an_outsider_sees_no_contract_and_signs_none(self, stage: Any) -> None:
        contract, _ = await drafted(stage)
        outsider = stage.signatory(await stage.register(stage.uscc()))
        assert (await outsider.get(f"contracts/{contract['id']}")).status_code == 404
        assert (await outsider.post(f"contracts/{contract['id']}/sign")).status_code == 404


class TestMoney:
    async def test_twenty_releases_at_once_never_overdraw_a_tranche(self, pb: Any, stage: Any) -> None:
        contract = await signed(stage)
        path = await tranche(stage, contract["id"], "signature")
        await stage.officer().do(path, "approve", {"amount": "450000.00"})
        finance = stage.officer("finance-1", "finance_officer")

        async def release(n: int) -> str:
            """One clerk who reads again whenever another was faster."""
            while True:
                tag = (await finance.get(path)).headers["etag"]
                answer = await finance.post(
                    f"{path}/release", {"amount": "45000.00", "voucher": f"PZ-{n}"}, headers={"If-Match": tag}
                )
                if answer.status_code != 412:
                    return str(answer.status_code)

        answers = await asyncio.gather(*(release(n) for n in range(20)))
        assert sorted(answers) == ["200"] * 10 + ["409"] * 10
        done = await finance.read(path)
        assert (done["state"], done["released"], len(done["vouchers"])) == ("released", "450000.00", 10)
        async with pb.database.read.connect() as conn:
            drawn = await conn.execute(
                sa.text(
                    "SELECT released_fen FROM funder_account WHERE call = :call AND funder = 'jm-finance'"
                ),
                {"call": contract["call"]},
            )
            assert drawn.scalar_one() == 45_000_000
        sent = [
            each for each in await pb.events("tranche.released") if each["data"]["contract"] == contract["id"]
        ]
        assert sum(each["data"]["amount_fen"] for each in sent) == 45_000_000

    async def test_who_approves_does_not_release_and_a_voucher_counts_once(self, stage: Any) -> None:
        contract = await signed(stage)
        path = await tranche(stage, contract["id"], "signature")
        await stage.officer().do(path, "approve", {"amount": "450000.00"})
        both = stage.pb.client(
            roles=["finance_officer", "city_officer"],
            areas=["440700"],
            subject="officer-1",
            person="officer-1",
        )
        tag = (await both.get(path)).headers["etag"]
        answer = await both.post(f"{path}/release", {"voucher": "PZ-1"}, headers={"If-Match": tag})
        assert answer.json()["code"] == "handler_does_not_decide"
        finance = stage.officer("finance-1", "finance_officer")
        await finance.do(path, "release", {"amount": "1.00", "voucher": "PZ-1"})
        tag = (await finance.get(path)).headers["etag"]
        again = await finance.post(
            f"{path}/release", {"amount": "1.00", "voucher": "PZ-1"}, headers={"If-Match": tag}
        )
        assert again.json()["errors"][0]["code"] == "voucher_used"


async def account(pb: Any, call: str) -> tuple[int, int]:
    """What contracts bind of the city's promise to a call, and what was paid of it, in fen."""
    async with pb.database.read.connect() as conn:
        found = await conn.execute(
            sa.text(
                "SELECT committed_fen, released_fen FROM funder_account"
                " WHERE call = :call AND funder = 'jm-finance'"
            ),
            {"call": call},
        )
        committed, released = found.one()
        return int(committed), int(released)


async def refusal(client: Any, path: str, verb: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    tag = (await client.get(path)).headers["etag"]
    answer = await client.post(f"{path}/{verb}", body or {}, headers={"If-Match": tag})
    return answer.status_code, answer.json().get("code")


class TestEnded:
    async def test_on_a_terminated_contract_nothing_is_paid_or_falls_due_also_when_its_file_is_closed(
        self, pb: Any, stage: Any
    ) -> None:
        contract = await signed(stage)
        path, lead = f"contracts/{contract['id']}", stage.signatory(contract["organisation"])
        first = await tranche(stage, contract["id"], "signature")
        await stage.officer().do(first, "approve", {"amount": "450000.00"})
        finance = stage.officer("finance-1", "finance_officer")
        await finance.do(first, "release", {"amount": "100000.00", "voucher": "PZ-1"})
        [milestone] = (await lead.read("contract-milestones", contract=contract["id"]))["items"]
        mark = f"contract-milestones/{milestone['id']}"
        await lead.do(mark, "submit", {"evidence": "样机检测报告"})
        await stage.approver().do(path, "terminate", {"reason": "各方协商一致终止。"})
        assert await account(pb, contract["call"]) == (10_000_000, 10_000_000)
        for state in ("terminated", "closed"):
            if state == "closed":
                await stage.officer().do(path, "close", {"reason": "归档"})
            assert await refusal(finance, first, "release", {"voucher": "PZ-2"}) == (409, "contract_ended")
            assert await refusal(stage.officer(), mark, "approve") == (409, "contract_ended")
        second = await tranche(stage, contract["id"], "milestone")
        assert (await lead.read(second))["state"] == "planned"
        assert await account(pb, contract["call"]) == (10_000_000, 10_000_000)
        assert (await lead.read(first))["released"] == "100000.00"

    async def test_a_failed_contract_frees_what_was_not_paid_and_no_more_is_approved(
        self, pb: Any, stage: Any
    ) -> None:
        contract = await signed(stage)
        path, lead = f"contracts/{contract['id']}", stage.signatory(contract["organisation"])
        [milestone] = (await lead.read("contract-milestones", contract=contract["id"]))["items"]
        mark = f"contract-milestones/{milestone['id']}"
        await lead.do(mark, "submit", {"evidence": "样机检测报告"})
        await stage.officer().do(mark, "approve")
        first = await tranche(stage, contract["id"], "signature")
        await stage.officer().do(first, "approve")
        await stage.officer("finance-1", "finance_officer").do(first, "release", {"voucher": "PZ-1"})
        await lead.do(path, "request-acceptance")
        await stage.approver().do(path, "fail", {"opinion": "主要指标未达到。"})
        assert await account(pb, contract["call"]) == (45_000_000, 45_000_000)
        second = await tranche(stage, contract["id"], "milestone")
        assert (await lead.read(second))["state"] == "due"
        assert await refusal(stage.officer(), second, "approve") == (409, "contract_ended")

    async def test_an_award_whose_contract_was_terminated_gets_another_and_the_old_file_is_still_closed(
        self, stage: Any
    ) -> None:
        contract, _ = await drafted(stage)
        path, officer = f"contracts/{contract['id']}", stage.officer()
        body = {
            "bid": contract["bid"], "goals": ["圆度误差 ≤ 0.04 mm"], "ends_on": "2099-01-01",
            "tranches": [{"funder": "jm-finance", "on": "signature", "amount": "900000.00"}],
        }  # fmt: skip
        running = await officer.post("contracts", body)
        assert (running.status_code, running.json()["code"]) == (409, "contract_exists")
        await stage.approver().do(path, "terminate", {"reason": "金额有误，重新拟定。"})
        second = await officer.make("contracts", body)
        assert (await officer.do(path, "close", {"reason": "归档"}))["state"] == "closed"
        third = await officer.post("contracts", body)
        assert (third.status_code, third.json()["code"]) == (409, "contract_exists")
        await stage.approver().do(f"contracts/{second['id']}", "terminate", {"reason": "重新拟定。"})
        await officer.do(f"contracts/{second['id']}", "close", {"reason": "归档"})
        assert (await officer.make("contracts", body))["state"] == "drafted"

    async def test_a_need_escalated_anew_waits_for_the_contract_and_has_a_draft_once_it_was_accepted(
        self, stage: Any
    ) -> None:
        contract = await signed(stage)
        path, lead, officer = (
            f"contracts/{contract['id']}", stage.signatory(contract["organisation"]), stage.officer()
        )  # fmt: skip
        await stage.escalated()
        assert len((await officer.read("calls", need=stage.need))["items"]) == 1, "the work goes on"
        [milestone] = (await lead.read("contract-milestones", contract=contract["id"]))["items"]
        await lead.do(f"contract-milestones/{milestone['id']}", "submit", {"evidence": "样机检测报告"})
        await officer.do(f"contract-milestones/{milestone['id']}", "approve")
        await lead.do(path, "request-acceptance")
        await stage.approver().do(path, "accept", {"opinion": "同意通过验收。"})
        await stage.escalated()
        found = (await officer.read("calls", need=stage.need))["items"]
        assert sorted(each["state"] for each in found) == ["awarded", "drafting"]
