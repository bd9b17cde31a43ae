"""A draw that two officers control together, anybody can repeat, and nobody else may see into."""

from typing import Any

import pytest

from commissioner_matching.expert_draws.sequence import commitment
from commissioner_matching.expert_draws.store import expert_draws
from commissioner_matching.expert_draws.verify import verify
from kechuang_contracts.project_bidding import ReviewPanelRequested, Stratum

SECRETS = {"drawer-1": "11" * 16, "drawer-2": "22" * 16}


class Drawing:
    """A requested draw with its two officers."""

    def __init__(self, jiangmen: Any, draw: str) -> None:
        cm = jiangmen.cm
        self.path, self.id, self.jiangmen = f"expert-draws/{draw}", draw, jiangmen
        self.one = cm.client(roles=["city_officer"], areas=["440700"], subject="drawer-1")
        self.two = cm.client(roles=["supervisor"], areas=["440700"], subject="drawer-2")
        self.runner = cm.client(roles=["city_officer"], areas=["440700"], subject="runner")

    async def commit(self) -> None:
        for officer, client in (("drawer-1", self.one), ("drawer-2", self.two)):
            digest = commitment(self.id, officer, SECRETS[officer])
            await client.do(self.path, "commit", {"digest": digest})

    async def draw(self) -> dict[str, Any]:
        """Commit, freeze, and reveal; gives the draw as an officer sees it."""
        await self.commit()
        frozen = await self.one.do(self.path, "freeze", {})
        assert frozen["state"] == "frozen"
        assert len(frozen["pool_digest"]) == 64
        public = {"source": "双色球", "value": [3, 9, 12], "published_at": self.now()}
        await self.one.do(self.path, "reveal", {"secret": SECRETS["drawer-1"], "public_value": public})
        drawn: dict[str, Any] = await self.two.do(self.path, "reveal", {"secret": SECRETS["drawer-2"]})
        return drawn

    def now(self) -> str:
        return str(self.jiangmen.cm.database.clock.now().isoformat())


_calls = iter(range(1, 1000))


BY_HAND = {
    "purpose": "acceptance", "source": "CT-2024-000012", "city": "440700",
    "strata": [{"kind": "technical", "seats": 1}], "disciplines": ["430"],
}  # fmt: skip


def panel_requested(call: str) -> ReviewPanelRequested:
    return ReviewPanelRequested(
        city="440700", division="440703", zones=[], call=call, call_number="CA-0", per_employer=1,
        strata=[Stratum(kind="technical", seats=1)], disciplines=["430"], recused_organisations=[],
        recused_persons=[], run_by=["runner"],
    )  # fmt: skip


async def requested(jiangmen: Any, seats: int = 3, kind: str = "technical", **more: Any) -> Drawing:
    """A call that was opened asks for a panel."""
    number = next(_calls)
    event = ReviewPanelRequested(
        city="440700", division="440703", zones=[], call=f"call-{number}", call_number=f"CA-{number}",
        strata=[Stratum(kind=kind, seats=seats)], disciplines=["430"],
        recused_organisations=more.get("organisations", []), recused_persons=more.get("persons", []),
        per_employer=1, run_by=["runner"],
    )  # fmt: skip
    for _ in range(2):
        await jiangmen.cm.deliver(event, aggregate=f"panel-{number}")
    found = (await jiangmen.city.read("expert-draws", call=f"call-{number}"))["items"]
    assert len(found) == 1
    return Drawing(jiangmen, found[0]["id"])


@pytest.fixture
async def experts(jiangmen: Any) -> list[str]:
    """Eight technical experts, each of an employer of their own; gives the persons."""
    return [
        await jiangmen.expert(["technical"], employer=f"示范研究所第{at}室 {jiangmen.random.random()}")
        for at in range(8)
    ]


