"""A dispatch (选派): who is sent to whom, who accepted, from when to when, with what result."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.access import Actor
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text
from kechuang_procedure.parties import ACTING_ROLES

STATES = {
    "proposed": Text("已提议", "Proposed"),
    "accepted": Text("各方已接受", "Accepted by all"),
    "agreement_signed": Text("已签协议", "Agreement signed"),
    "active": Text("在派", "Active"),
    "completed": Text("期满完成", "Completed"),
    "assessed": Text("已考核", "Assessed"),
    "declined": Text("已谢绝", "Declined"),
    "recalled": Text("已召回", "Recalled"),
    "replaced": Text("已更换", "Replaced"),
}
OPEN = ("proposed", "accepted", "agreement_signed", "active")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch(Record):
    """A dispatch. `organisation` is the host that confirms (or the target organisation without one).

    `required` names whose acceptances it takes (server, sending_unit, host, target, county);
    `acceptances` holds them as `{by, subject, person, at}`.
    """

    server_kind: str
    server: str
    server_label: str
    persons: Sequence[str]
    sending_unit: str | None
    target_kind: str
    target: str
    host: str | None
    need: str | None
    programme: str
    level: str | None
    required: Sequence[str]
    acceptances: Sequence[Mapping[str, Any]]
    agreement_required: bool
    notice_required: bool
    agreement_no: str | None
    signed_on: date | None
    notice: str | None
    valid_from: date | None
    valid_to: date | None
    ended_on: date | None
    grade: str | None
    remarks: str | None
    replaces: str | None
    renews: str | None


def missing(dispatch: Dispatch) -> list[str]:
    """Name those whose acceptance is still missing."""
    given = {each["by"] for each in dispatch.acceptances}
    return [each for each in dispatch.required if each not in given]


def roles_of(dispatch: Dispatch, actor: Actor) -> list[str]:
    """Name what the actor could accept as: only what is required and not given yet."""
    organisation = _acts_for(actor)
    can = {
        "server": _speaks_for_server(dispatch, actor),
        "sending_unit": organisation is not None and organisation == dispatch.sending_unit,
        "host": organisation is not None and organisation == dispatch.host,
        "target": organisation is not None and organisation == dispatch.target,
        "county": "county_officer" in actor.roles and dispatch.division in actor.areas,
    }
    return [each for each in missing(dispatch) if can[each]]


def organisation_of(dispatch: Dispatch, role: str) -> str | None:
    """Name the organisation that must sign an acceptance as `role`; None where a person or the county accepts."""
    return {
        "server": dispatch.server if dispatch.server_kind == "organisation" else None,
        "sending_unit": dispatch.sending_unit,
        "host": dispatch.host,
        "target": dispatch.target,
    }.get(role)


def _acts_for(actor: Actor) -> str | None:
    """The organisation that the actor acts for: a commissioner's token names the unit they only belong to."""
    return actor.organisation if actor.roles & ACTING_ROLES else None


def _speaks_for_server(dispatch: Dispatch, actor: Actor) -> bool:
    """A commissioner for themself, a team's leader (named first) for the team, an organisation for itself."""
    match dispatch.server_kind:
        case "team":
            return actor.person is not None and actor.person == dispatch.persons[0]
        case "organisation":
            return _acts_for(actor) == dispatch.server
        case _:
            return actor.person in dispatch.persons


def _all_have_accepted(dispatch: Dispatch) -> Iterable[Reason]:
    if absent := missing(dispatch):
        yield Reason(
            "acceptance_missing",
            Text(f"尚缺接受方：{'、'.join(absent)}。", f"Acceptances are missing: {', '.join(absent)}."),
        )


def _agreement_is_signed(dispatch: Dispatch) -> Iterable[Reason]:
    if dispatch.agreement_required and dispatch.signed_on is None:
        yield Reason(
            "agreement_missing",
            Text("该计划要求先签订协议。", "The programme demands a signed agreement first."),
        )


MACHINE = Machine(
    "dispatches",
    STATES,
    "proposed",
    (
        verb("accept", "接受", "Accept", from_="proposed"),
        verb("decline", "谢绝", "Decline", from_=("proposed", "accepted"), to="declined"),
        verb("sign", "签订协议", "Sign the agreement", from_="accepted", to="agreement_signed",
             guards=(_all_have_accepted,)),
        verb("activate", "启动", "Activate", from_=("accepted", "agreement_signed"), to="active",
             decides=True, guards=(_all_have_accepted, _agreement_is_signed)),
        verb("recall", "召回", "Recall", from_=OPEN, to="recalled", decides=True),
        verb("replace", "更换", "Replace", from_=OPEN, to="replaced", decides=True),
        verb("complete", "完成", "Complete", from_="active", to="completed"),
        verb("expire", "期满", "Expire", from_="active", to="completed", automatic=True),
        verb("assess", "考核", "Assess", from_="completed", to="assessed", decides=True),
        verb("renew", "续派", "Renew", from_=("completed", "assessed")),
    ),
    awaits=(
        Awaits("proposed", "accept", days=10),
        Awaits("accepted", "sign", days=10),
        Awaits("agreement_signed", "activate", days=5),
        Awaits("completed", "assess", days=30),
    ),
)  # fmt: skip


def sight(dispatch: Dispatch) -> Iterable[str]:
    """The host, the server and its unit, the target, and the officers of the place."""
    yield from access.owner(dispatch.organisation)
    yield from access.party(dispatch.sending_unit, dispatch.host)
    if dispatch.server_kind == "organisation":
        yield from access.party(dispatch.server)
    if dispatch.target_kind in ("enterprise", "organisation"):
        yield from access.party(dispatch.target)
    yield from access.person(*dispatch.persons)
    yield from access.place(dispatch.city, dispatch.division, *dispatch.zones)
