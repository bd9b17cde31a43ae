"""A technical need: its states, who sees it, what its owner must have said before it can go on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kechuang import access
from kechuang.access import Actor
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "draft": Text("草稿", "Draft"),
    "submitted": Text("已提交", "Submitted"),
    "returned": Text("退回修改", "Returned for correction"),
    "accepted": Text("已受理", "Accepted"),
    "routed": Text("已分流", "Routed"),
    "in_service": Text("服务中", "In service"),
    "advice_given": Text("已答复", "Advice given"),
    "escalated_to_call": Text("已转揭榜", "Escalated to a call"),
    "resolved": Text("已解决待确认", "Resolved, to be confirmed"),
    "confirmed": Text("企业已确认解决", "Confirmed by the enterprise"),
    "withdrawn": Text("已撤回", "Withdrawn"),
    "unresolved": Text("未解决", "Unresolved"),
}

CONFIRM_DAYS = 10
"""How long an owner is asked to confirm; the need waits on after it."""
ROUTES = {
    "advice": Text("咨询答复", "Advice"),
    "matching": Text("匹配派员", "Matching"),
    "call": Text("揭榜挂帅", "Open call"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need(Record):
    """A technical need.

    `confidential` is seen by the owner and the handling officers alone, until a server has accepted a
    dispatch: `invited_persons` are asked to serve and see the rest, `serving_persons` see it all.
    `public_text` is what the owner consents to publish in a call.
    """

    title: str
    text: str
    confidential: str | None
    fields: Sequence[str]
    discipline: str | None
    chain: str | None
    budget_fen: int | None
    attachments: Sequence[dict[str, Any]]
    route: str | None
    answer: str | None
    public_title: str | None
    public_text: str | None
    consented_by: str | None
    consented_at: datetime | None
    dispatch: str | None
    contract: str | None
    invited_persons: Sequence[str]
    serving_persons: Sequence[str]
    returns: Sequence[dict[str, Any]]
    submitted_on: date | None
    campaign: str | None


def _needs_public_text(need: Need) -> Iterable[Reason]:
    if not need.public_text:
        yield Reason(
            "public_text_missing",
            Text(
                "转为揭榜需要企业先提供可公开的文本。",
                "A call needs the public text from the enterprise first.",
            ),
        )


def _has_no_route(need: Need) -> Iterable[Reason]:
    if need.state == "routed" and need.route is not None:
        yield Reason("already_routed", Text("该需求已分流。", "The need has been routed already."))


MACHINE = Machine(
    "technical-needs",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_=("draft", "returned")),
        verb("submit", "提交", "Submit", from_=("draft", "returned"), to="submitted", authority="submit"),
        verb("withdraw", "撤回", "Withdraw", from_=("draft", "submitted", "returned", "accepted"),
             to="withdrawn", authority="submit"),
        verb("accept", "受理", "Accept", from_="submitted", to="accepted", handles=True),
        verb("return", "退回修改", "Return for correction", from_="submitted", to="returned", handles=True),
        verb("route", "分流", "Route", from_=("accepted", "routed"), to="routed", handles=True,
             guards=(_has_no_route,)),
        verb("advise", "答复", "Give advice", from_="routed", to="advice_given", handles=True),
        verb("invite", "邀请服务", "Invite to serve", from_=("routed", "in_service"), automatic=True),
        verb("disclose", "向受派人员开放", "Disclose to who serves", from_=("routed", "in_service"), automatic=True),
        verb("serve", "开始服务", "Begin service", from_="routed", to="in_service", automatic=True),
        verb("release", "服务终止", "End service", from_=("routed", "in_service"), automatic=True),
        verb("escalate", "转为揭榜", "Escalate to a call", from_=("routed", "in_service"),
             to="escalated_to_call", handles=True, guards=(_needs_public_text,)),
        verb("consent", "同意公开文本", "Consent to the public text",
             from_=("accepted", "routed", "in_service"), authority="sign"),
        verb("resolve", "标记解决", "Resolve", from_=("in_service", "advice_given", "escalated_to_call"),
             to="resolved"),
        verb("fulfil", "合同验收解决", "Resolved by an accepted contract", from_="escalated_to_call",
             to="resolved", automatic=True),
        verb("lapse", "逾期未改", "Lapse", from_="returned", to="withdrawn", automatic=True),
        verb("confirm", "确认解决", "Confirm as resolved", from_=("resolved", "advice_given"),
             to="confirmed", authority="submit"),
        verb("reopen", "重新打开", "Reopen", from_=("resolved", "advice_given", "confirmed"),
             to="routed", authority="submit"),  # back into service while its dispatch goes on
        verb("close", "结束（未解决）", "Close as unresolved",
             from_=("routed", "in_service", "advice_given", "escalated_to_call"), to="unresolved",
             decides=True),
    ),
    awaits=(
        Awaits("draft", "submit"),
        Awaits("submitted", "accept", days=5),
        Awaits("returned", "submit"),
        Awaits("accepted", "route", days=5),
        Awaits("resolved", "confirm", days=CONFIRM_DAYS),
    ),
)  # fmt: skip


def sight(need: Need) -> Iterable[str]:
    """The owner always; officers of the place once submitted; persons once they are asked or serve."""
    yield from access.owner(need.organisation)
    if need.submitted_on is not None:  # a draft that is withdrawn stays the owner's alone
        yield from access.place(need.city, need.division, *need.zones)
    yield from access.person(*need.invited_persons, *need.serving_persons)


_HANDLING = frozenset({"county_officer", "zone_officer", "city_officer"})


def reads_confidential(need: Need, actor: Actor) -> bool:
    """Tell whether the confidential part is shown: to the owner, the place's officers, and who serves."""
    if actor.organisation is not None and actor.organisation == need.organisation:
        return True
    if actor.roles & _HANDLING and not {need.city, need.division, *need.zones}.isdisjoint(actor.areas):
        return True
    return actor.person is not None and actor.person in need.serving_persons


def way_of_solving(need: Need) -> str:
    """Say what solved it: an accepted `contract`, a `dispatch`, or `advice`."""
    if need.contract:
        return "contract"
    return "dispatch" if need.dispatch else "advice"
