"""What can be done with a team."""

from typing import Any

from commissioner_matching.commissioners.domain import Commissioner
from commissioner_matching.commissioners.store import commissioners
from commissioner_matching.dispatches import ledger
from commissioner_matching.packs import Programme, find_programme, require_programme
from commissioner_matching.teams.domain import Team
from commissioner_matching.teams.store import teams
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text


async def form(uow: UnitOfWork, values: dict[str, Any]) -> Team:
    """Form a team under a leader; members come one by one or at once."""
    programme = _team_programme(uow, values["city"], values["programme"])
    ids = list(dict.fromkeys([values["leader"], *values.pop("members")]))
    found = [await _member(uow, each, values["city"], f"/members/{at}") for at, each in enumerate(ids)]
    values["division"] = values["division"] or values["city"]
    return await teams.create(
        uow, **values, members=ids, persons=[each.person for each in found], pack=programme.made_under
    )


def _team_programme(uow: UnitOfWork, city: str | None, code: str) -> Programme:
    programme = require_programme(uow, city, code, "/programme")
    if "team" not in programme.rules.servers:
        raise invalid(
            "/programme", "server_kind_not_in_programme", "该计划不派出特派团。",
            "The programme sends no teams.",
        )  # fmt: skip
    return programme


async def _member(uow: UnitOfWork, member: str, city: str | None, pointer: str) -> Commissioner:
    found = await commissioners.lookup_one(uow, id=member)
    if found is None or found.city != city or found.state != "active":
        raise invalid(
            pointer, "not_an_active_commissioner", "成员须为本市在库的科技特派员。",
            "A member is an active commissioner of the city.",
        )  # fmt: skip
    return found


async def add_member(uow: UnitOfWork, team_id: str, member: str) -> Team:
    """Add a commissioner; a second time changes nothing but is refused. An active team stays within its size."""
    team = await teams.load(uow, team_id, "add-member")
    if member in team.members:
        raise Conflict(Text("已是成员。", "A member already."), code="member_already")
    least, most = _sizes(find_programme(uow, team.city, team.programme))
    if team.state == "active" and most is not None and len(team.members) >= most:
        raise _wrong_size(len(team.members) + 1, least, most)
    found = await _member(uow, member, team.city, "/member")
    return await teams.change(
        uow, team, "add-member", members=[*team.members, member], persons=[*team.persons, found.person]
    )


def _sizes(programme: Programme | None) -> tuple[int, int | None]:
    """How many members at least, and at most (None: any number)."""
    rules = programme.rules.team if programme else None
    return (rules.size_min or 2, rules.size_max) if rules else (2, None)


def _wrong_size(size: int, least: int, most: int | None) -> Conflict:
    return Conflict(
        Text(
            f"成员 {size} 人，应为 {least} 人以上{f'、{most} 人以下' if most else ''}。",
            f"There are {size} members; {least} at least{f', {most} at most' if most else ''}.",
        ),
        code="team_size",
    )


async def activate(uow: UnitOfWork, team_id: str) -> Team:
    """Let the team be sent; its size is what the programme says."""
    team = await teams.load(uow, team_id, "activate")
    least, most = _sizes(_team_programme(uow, team.city, team.programme))
    size = len(team.members)
    if size < least or (most is not None and size > most):
        raise _wrong_size(size, least, most)
    return await teams.change(uow, team, "activate")


async def disband(uow: UnitOfWork, team_id: str, reason: str) -> Team:
    """End the team; refused (`dispatches_open`) while it serves."""
    uow.reason = reason
    team = await teams.load(uow, team_id, "disband")
    key = ledger.server_key("team", team.id)
    if (await ledger.loads(uow, [key]))[key]:
        raise Conflict(
            Text("尚有未结束的选派。", "Dispatches of the team are still open."), code="dispatches_open"
        )
    return await teams.change(uow, team, "disband")
