"""An alliance: its states, its one lead, its members with roles and days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "proposed": Text("拟组建", "Proposed"),
    "approved": Text("已批准", "Approved"),
    "refused": Text("未批准", "Refused"),
    "active": Text("运行中", "Active"),
    "dissolved": Text("已解散", "Dissolved"),
}
STANDING = ("proposed", "approved", "active")
"""States in which an alliance takes its chain."""
MEMBER = "member"
"""The role of members where the pack names no roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alliance(Record):
    """An alliance; `organisation` is its lead.

    A member is `{organisation, name, role, valid_from, valid_to}`: it belongs to the alliance up to the end of
    `valid_to`, its last day. `same_chain` lists other alliances of the same chain that stood when this one was
    proposed or approved: `{id, number, label}`.
    """

    title: str
    kind: str
    level: str | None
    chain: str | None
    members: Sequence[Mapping[str, Any]]
    member_codes: Sequence[str]
    goal: str | None
    same_chain: Sequence[Mapping[str, str]]
    approved_on: date | None
    activated_on: date | None
    ended_on: date | None
    document_no: str | None
    reason: str | None


MACHINE = Machine(
    "alliances",
    STATES,
    "proposed",
    (
        verb("update", "修改", "Update", from_="proposed"),
        verb("approve", "批准", "Approve", from_="proposed", to="approved", decides=True, not_by_handler=True),
        verb("refuse", "不予批准", "Refuse", from_="proposed", to="refused", decides=True, not_by_handler=True),
        verb("activate", "启动运行", "Activate", from_="approved", to="active", handles=True),
        verb("add-member", "增加成员", "Add a member", from_=STANDING),
        verb("remove-member", "成员退出", "Remove a member", from_=STANDING),
        verb("change-lead", "变更牵头单位", "Change the lead", from_=("approved", "active"), decides=True),
        verb("dissolve", "解散", "Dissolve", from_=("approved", "active"), to="dissolved", decides=True),
    ),
    awaits=(Awaits("proposed", "approve", days=20), Awaits("approved", "activate", days=30)),
)  # fmt: skip


def sight(alliance: Alliance) -> Iterable[str]:
    """Its lead, its members, the officers of its place; everybody once it is active."""
    yield from access.owner(alliance.organisation)
    yield from access.party(*alliance.member_codes)
    yield from access.place(alliance.city, alliance.division, *alliance.zones)
    if alliance.state in ("active", "dissolved"):
        yield from access.PUBLIC


def members_on(members: Iterable[Mapping[str, Any]], day: date) -> list[Mapping[str, Any]]:
    """Who belongs to it on a day, its lead aside."""
    return [
        each
        for each in members
        if date.fromisoformat(each["valid_from"]) <= day
        and (each["valid_to"] is None or day <= date.fromisoformat(each["valid_to"]))
    ]


def stays(members: Iterable[Mapping[str, Any]], organisation: str) -> Mapping[str, Any] | None:
    """The membership of an organisation that has no end yet."""
    return next((m for m in members if m["organisation"] == organisation and m["valid_to"] is None), None)


def last_left(members: Iterable[Mapping[str, Any]], organisation: str) -> date | None:
    """The last day of an organisation's latest membership that is over."""
    ended = (
        date.fromisoformat(m["valid_to"])
        for m in members
        if m["organisation"] == organisation and m["valid_to"]
    )
    return max(ended, default=None)


def joined(
    members: Sequence[Mapping[str, Any]], organisation: str, name: str, role: str, first: date
) -> list[dict[str, Any]]:
    """The members with a new one; whoever was a member before has two spans."""
    new = {
        "organisation": organisation, "name": name, "role": role, "valid_from": first.isoformat(),
        "valid_to": None,
    }  # fmt: skip
    return [*map(dict, members), new]


def left(members: Sequence[Mapping[str, Any]], organisation: str, last: date) -> list[dict[str, Any]]:
    """The members with the end of one of them."""
    ending = stays(members, organisation)
    return [dict(each) | ({"valid_to": last.isoformat()} if each is ending else {}) for each in members]


def yesterday(today: date) -> date:
    """The last day of what ends by an act of today."""
    return today - timedelta(days=1)


def placed(alliance: Alliance) -> dict[str, Any]:
    """Its place, as events carry it."""
    return {"city": alliance.city, "division": alliance.division, "zones": list(alliance.zones)}