class TestControl:
    async def test_who_runs_the_call_does_not_draw_and_nobody_draws_alone(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        body = {"digest": "a" * 64}
        own = await drawing.runner.post(f"{drawing.path}/commit", body)
        assert (own.status_code, own.json()["code"]) == (403, "runs_the_matter")
        await drawing.one.do(drawing.path, "commit", body)
        twice = await drawing.one.post(f"{drawing.path}/commit", body)
        assert (twice.status_code, twice.json()["code"]) == (409, "committed_already")
        assert (await drawing.two.do(drawing.path, "commit", body))["state"] == "committed"
        tag = (await drawing.runner.get(drawing.path)).headers["etag"]
        third = await drawing.runner.post(f"{drawing.path}/freeze", {}, headers={"If-Match": tag})
        assert third.json()["code"] == "not_a_drawing_officer"

    @pytest.mark.usefixtures("experts")
    async def test_neither_secret_nor_public_value_can_be_chosen_late(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        await drawing.commit()
        before = drawing.now()
        await drawing.one.do(drawing.path, "freeze", {})
        old = {"source": "双色球", "value": "1", "published_at": before}
        secret = SECRETS["drawer-1"]
        early = await drawing.one.post(f"{drawing.path}/reveal", {"secret": secret, "public_value": old})
        assert early.json()["errors"][0]["code"] == "not_after_freeze"
        other = await drawing.one.post(f"{drawing.path}/reveal", {"secret": "33" * 16})
        assert other.json()["errors"][0]["code"] == "not_committed_to"
        value = {**old, "published_at": drawing.now()}
        await drawing.one.do(drawing.path, "reveal", {"secret": secret, "public_value": value})
        again = await drawing.two.post(
            f"{drawing.path}/reveal", {"secret": SECRETS["drawer-2"], "public_value": value}
        )
        assert again.json()["errors"][0]["code"] == "noted_already"


@pytest.mark.usefixtures("experts")
class TestRecord:
    async def test_it_is_verified_by_a_program_that_shares_nothing_with_ours(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        drawn = await drawing.draw()
        assert drawn["state"] == "drawn"
        record = await drawing.one.read(f"{drawing.path}/record")
        assert verify(record) == []
        assert len(record["seats"]) == 3
        record["sequence"] = record["sequence"][::-1]
        assert verify(record) != []

    async def test_a_replacement_comes_from_the_same_sequence(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        first = await drawing.draw()
        gone = first["seats"][0]
        body = {"candidate": gone["candidate"], "kind": "declined", "reason": "出差"}
        after = await drawing.two.do(drawing.path, "replace", body)
        assert gone["candidate"] not in {each["candidate"] for each in after["seats"]}
        kept = {each["candidate"] for each in first["seats"][1:]}
        assert kept <= {each["candidate"] for each in after["seats"]}
        assert verify(await drawing.one.read(f"{drawing.path}/record")) == []

    async def test_confirming_tells_the_panel_and_replacing_tells_it_anew(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        await drawing.draw()
        confirmed = await drawing.one.do(drawing.path, "confirm")
        body = {"candidate": confirmed["seats"][0]["candidate"], "kind": "absent", "reason": "未到"}
        await drawing.one.do(drawing.path, "replace", body)
        told = [each for each in await jiangmen.cm.events("drawn") if each["subject"] == drawing.id]
        assert [len(each["data"]["panel"]) for each in told] == [3, 3]
        assert told[0]["data"]["panel"] != told[1]["data"]["panel"]
        assert "王示例" not in str(told)

    async def test_too_small_a_pool_is_not_confirmed_but_stopped(self, jiangmen: Any) -> None:
        await jiangmen.expert(["financial"], employer="示范会计师事务所")
        drawing = await requested(jiangmen, seats=3, kind="financial")
        drawn = await drawing.draw()
        assert drawn["unfilled"] == ["financial", "financial"]
        tag = (await drawing.one.get(drawing.path)).headers["etag"]
        answer = await drawing.one.post(f"{drawing.path}/confirm", headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (409, "places_unfilled")
        stopped = await drawing.one.do(drawing.path, "cancel", {"reason": "专家不足"})
        assert stopped["state"] == "cancelled"

    async def test_who_replaces_somebody_takes_the_place_over(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        first = await drawing.draw()
        body = {"candidate": first["seats"][0]["candidate"], "kind": "declined", "reason": "出差"}
        after = await drawing.two.do(drawing.path, "replace", body)
        assert [each["seat"] for each in after["seats"]] == [1, 2, 3]
        assert after["seats"][1:] == first["seats"][1:]
        assert after["seats"][0]["candidate"] != first["seats"][0]["candidate"]


class TestOfACall:
    async def test_a_draw_made_by_hand_takes_no_call_s_place(self, jiangmen: Any) -> None:
        squatter = jiangmen.cm.client(roles=["city_officer"], areas=["440700"], subject="squatter")
        by_hand = await squatter.make("expert-draws", BY_HAND | {"source": "panel-squatted"})
        event = panel_requested("call-squatted")
        await jiangmen.cm.deliver(event, aggregate="panel-squatted")
        [asked] = (await jiangmen.city.read("expert-draws", call="call-squatted"))["items"]
        assert asked["id"] != by_hand["id"]

    async def test_who_runs_the_call_does_not_stop_its_draw_and_another_one_keeps_its_recusals(
        self, jiangmen: Any
    ) -> None:
        bidder = await jiangmen.organisation("应邀投标有限公司")
        drawing = await requested(jiangmen, organisations=[bidder])
        stop = {"reason": "重抽"}
        tag = (await drawing.runner.get(drawing.path)).headers["etag"]
        own = await drawing.runner.post(f"{drawing.path}/cancel", stop, headers={"If-Match": tag})
        assert (own.status_code, own.json()["code"]) == (403, "runs_the_matter")
        stopped = await drawing.one.do(drawing.path, "cancel", stop)
        made = await drawing.one.make("expert-draws", BY_HAND | {"source": stopped["source"]})
        again = Drawing(jiangmen, made["id"])
        assert made["call"] == stopped["call"]
        for client in (again.runner, again.one):  # who asks anew runs the matter, too
            answer = await client.post(f"{again.path}/commit", {"digest": "a" * 64})
            assert answer.json()["code"] == "runs_the_matter"
        async with jiangmen.cm.unit() as uow:
            kept = await expert_draws.lookup_one(uow, id=again.id)
        assert kept.recused_organisations == [bidder]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [({"strata": [{"kind": "technical", "seats": 3}, {"kind": "technical", "seats": 2}]}, "/strata")],
    )
    async def test_the_places_of_a_kind_stand_in_one_line(
        self, jiangmen: Any, change: dict[str, Any], pointer: str
    ) -> None:
        answer = await jiangmen.city.post("expert-draws", BY_HAND | change)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_a_number_that_no_lottery_has_is_refused(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        await drawing.commit()
        await drawing.one.do(drawing.path, "freeze", {})
        public = {"source": "双色球", "value": [2**64], "published_at": drawing.now()}
        body = {"secret": SECRETS["drawer-1"], "public_value": public}
        answer = await drawing.one.post(f"{drawing.path}/reveal", body)
        assert answer.status_code == 422


class TestRecusal:
    async def test_bidders_people_and_named_persons_are_never_drawn(self, jiangmen: Any) -> None:
        bidder = await jiangmen.organisation("投标单位有限公司")
        employed = [await jiangmen.expert(["technical"], organisation=bidder) for _ in range(2)]
        named = await jiangmen.expert(["technical"], employer="示范测试中心")
        drawing = await requested(jiangmen, seats=1, organisations=[bidder], persons=[named])
        drawn = await drawing.draw()
        assert not {each["person"] for each in drawn["seats"]} & {*employed, named}
        record = await drawing.one.read(f"{drawing.path}/record")
        reasons = sorted(each["recusal"] for each in record["pool"] if each["recusal"])
        assert reasons[-3:] == ["employer", "employer", "named"]

    async def test_other_disciplines_are_not_in_the_pool(self, jiangmen: Any, experts: list[str]) -> None:
        agronomist = await jiangmen.expert(["technical"], disciplines=["210.30"], employer="示范农科所")
        drawing = await requested(jiangmen)
        drawn = await drawing.draw()
        assert drawn["pool_size"] >= len(experts)
        assert agronomist not in {each["person"] for each in drawn["seats"]}


@pytest.mark.usefixtures("experts")
class TestNames:
    async def test_names_stay_with_the_drawing_officers_and_those_drawn(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        drawn = await drawing.draw()
        assert (await drawing.runner.read(drawing.path))["seats"] == []
        assert (await drawing.runner.get(f"{drawing.path}/record")).status_code == 403
        assert (await jiangmen.auditor.read(drawing.path))["seats"] == []
        me = drawn["seats"][0]["person"]
        assert (await jiangmen.as_person(me, "expert").get(drawing.path)).status_code == 404
        await drawing.one.do(drawing.path, "confirm")
        own = await jiangmen.as_person(me, "expert").read(drawing.path)
        assert [each["person"] for each in own["seats"]] == [me]
        named = await drawing.one.post(f"{drawing.path}/names", {"reason": "通知评审"})
        assert {each["name"] for each in named.json()["items"]} == {"王示例"}
        refused = await drawing.runner.post(f"{drawing.path}/names", {"reason": "好奇"})
        assert refused.status_code == 403
        history = (await drawing.runner.get(f"{drawing.path}/history")).text
        assert me not in history

    async def test_published_it_is_verified_by_anybody_and_names_nobody(self, jiangmen: Any) -> None:
        drawing = await requested(jiangmen)
        drawn = await drawing.draw()
        await drawing.one.do(drawing.path, "confirm")
        anybody = jiangmen.cm.client()
        assert (await anybody.get(drawing.path)).status_code == 404
        await drawing.two.do(drawing.path, "publish")
        shown = await anybody.read(drawing.path)
        assert (shown["state"], shown["seats"]) == ("published", [])
        record = await anybody.get(f"{drawing.path}/record")
        assert verify(record.json()) == []
        for each in drawn["seats"]:
            assert each["person"] not in record.text
            assert each["expert"] not in record.text
