"""From the panel to the decision, and who may do what on the way."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from project_bidding.reviews.scoring import Criterion, Review, Scheme, rank


class TestCall:
    async def test_a_call_is_published_only_when_every_named_department_signed(
        self, pb: Any, stage: Any
    ) -> None:
        call = await stage.drafted()
        officer = stage.officer()
        await officer.patch(f"calls/{call}", {"departments": ["jm-science", "jm-industry"]})
        science = pb.client(roles=["department_officer"], unit="jm-science", subject="s-1")
        assert (await science.do(f"calls/{call}", "co-sign", {"opinion": "同意"}))["state"] == "drafting"
        stranger = pb.client(roles=["department_officer"], unit="jm-health", subject="h-1")
        assert (await stranger.get(f"calls/{call}")).status_code == 404
        industry = pb.client(roles=["department_officer"], unit="jm-industry", subject="i-1")
        assert (await industry.do(f"calls/{call}", "co-sign", {"opinion": "同意"}))["state"] == "co_signed"
        assert (await pb.client().get(f"calls/{call}")).status_code == 404, "a draft is not public"

    async def test_money_and_weights_must_add_up_before_publication(self, pb: Any, stage: Any) -> None:
        call = await stage.drafted()
        officer = stage.officer()
        await stage.keys()
        await officer.patch(
            f"calls/{call}",
            {"departments": ["jm-science"], "budget": "3000000.00",
             "criteria": [{"key": "a", "label": "甲", "weight": 90}],
             "funders": [{"funder": "jm-finance", "label": "市级财政", "fiscal": True, "amount": "2999999.99"}]},
        )  # fmt: skip
        science = pb.client(roles=["department_officer"], unit="jm-science", subject="s-1")
        await science.do(f"calls/{call}", "co-sign", {"opinion": "同意"})
        await officer.do(f"calls/{call}", "appraise", {"opinion": "同意"})
        answer = await officer.post(
            f"calls/{call}/publish",
            {},
            headers={"If-Match": (await officer.get(f"calls/{call}")).headers["etag"]},
        )
        assert answer.status_code == 409
        assert {each["code"] for each in answer.json()["reasons"]} == {
            "weights_incomplete", "funders_incomplete", "closing_missing"
        }  # fmt: skip

    async def test_an_escalated_need_told_twice_makes_one_call(self, stage: Any) -> None:
        first = await stage.drafted()
        assert await stage.drafted() == first
        listed = await stage.officer().read("calls", need=stage.need, include="total")
        assert listed["total"]["value"] == 1
        assert listed["items"][0]["need_owner"] == stage.owner
        assert listed["items"][0]["pack"].startswith("jiangmen-2023@")

    async def test_an_extension_moves_the_closing_and_the_old_timer_does_nothing(self, stage: Any) -> None:
        call = await stage.published(days=3)
        officer = stage.officer()
        old = datetime.fromisoformat((await officer.read(f"calls/{call}"))["closes_at"])
        later = (old + timedelta(days=2)).isoformat()
        await officer.do(f"calls/{call}", "extend", {"closes_at": later, "reason": "系统维护"})
        await stage.move_to(old)
        await stage.pb.fire_timers()
        assert (await officer.read(f"calls/{call}"))["is_open"] is True
        await stage.closed(call)
        assert (await officer.read(f"calls/{call}"))["state"] == "closed"


class TestReview:
    async def test_scores_are_visible_to_nobody_else_until_all_are_in(self, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call, 2)
        await stage.opened(call)
        experts = [f"x-{stage.need}-{n}" for n in range(2)]
        listed = await stage.under_review(call, experts)
        assert len(listed) == 4
        assert {each["expert"] for each in listed} == {None}, "names stay with those drawn"
        officer = stage.officer()
        marks = {"scores": {"innovation": "88.50", "feasibility": "80"}, "opinion": "可行"}
        for n, person in enumerate(experts):
            client = stage.expert(person)
            mine = (await client.read("reviews", call=call))["items"]
            assert len(mine) == 2, "an expert sees the own assignments alone"
            for review in mine:
                path = f"reviews/{review['id']}"
                assert (await client.get(f"bids/{review['bid']}")).status_code == 404
                await client.do(path, "accept")
                assert (await client.read(f"bids/{review['bid']}/content"))["content"]["technical"]
                done = await client.do(path, "submit", marks)
                assert done["scores"]["innovation"] == "88.50"
                seen = (await officer.read(path))["scores"]
                last = n == 1 and review is mine[-1]
                assert (seen is not None) is last
                history = (await officer.get(f"{path}/history")).text
                assert "8850" not in history
                assert person not in history, "the history does not name the expert either"
        bidder = stage.signatory((await officer.read("bids", call=call))["items"][0]["lead"])
        for reader, path in (
            (bidder, f"bids/{listed[0]['bid']}/history"),
            (officer, f"calls/{call}/history"),
        ):
            text = (await reader.get(path)).text
            assert not any(person in text for person in experts)
        assert all(each["scores"] for each in (await officer.read("reviews", call=call))["items"])

    async def test_a_bid_that_every_expert_left_waits_for_another_one(self, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call, 2)
        await stage.opened(call)
        experts = [f"x-{stage.need}-{n}" for n in range(2)]
        left = (await stage.under_review(call, experts))[0]["bid"]
        marks = {"scores": {"innovation": "88", "feasibility": "80"}}

        async def finish(person: str, *, leaves: bool) -> None:
            client = stage.expert(person)
            for review in (await client.read("reviews", call=call))["items"]:
                path = f"reviews/{review['id']}"
                if leaves and review["bid"] == left:
                    await client.do(path, "recuse", {"reason": "与申请单位有合作"})
                else:
                    await client.do(path, "accept")
                    await client.do(path, "submit", marks)

        for person in experts:
            await finish(person, leaves=True)
        early = await stage.officer().post(f"calls/{call}/rank")
        assert early.json()["code"] == "scores_incomplete"
        await stage.seat(call, [*experts, f"x-{stage.need}-9"])
        await finish(f"x-{stage.need}-9", leaves=False)
        assert (await stage.officer().do(f"calls/{call}", "rank"))["state"] == "ranked"

    async def test_a_mark_sheet_names_every_line_that_is_wrong(self, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call, 1)
        await stage.opened(call)
        [review] = await stage.under_review(call, [f"x-{stage.need}"])
        client = stage.expert(f"x-{stage.need}")
        path = f"reviews/{review['id']}"
        await client.do(path, "accept")
        answer = await client.post(
            f"{path}/submit", {"scores": {"innovation": "100.50", "novelty": "3"}},
            headers={"If-Match": (await client.get(path)).headers["etag"]},
        )  # fmt: skip
        assert answer.status_code == 422
        assert {each["pointer"] for each in answer.json()["errors"]} == {
            "/scores/innovation", "/scores/feasibility", "/scores/novelty"
        }  # fmt: skip
        early = await stage.officer().post(f"calls/{call}/rank")
        assert early.json()["code"] == "scores_incomplete"

    async def test_a_ranking_is_repeated_from_its_stored_inputs(self, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call)
        await stage.opened(call)
        await stage.scored(call, [f"x-{stage.need}-{n}" for n in range(3)])
        await stage.officer().do(f"calls/{call}", "rank")
        [stored] = (await stage.officer().read(f"calls/{call}/rankings"))["items"]
        inputs = stored["inputs"]
        scheme = dict(inputs["scheme"])
        scheme["criteria"] = tuple(Criterion(**each) for each in scheme["criteria"])
        scheme["ties"] = tuple(scheme["ties"])
        again = rank(
            Scheme(**scheme),
            [Review(**each) for each in inputs["reviews"]],
            funding=inputs["funding"],
            seed=inputs["seed"],
        )
        assert again.digest == stored["digest"]
        assert [(each.score.bid, each.rank) for each in again.ranks] == [
            (each["bid"], each["rank"]) for each in stored["ranks"]
        ]
        outsider = stage.signatory(await stage.register(stage.uscc()))
        assert (await outsider.get(f"calls/{call}/rankings")).status_code == 403
        bidder = stage.signatory((await stage.officer().read("bids", call=call))["items"][0]["lead"])
        mine = (await bidder.read("bids", call=call))["items"][0]
        assert (mine["rank"], mine["score"]) == (None, None), "told with the notice, not before"

    async def test_marks_voided_after_the_ranking_count_no_more(self, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call, 2)
        await stage.opened(call)
        await stage.scored(call, [f"x-{stage.need}-{n}" for n in range(3)])
        officer, path = stage.officer(), f"calls/{call}"
        await officer.do(path, "rank")
        first = (await officer.read("bids", call=call))["items"]
        review = (await officer.read("reviews", call=call))["items"][0]
        await stage.officer("supervisor-1", "supervisor").do(
            f"reviews/{review['id']}", "void", {"reason": "评审后发现利益关系"}
        )
        tag = (await officer.get(path)).headers["etag"]
        early = await officer.post(f"{path}/open-notice", {}, headers={"If-Match": tag})
        assert (early.status_code, early.json()["code"]) == (409, "ranking_outdated")
        await officer.do(path, "rank")
        again = {each["id"]: each["score"] for each in (await officer.read("bids", call=call))["items"]}
        changed = [each["id"] for each in first if each["score"] != again[each["id"]]]
        assert changed == [review["bid"]]
        assert len((await officer.read(f"{path}/rankings"))["items"]) == 2, "both computations are kept"
        assert (await officer.do(path, "open-notice", {}))["state"] == "public_notice"


class TestAward:
    async def test_an_objection_holds_the_award_until_it_is_dismissed(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call)
        await stage.opened(call)
        shown = await stage.in_notice(call)
        notice = (await pb.client().get(f"call-notices/{shown['notice']}")).json()
        [winner] = notice["items"]
        loser = stage.signatory(await stage.register(stage.uscc()))
        objection = await loser.make(
            "objections",
            {"notice": notice["id"], "item": winner["record"], "grounds": "协议日期有误。", "evidence": "见附件。",
             "real_name": "王示例", "contact": "13800000000"},
        )  # fmt: skip
        supervisor = stage.officer("supervisor-1", "supervisor")
        path = f"objections/{objection['id']}"
        await supervisor.do(path, "accept")
        await stage.notice_over()
        approver, call_path = stage.approver(), f"calls/{call}"

        async def award(client: Any) -> Any:
            tag = (await client.get(call_path)).headers["etag"]
            return await client.post(
                f"{call_path}/award", {"document_no": "江科〔2024〕58号"}, headers={"If-Match": tag}
            )

        assert (await award(approver)).json()["code"] == "item_held"
        await supervisor.do(path, "examine")
        await supervisor.do(path, "dismiss", {"answer": "经核查，异议不成立。"})
        assert (await award(stage.officer())).json()["code"] == "handler_does_not_decide"
        done = (await award(approver)).json()
        assert (done["state"], done["winners"]) == ("awarded", [winner["record"]])
        [told] = [each for each in await pb.events("award.decided") if each["data"]["call"] == call]
        assert told["data"]["document_no"] == "江科〔2024〕58号"
        states = {each["state"] for each in (await approver.read("bids", call=call))["items"]}
        assert states == {"winning", "reserve"}

    async def test_who_checked_the_bids_neither_draws_the_panel_nor_awards(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call, 2)
        await stage.opened(call)
        checker = stage.officer("officer-who-checks")
        for bid in (await checker.read("bids", call=call, state="opened"))["items"]:
            await checker.do(f"bids/{bid['id']}", "check-entry", {"eligible": True})
        await stage.in_notice(call)
        await stage.notice_over()
        tag = (await checker.get(f"calls/{call}")).headers["etag"]
        answer = await checker.post(f"calls/{call}/award", {"document_no": "甲"}, headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (409, "handler_does_not_decide")
        [asked] = [e for e in await pb.events("review-panel.requested") if e["data"]["call"] == call]
        assert {"officer-who-checks", "officer-1"} <= set(asked["data"]["run_by"])

    async def test_who_stands_at_the_cut_with_equal_rank_is_a_person_s_choice(self, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call, 2)
        await stage.opened(call)
        person = f"x-{stage.need}"
        await stage.under_review(call, [person])
        client = stage.expert(person)
        for review in (await client.read("reviews", call=call))["items"]:
            await client.do(f"reviews/{review['id']}", "accept")
            marks = {"scores": {"innovation": "88", "feasibility": "80"}}
            await client.do(f"reviews/{review['id']}", "submit", marks)
        officer, path = stage.officer(), f"calls/{call}"
        await officer.do(path, "rank")
        tag = (await officer.get(path)).headers["etag"]
        answer = await officer.post(f"{path}/open-notice", {}, headers={"If-Match": tag})
        assert [each["code"] for each in answer.json()["errors"]] == ["tie_needs_a_choice"]
        none = await officer.post(f"{path}/open-notice", {"bids": []}, headers={"If-Match": tag})
        assert none.json()["errors"][0]["pointer"] == "/bids"
        chosen = (await officer.read("bids", call=call))["items"][1]["id"]
        shown = await officer.do(path, "open-notice", {"bids": [chosen]})
        notice = await officer.read(f"call-notices/{shown['notice']}")
        assert [each["record"] for each in notice["items"]] == [chosen]

    async def test_a_running_notice_refuses_the_decision(self, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call, 1)
        await stage.opened(call)
        await stage.in_notice(call)
        approver = stage.approver()
        tag = (await approver.get(f"calls/{call}")).headers["etag"]
        answer = await approver.post(f"calls/{call}/award", {"document_no": "甲"}, headers={"If-Match": tag})
        assert answer.json()["code"] == "notice_running"

    async def test_of_two_officers_who_award_at_once_one_wins(self, pb: Any, stage: Any) -> None:
        call = await stage.published()
        await stage.consortia(call)
        await stage.opened(call)
        await stage.in_notice(call)
        await stage.notice_over()
        officers = [stage.approver(f"approver-{n}") for n in range(2)]
        tags = [(await each.get(f"calls/{call}")).headers["etag"] for each in officers]
        answers = await asyncio.gather(
            *(
                each.post(
                    f"calls/{call}/award", {"document_no": f"江科〔2024〕{n}号"}, headers={"If-Match": tag}
                )
                for n, (each, tag) in enumerate(zip(officers, tags, strict=True))
            )
        )
        assert sorted(each.status_code for each in answers) == [200, 409], "the state is looked at first"
        told = [each for each in await pb.events("award.decided") if each["data"]["call"] == call]
        assert len(told) == 1
