"""What a draft call takes and what it refuses."""

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

    async def test_a_need_without_an_id_is_refused_by_field(self, stage: Any) -> None:
        answer = await stage.officer().post("calls", {"title": "榜题", "goal": "目标", "need": " "})
        assert [each["pointer"] for each in answer.json()["errors"]] == ["/need"]
