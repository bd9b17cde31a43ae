"""Whether who would be sent stands on the list today: nothing new is given to who is suspended or has left.

With `lock` the rows stay as they are until the unit ends, so nobody leaves between the look and the place
that is taken. Locks are taken in one order: the team, then commissioners by id.
"""

from collections.abc import Iterable

from commissioner_matching.commissioners.domain import Commissioner
from commissioner_matching.commissioners.store import commissioners
from commissioner_matching.teams.domain import Team
from commissioner_matching.teams.store import teams
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text


async def find_commissioner(
    uow: UnitOfWork, record_id: str, city: str | None, *, lock: bool = False
) -> Commissioner | None:
    """Give an active commissioner of the city; None where the city has no such one at all.

    Raises Conflict `server_not_active` for one who is not active.
    """
    found = await commissioners.lookup_one(uow, lock=lock, id=record_id, city=city)
    if found is not None and found.state != "active":
        raise Conflict(
            Text("该科技特派员不在库或已暂停。", "The commissioner is not active."),
            code="server_not_active",
            extra={"state": found.state},
        )
    return found


async def find_team(uow: UnitOfWork, team_id: str, city: str | None, *, lock: bool = False) -> Team | None:
    """Give an active team of the city, all of whose members are active; None where the city has no such one.

    Raises Conflict `server_not_active` for a team that is not active, or has members who are not.
    """
    team = await teams.lookup_one(uow, lock=lock, id=team_id, city=city)
    if team is None:
        return None
    if team.state != "active":
        raise Conflict(
            Text("该特派团未启动或已解散。", "The team is not active."),
            code="server_not_active",
            extra={"state": team.state},
        )
    members = [await commissioners.lookup_one(uow, lock=lock, id=each) for each in sorted(team.members)]
    _refuse_inactive(each for each in members if each is not None and each.state != "active")
    return team


def _refuse_inactive(members: Iterable[Commissioner]) -> None:
    if found := {each.number: each.state for each in members}:
        raise Conflict(
            Text(
                f"特派团成员不在库或已暂停（{'、'.join(found)}）；请先恢复该成员，或另组特派团。",
                f"Members of the team are not active ({', '.join(found)}); resume them or form another team.",
            ),
            code="server_not_active",
            extra={"members": found},
        )
