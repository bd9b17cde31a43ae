"""A team is sent as one: its leader accepts for it, and all its persons are counted."""

from typing import Any


async def team_of_two(jiangmen: Any) -> tuple[str, list[str]]:
    persons = [await jiangmen.person(), await jiangmen.person()]
    members = [await jiangmen.commissioner(each) for each in persons]
    body = {"name": "轻合金特派团", "city": "440700", "programme": "enterprise_commissioner_v2",
            "leader": members[0]}  # fmt: skip
    team = (await jiangmen.city.make("teams", body))["id"]
    tag = (await jiangmen.city.get(f"teams/{team}")).headers["etag"]
    alone = await jiangmen.city.post(f"teams/{team}/activate", headers={"If-Match": tag})
    assert (alone.status_code, alone.json()["code"]) == (409, "team_size")
    await jiangmen.city.do(f"teams/{team}", "add-member", {"member": members[1]})
    await jiangmen.city.do(f"teams/{team}", "activate")
    return team, persons


class TestTeam:
    async def test_the_leader_accepts_and_all_persons_are_told(self, jiangmen: Any) -> None:
        team, persons = await team_of_two(jiangmen)
        uscc = await jiangmen.organisation("蓬江照明有限公司")
        need = await jiangmen.need(uscc)
        body = {"server_kind": "team", "server": team, "target_kind": "need", "target": need}
        path = f"dispatches/{(await jiangmen.county.make('dispatches', body))['id']}"
        member = await jiangmen.as_person(persons[1]).post(f"{path}/accept")
        assert (member.status_code, member.json()["code"]) == (403, "nothing_to_accept")
        await jiangmen.as_person(persons[0]).do(path, "accept")
        await jiangmen.owner(uscc).do(path, "accept")
        await jiangmen.county.do(path, "sign", {"agreement_no": "江科特派〔2024〕9号"})
        active = await jiangmen.county.do(path, "activate", {})
        told = next(e for e in await jiangmen.cm.events("activated") if e["subject"] == active["id"])
        assert (told["data"]["team"], told["data"]["persons"]) == (team, persons)
        tag = (await jiangmen.city.get(f"teams/{team}")).headers["etag"]
        busy = await jiangmen.city.post(
            f"teams/{team}/disband", {"reason": "改组"}, headers={"If-Match": tag}
        )
        assert (busy.status_code, busy.json()["code"]) == (409, "dispatches_open")

    async def test_a_programme_without_teams_takes_none(self, jiangmen: Any) -> None:
        leader = await jiangmen.commissioner(await jiangmen.person())
        body = {"name": "博士团", "city": "440700", "programme": "doctor_commissioner", "leader": leader}
        answer = await jiangmen.city.post("teams", body)
        assert answer.json()["errors"][0]["code"] == "server_kind_not_in_programme"

    async def test_outsiders_do_not_see_it(self, jiangmen: Any) -> None:
        team, _ = await team_of_two(jiangmen)
        assert (await jiangmen.as_person("somebody").get(f"teams/{team}")).status_code == 404
        enterprise = jiangmen.owner(await jiangmen.organisation("开平卫浴有限公司"))
        assert (await enterprise.get(f"teams/{team}")).status_code == 403
