"""A bid (揭榜申请): its states, who sees it, when it may be sealed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "draft": Text("草稿", "Draft"),
    "sealed": Text("已密封", "Sealed"),
    "withdrawn": Text("已撤回", "Withdrawn"),
    "opened": Text("已开封", "Opened"),
    "eligible": Text("符合条件", "Eligible"),
    "ineligible": Text("不符合条件", "Ineligible"),
    "pooled": Text("已入库", "Pooled"),
    "scored": Text("已评分", "Scored"),
    "winning": Text("拟立项/立项", "Winning"),
    "reserve": Text("备选", "Reserve"),
    "losing": Text("未立项", "Losing"),
}
_HIDDEN = frozenset({"draft", "sealed", "withdrawn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid(Record):
    """A bid. Nothing of its content is here before the opening: drafts and envelopes lie in tables of their
    own, encrypted. `confirmations` are `{organisation, digest, person, at}`; amounts are fen."""

    call: str
    call_number: str
    members: Sequence[str]
    suite: str
    envelope_version: int
    envelope_digest: str | None
    confirmations: Sequence[Mapping[str, Any]]
    declined: Sequence[str]
    received_at: datetime | None
    receipt: Mapping[str, Any] | None
    title: str | None
    total_fen: int | None
    requested_fen: int | None
    opening_fault: str | None
    findings: Sequence[Mapping[str, Any]]
    entry_reason: str | None
    reviewers: Sequence[str]
    rank: int | None
    score: int | None
    disclosed: bool

    @property
    def bidders(self) -> list[str]:
        """Lead and members."""
        return [self.organisation or "", *self.members]

    def unconfirmed(self) -> list[str]:
        """Members that have not confirmed exactly the present digest."""
        agreed = {
            each["organisation"] for each in self.confirmations if each["digest"] == self.envelope_digest
        }
        return [each for each in self.members if each not in agreed]


def _ready(bid: Bid) -> Iterable[Reason]:
    if bid.declined:
        yield Reason(
            "member_declined",
            Text(
                "有成员拒绝参加，请调整联合体后重新确认。", "A member declined; change the consortium first."
            ),
        )
    missing = bid.unconfirmed()
    if missing:
        yield Reason(
            "members_unconfirmed",
            Text(
                f"以下成员尚未确认本次密封摘要：{'、'.join(missing)}。",
                f"These members have not confirmed this exact digest: {', '.join(missing)}.",
            ),
        )


MACHINE = Machine(
    "bids",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_="draft", authority="draft"),
        verb("prepare", "生成密封件", "Make the envelope", from_="draft", authority="submit"),
        verb("confirm", "成员确认", "Confirm as a member", from_="draft", authority="sign"),
        verb("decline", "成员拒绝", "Decline as a member", from_="draft", authority="sign"),
        verb("seal", "密封提交", "Seal", from_="draft", to="sealed", decides=True, authority="sign",
             guards=(_ready,)),
        verb("withdraw", "撤回", "Withdraw", from_=("draft", "sealed"), to="withdrawn", authority="sign"),
        verb("open", "开封", "Open", from_="sealed", to="opened", automatic=True),
        verb("check-entry", "资格审查", "Check the entry", from_="opened", handles=True),
        verb("pool", "入库", "Pool", from_="eligible", to="pooled", handles=True),
        verb("assign-reviewer", "分配评审", "Assign a reviewer", from_=("pooled", "scored"), automatic=True),
        verb("score", "评分", "Score", from_=("pooled", "scored"), to="scored", automatic=True),
        verb("disclose", "公布名次", "Disclose the rank", from_="scored", automatic=True),
        verb("settle", "结果", "Settle", from_=("eligible", "pooled", "scored", "opened"), automatic=True),
    ),
)  # fmt: skip


def sight(bid: Bid) -> Iterable[str]:
    """Lead and members alone until it is opened; then the call's officers and accepted reviewers."""
    yield from access.owner(bid.organisation)
    yield from access.party(*bid.members)
    if bid.state not in _HIDDEN:
        yield from access.place(bid.city, bid.division)
        yield from access.person(*bid.reviewers)
