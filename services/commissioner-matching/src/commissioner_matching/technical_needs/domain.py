"""A technical need: its states, who sees it, what its owner must have said before it can go on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kechuang import access
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

ROUTES = {
    "advice": Text("咨询答复", "Advice"),
    "matching": Text("匹配派员", "Matching"),
    "call": Text("揭榜挂帅", "Open call"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need(Record):
    """A technical need. `confidential` is seen by the owner and the handling officers alone, until a
    server has accepted a dispatch; `public_text` is what the owner consents to publish in a call."""

    title: str
    text: str
    confidential: str | None
    fields: Sequence[str]
    discipline: str | None
    chain: str | None
    budget_fen: int | None
    route: str | None
    answer: str | None
    public_title: str | None
    public_text: str | None
    consented_by: str | None
    dispatch: str | None
    contract: str | None
    serving_persons: Sequence[str]
    submitted_on: date | None


def _needs_public_text(need: Need) -> Iterable[Reason]:
    if not need.public_text:
        yield Reason(
            "public_text_missing",
            Text(
                "转为揭榜需要企业先提供可公开的文本。",
                "A call needs the public text from the enterprise first.",
            ),
        )


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
        verb("route", "分流", "Route", from_="accepted", to="routed", handles=True),
        verb("advise", "答复", "Give advice", from_="routed", to="advice_given", handles=True),
        verb("serve", "开始服务", "Begin service", from_="routed", to="in_service", automatic=True),
        verb("escalate", "转为揭榜", "Escalate to a call", from_=("routed", "in_service"),
             to="escalated_to_call", handles=True, guards=(_needs_public_text,)),
        verb("consent", "同意公开文本", "Consent to the public text",
             from_=("accepted", "routed", "in_service"), authority="sign"),
        verb("resolve", "标记解决", "Resolve", from_=("in_service", "advice_given", "escalated_to_call"),
             to="resolved"),
        verb("confirm", "确认解决", "Confirm as resolved", from_=("resolved", "advice_given"),
             to="confirmed", authority="submit"),
        verb("reopen", "重新打开", "Reopen", from_=("resolved", "advice_given", "confirmed"), to="routed",
             authority="submit"),
        verb("close", "结束（未解决）", "Close as unresolved",
             from_=("routed", "in_service", "advice_given", "escalated_to_call"), to="unresolved",
             decides=True),
    ),
    awaits=(
        Awaits("submitted", "accept", days=5),
        Awaits("returned", "submit"),
        Awaits("accepted", "route", days=5),
        Awaits("resolved", "confirm", days=10),
    ),
)  # fmt: skip


def sight(need: Need) -> Iterable[str]:
    """The owner always; officers of the place once submitted; persons once they serve it."""
    yield from access.owner(need.organisation)
    if need.state != "draft":
        yield from access.place(need.city, need.division, *need.zones)
    yield from access.person(*need.serving_persons)
