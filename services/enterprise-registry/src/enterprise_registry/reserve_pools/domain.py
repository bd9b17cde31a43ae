"""A member of a reserve pool: joined for a rung with a reason, graduated by recognition, or left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {
    "joined": Text("在库", "In the pool"),
    "graduated": Text("已转化出库", "Graduated"),
    "left": Text("已退出", "Left"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMember(Record):
    """A member. `rung` is the city's code of the rung, `node` its one name across packs.

    It is a member from `joined_on` to the end of the day before `out_on`, the day on which it graduated or left.
    `recognition` is what it graduated by.
    """

    pool: str
    rung: str
    node: str
    reason: str
    joined_on: date
    out_on: date | None
    out_reason: str | None
    recognition: str | None


MACHINE = Machine(
    "reserve-pool-members",
    STATES,
    "joined",
    (
        verb("update", "修改", "Update", from_="joined"),
        # By the recognition itself; by hand where the rung was gained outside the registry.
        verb("graduate", "转化出库", "Graduate", from_="joined", to="graduated", decides=True),
        verb("leave", "退出", "Leave", from_="joined", to="left", decides=True),
    ),
)


def sight(member: PoolMember) -> Iterable[str]:
    """The enterprise itself and the officers of its place."""
    yield from access.owner(member.organisation)
    yield from access.place(member.city, member.division, *member.zones)


def is_member_on(member: PoolMember, day: date) -> bool:
    """Whether it is a member at the end of the day."""
    return member.joined_on <= day and (member.out_on is None or day < member.out_on)
