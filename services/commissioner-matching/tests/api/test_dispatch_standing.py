"""Nobody is sent who is not on the list: neither alone nor in a team, and not by a moment's chance."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import sqlalchemy as sa

from commissioner_matching.commissioners.use_cases import desk
from commissioner_matching.service import SERVICE
from kechuang.errors import Conflict
from kechuang.testing import Client, ServiceHarness

PACKS = Path(__file__).parents[4] / "deploy" / "policy-packs"
ENDS = {"suspend": "suspended", "exit": "exited"}


class Sent:
    """A server with who speaks for it, and the need of an enterprise that it is to serve."""

    def __init__(self, kind: str, server: str, members: list[str], persons: list[str]) -> None:
        self.kind, self.server, self.members = kind, server, members
        self.leader, self.last = persons[0], members[-1]
        self.uscc, self.need = "", ""

    def body(self) -> dict[str, str]:
        return {"server_kind": self.kind, "server": self.server, "target_kind": "need", "target": self.need}


async def team_of_two(jiangmen: Any) -> tuple[str, list[str], list[str]]:
    """Gives the active team, its members and their persons; the leader is first."""
    persons = [await jiangmen.person(), await jiangmen.person()]
    members = [await jiangmen.commissioner(each) for each in persons]
    body = {"name": "轻合金特派团", "city": "440700", "programme": "enterprise_commissioner_v2",
            "leader": members[0], "members": members[1:]}  # fmt: skip
    team = (await jiangmen.city.make("teams", body))["id"]
    await jiangmen.city.do(f"teams/{team}", "activate")
    return team, members, persons


@pytest.fixture(params=["commissioner", "team"])
async def sent(request: Any, jiangmen: Any) -> Sent:
    """A commissioner alone, and a team, before anything is proposed."""
    if request.param == "team":
        found = Sent("team", *await team_of_two(jiangmen))
    else:
        person = await jiangmen.person()
        server = await jiangmen.commissioner(person)
        found = Sent("commissioner", server, [server], [person])
    found.uscc = await jiangmen.organisation("蓬江照明有限公司")
    found.need = await jiangmen.need(found.uscc, confidential="客户为某整车厂")
    return found


async def proposed(jiangmen: Any, sent: Sent) -> str:
    return f"dispatches/{(await jiangmen.county.make('dispatches', sent.body()))['id']}"


async def refused(client: Client, path: str, body: Any = None, *, tag: str = "") -> tuple[int, str]:
    answer = await client.post(path, body, headers={"If-Match": tag} if tag else {})
    return answer.status_code, answer.json().get("code", "")


class TestWhoIsNotOnTheList:
    @pytest.mark.parametrize("verb", ENDS)
    async def test_is_not_proposed(self, jiangmen: Any, sent: Sent, verb: str) -> None:
        await jiangmen.city.do(f"commissioners/{sent.last}", verb, {"reason": "考核不合格"})
        assert await refused(jiangmen.county, "dispatches", sent.body()) == (409, "server_not_active")

    @pytest.mark.parametrize("verb", ENDS)
    async def test_is_not_accepted_after_the_proposal(self, jiangmen: Any, sent: Sent, verb: str) -> None:
        path = await proposed(jiangmen, sent)
        await jiangmen.city.do(f"commissioners/{sent.last}", verb, {"reason": "考核不合格"})
        leader = jiangmen.as_person(sent.leader)
        assert await refused(leader, f"{path}/accept") == (409, "server_not_active")

    async def test_learns_nothing_confidential_while_suspended(self, jiangmen: Any, sent: Sent) -> None:
        path, leader = await proposed(jiangmen, sent), jiangmen.as_person(sent.leader)
        await leader.do(path, "accept")
        await jiangmen.city.do(f"commissioners/{sent.last}", "suspend", {"reason": "配合核查"})
        host = jiangmen.owner(sent.uscc)
        assert await refused(host, f"{path}/accept") == (409, "server_not_active")
        assert (await leader.read(f"technical-needs/{sent.need}"))["confidential"] is None
        await jiangmen.city.do(f"commissioners/{sent.last}", "resume", {"reason": "核查完毕"})
        assert (await host.do(path, "accept"))["state"] == "accepted"

    async def test_a_disbanded_team_is_not_accepted(self, jiangmen: Any) -> None:
        sent = Sent("team", *await team_of_two(jiangmen))
        sent.need = await jiangmen.need(await jiangmen.organisation("鹤山五金有限公司"))
        path = await proposed(jiangmen, sent)
        await jiangmen.city.do(f"teams/{sent.server}", "disband", {"reason": "改组"})
        leader = jiangmen.as_person(sent.leader)
        assert await refused(leader, f"{path}/accept") == (409, "server_not_active")


class TestWhoServes:
    async def test_does_not_leave_while_their_team_serves(self, jiangmen: Any, sent: Sent) -> None:
        path, member = await proposed(jiangmen, sent), f"commissioners/{sent.last}"
        await jiangmen.as_person(sent.leader).do(path, "accept")
        tag = (await jiangmen.city.get(member)).headers["etag"]
        why = {"reason": "退休"}
        assert await refused(jiangmen.city, f"{member}/exit", why, tag=tag) == (409, "dispatches_open")
        await jiangmen.county.do(path, "recall", {"reason": "人员退休"})
        assert (await jiangmen.city.do(member, "exit", why))["state"] == "exited"

    async def test_an_acceptance_waits_for_an_exit_under_way(self, jiangmen: Any, sent: Sent) -> None:
        path = await proposed(jiangmen, sent)
        async with jiangmen.cm.unit() as uow:
            await desk.exit(uow, sent.last, "退休")  # told, and not committed yet
            accepting = asyncio.create_task(jiangmen.as_person(sent.leader).post(f"{path}/accept"))
            await waiting_or_done(jiangmen.cm, accepting)
        answer = await accepting
        assert (answer.status_code, answer.json()["code"]) == (409, "server_not_active")

    async def test_an_exit_at_the_moment_of_acceptance_is_refused_or_comes_first(
        self, jiangmen: Any, sent: Sent
    ) -> None:
        path = await proposed(jiangmen, sent)

        async def leaves() -> None:
            async with jiangmen.cm.unit() as uow:
                await desk.exit(uow, sent.last, "退休")

        accepts = jiangmen.as_person(sent.leader).post(f"{path}/accept")
        answer, stayed = await asyncio.gather(accepts, leaves(), return_exceptions=True)
        if stayed is None:
            assert (answer.status_code, answer.json()["code"]) == (409, "server_not_active")
        else:
            assert isinstance(stayed, Conflict)
            assert (answer.status_code, stayed.code) == (200, "dispatches_open")


async def waiting_or_done(cm: ServiceHarness, task: asyncio.Task[Any]) -> None:
    """Go on once the database holds the task back, or it came through."""
    held = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(20), cm.database.read.connect() as conn:
        while not task.done():
            if (await conn.execute(held)).scalar_one():
                return


class TestTeamSize:
    @pytest.fixture
    async def at_most_two(self, engines: Any, tmp_path: Path) -> AsyncIterator[ServiceHarness]:
        """The service under a pack whose teams have two members at most."""
        packs = copytree(PACKS, tmp_path / "packs")
        file = packs / "jiangmen-2023" / "commissioner-programmes.yaml"
        text = file.read_text(encoding="utf-8")
        assert text.count("      leader_required: true\n") == 1
        limited = text.replace(
            "      leader_required: true\n", "      leader_required: true\n      size_max: 2\n"
        )
        file.write_text(limited, encoding="utf-8")
        async with ServiceHarness(SERVICE, engines, packs_dir=str(packs)) as harness:
            yield harness

    async def test_an_active_team_does_not_outgrow_its_programme(
        self, at_most_two: ServiceHarness, jiangmen: Any
    ) -> None:
        city = type(jiangmen)(at_most_two, 11)
        team, members, _ = await team_of_two(city)
        third = await city.commissioner(await city.person())
        answer = await refused(city.city, f"teams/{team}/add-member", {"member": third})
        assert answer == (409, "team_size")
        assert (await city.city.read(f"teams/{team}"))["members"] == members
