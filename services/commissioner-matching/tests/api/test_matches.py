"""Matches: ranked by works, deterministic, explained; who cannot serve is listed with the reason."""

from typing import Any

DIE_CASTING = [{"kind": "project", "title": "铝合金压铸件气孔缺陷在线检测与控制"}]
ORCHIDS = [{"kind": "paper", "title": "兰花组织培养快速繁殖研究"}]


async def field_of_three(jiangmen: Any) -> tuple[str, str, str, str]:
    """A need, one who knows it well, one who does not, and one tied to its owner."""
    uscc = await jiangmen.organisation("蓬江轻合金有限公司")
    need = await jiangmen.need(uscc)
    good = await jiangmen.commissioner(await jiangmen.person(achievements=DIE_CASTING))
    poor = await jiangmen.commissioner(await jiangmen.person(achievements=ORCHIDS))
    tie = {"organisation": uscc, "kind": "shareholding", "evidence": "工商登记"}
    tied = await jiangmen.commissioner(await jiangmen.person(achievements=DIE_CASTING, conflicts=[tie]))
    return need, good, poor, tied


class TestRanking:
    async def test_works_decide_and_the_reasons_add_up(self, jiangmen: Any) -> None:
        need, good, poor, tied = await field_of_three(jiangmen)
        match = await jiangmen.county.make("matches", {"need": need, "limit": 50})
        order = [each["server"]["id"] for each in match["candidates"]]
        assert order.index(good) < order.index(poor)
        best = match["candidates"][order.index(good)]
        assert best["server"]["label"].startswith("王*")
        fields = sum(each["contribution"] for each in best["reasons"]["fields"])
        assert best["score"] == fields + best["reasons"]["text"]
        assert {"气孔"} <= {each["term"] for each in best["reasons"]["terms"]}
        out = {each["server"]["id"]: each["reasons"] for each in match["excluded"]}
        assert [each["code"] for each in out[tied]] == ["conflict_of_interest"]
        assert tied not in order

    async def test_the_same_question_has_the_same_answer(self, jiangmen: Any) -> None:
        need, *_ = await field_of_three(jiangmen)
        one = await jiangmen.county.make("matches", {"need": need, "limit": 20})
        two = await jiangmen.city.make("matches", {"need": need, "limit": 20})
        assert one["candidates"] == two["candidates"]
        assert one["excluded"] == two["excluded"]
        assert one["corpus"] == two["corpus"]

    async def test_the_confidential_part_is_not_read(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("江海光电有限公司")
        plain = await jiangmen.need(uscc, title="灯具散热", text="结温降低 10 度")
        secret = await jiangmen.need(
            uscc, title="灯具散热", text="结温降低 10 度", confidential="兰花组织培养快速繁殖"
        )
        scores = []
        for need in (plain, secret):
            match = await jiangmen.county.make("matches", {"need": need, "limit": 50})
            scores.append({each["server"]["id"]: each["score"] for each in match["candidates"]})
        assert scores[0] == scores[1]

    async def test_neither_enterprise_nor_another_county_sees_it(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("鹤山家具有限公司")
        match = await jiangmen.county.make("matches", {"need": await jiangmen.need(uscc)})
        assert (await jiangmen.owner(uscc).get(f"matches/{match['id']}")).status_code == 403
        assert (await jiangmen.other_county.get(f"matches/{match['id']}")).status_code == 404


class TestProposing:
    async def test_a_proposal_makes_a_dispatch_and_only_candidates_can_be_proposed(
        self, jiangmen: Any
    ) -> None:
        need, good, _, tied = await field_of_three(jiangmen)
        match = await jiangmen.county.make("matches", {"need": need, "limit": 50})
        path = f"matches/{match['id']}"
        refused = await jiangmen.county.post(f"{path}/propose", {"server": tied})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_a_candidate")
        proposed = await jiangmen.county.do(path, "propose", {"server": good})
        dispatch = await jiangmen.county.read(f"dispatches/{proposed['proposals'][0]['dispatch']}")
        assert (dispatch["server"], dispatch["need"], dispatch["state"]) == (good, need, "proposed")
        judged = await jiangmen.county.do(path, "feedback", {"server": good, "verdict": "fits"})
        assert judged["feedback"][0]["verdict"] == "fits"
