"""A team (科技特派团): one leader, members who are commissioners, the skills they cover together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {
    "forming": Text("组建中", "Forming"),
    "active": Text("已启动", "Active"),
    "disbanded": Text("已解散", "Disbanded"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Team(Record):
    """A team. `members` are commissioners' ids, `persons` their persons, the leader first in both."""

    name: str
    programme: str
    leader: str
    members: Sequence[str]
    persons: Sequence[str]
    skills: Sequence[str]


MACHINE = Machine(
    "teams",
    STATES,
    "forming",
    (
        verb("add-member", "增加成员", "Add a member", from_=("forming", "active"), handles=True),
        verb("activate", "启动", "Activate", from_="forming", to="active", decides=True),
        verb("disband", "解散", "Disband", from_=("forming", "active"), to="disbanded", decides=True),
    ),
)


def sight(team: Team) -> Iterable[str]:
    """The members, and the officers of the place."""
    yield from access.person(*team.persons)
    yield from access.place(team.city, team.division, *team.zones)
