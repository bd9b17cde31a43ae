"""What a draft call takes and what it refuses."""

from datetime import timedelta
from typing import Any


class TestNeed:
    async def test_a_second_call_for_a_need_is_a_conflict_when_it_is_drafted_and_when_it_is_corrected(
        self, stage: Any
    ) -> None:
        await stage.drafted()
        officer = stage.officer()
        body = {"title": "另一榜题", "goal": "圆度误差不大于 0.05 mm。"}
        second = await officer.post("calls", body | {"need": stage.need})
        assert (second.status_code, second.json()["code"]) == (409, "need_has_call")
        other = await officer.make("calls", body)
        tag = (await officer.get(f"calls/{other['id']}")).headers["etag"]
        corrected = await officer.http.patch(
            f"/api/v1/calls/{other['id']}", json={"need": stage.need}, headers={"If-Match": tag}
        )
        assert (corrected.status_code, corrected.json()["code"]) == (409, "need_has_call")
        again = await officer.patch(f"calls/{other['id']}", {"need": "another-need"})
        assert (await officer.patch(f"calls/{other['id']}", {"need": "another-need"}))["need"] == again[
            "need"
        ]

    async def test_a_cancelled_call_leaves_its_need_to_another_one(self, stage: Any) -> None:
        first, officer = await stage.drafted(), stage.officer()
        await stage.approver().do(f"calls/{first}", "cancel", {"reason": "文本有误，重新起草。"})
        body = {"title": "另一榜题", "goal": "圆度误差不大于 0.05 mm。", "need": stage.need}
        assert (await officer.make("calls", body))["need"] == stage.need
        third = await officer.post("calls", body)
        assert (third.status_code, third.json()["code"]) == (409, "need_has_call")

    async def test_a_need_that_is_escalated_anew_after_its_call_ended_without_an_award_has_another_draft(
        self, stage: Any
    ) -> None:
        call, officer = await stage.published(), stage.officer()
        await stage.consortia(call, 1)
        await stage.opened(call)
        await stage.escalated()
        assert len((await officer.read("calls", need=stage.need))["items"]) == 1, "the first still runs"
        await stage.approver().do(f"calls/{call}", "no-award", {"reason": "无合格申请。"})
        await stage.escalated()
        found = (await officer.read("calls", need=stage.need))["items"]
        assert sorted(each["state"] for each in found) == ["drafting", "no_award"]

    async def test_an_escalation_told_late_drafts_no_call_after_the_one_it_asked_for_was_cancelled(
        self, stage: Any
    ) -> None:
        before = stage.now() - timedelta(hours=1)
        first, officer = await stage.drafted(), stage.officer()
        await stage.approver().do(f"calls/{first}", "cancel", {"reason": "需求撤回。"})
        await stage.escalated(sent=before)
        [only] = (await officer.read("calls", need=stage.need))["items"]
        assert only["state"] == "cancelled"

    async def test_a_need_without_an_id_is_refused_by_field(self, stage: Any) -> None:
        answer = await stage.officer().post("calls", {"title": "榜题", "goal": "目标", "need": " "})
        assert [each["pointer"] for each in answer.json()["errors"]] == ["/need"]
