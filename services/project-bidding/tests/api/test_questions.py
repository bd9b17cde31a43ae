"""Questions without a name, and the programmes they are asked under."""

from typing import Any


class TestQuestions:
    async def test_a_question_is_answered_to_all_and_its_asker_shown_to_nobody(
        self, pb: Any, stage: Any
    ) -> None:
        call = await stage.published()
        asker = await stage.register(stage.uscc())
        mine = stage.signatory(asker)
        asked = await mine.make("questions", {"call": call, "text": "材料牌号可否等效替代？"})
        assert asked["mine"] is True
        path = f"questions/{asked['id']}"
        other = stage.signatory(await stage.register(stage.uscc()))
        assert (await other.get(path)).status_code == 404
        officer = stage.officer()
        assert asker not in (await officer.get(path)).text
        await officer.do(path, "answer", {"answer": "可以，须提供等效性证明。"})
        public = pb.client()
        for reader, address in ((public, path), (other, path), (officer, f"{path}/history")):
            text = (await reader.get(address)).text
            assert asker not in text
        assert (await public.read("questions", call=call))["items"][0]["mine"] is False

    async def test_questions_end_with_the_call(self, stage: Any) -> None:
        call = await stage.published(days=2)
        await stage.closed(call)
        asker = stage.signatory(await stage.register(stage.uscc()))
        answer = await asker.post("questions", {"call": call, "text": "还能提问吗？"})
        assert (answer.status_code, answer.json()["code"]) == (409, "questions_closed")


class TestProgrammes:
    async def test_every_city_pack_shows_its_programmes_without_a_token(self, pb: Any) -> None:
        found = (await pb.client().get("programmes", params={"city": "440700"})).json()["items"]
        assert "jiangmen-2023.municipal_open_call" in {each["id"] for each in found}
        one = await pb.client().get("programmes/jiangmen-2023.municipal_open_call")
        assert one.json()["modes"] == ["open_call"]

    async def test_a_batch_names_its_calls(self, pb: Any, stage: Any) -> None:
        officer = stage.officer()
        batch = await officer.make(
            "call-batches", {"title": "2024年第一批榜单", "programme": "municipal_open_call"}
        )
        assert (await pb.client().get(f"call-batches/{batch['id']}")).status_code == 404
        await officer.do(f"call-batches/{batch['id']}", "publish")
        call = await officer.make("calls", {"title": "样机", "goal": "研制样机", "batch": batch["id"]})
        listed = await officer.read("calls", batch=batch["id"])
        assert [each["id"] for each in listed["items"]] == [call["id"]]


class TestSpecification:
    async def test_the_specification_is_complete_for_every_resource(self, pb: Any) -> None:
        paths = (await pb.client().http.get("/openapi.json")).json()["paths"]
        for name in [each.name for each in pb.service.resources]:
            assert f"/api/v1/{name}" in paths
            assert f"/api/v1/{name}/{{record_id}}/actions" in paths
        verbs = {
            f"/api/v1/{each.name}/{{record_id}}/{verb.name}"
            for each in pb.service.resources
            for verb in each.machine.verbs
            if not verb.automatic and verb.name != "update"
        }
        assert verbs <= set(paths)
