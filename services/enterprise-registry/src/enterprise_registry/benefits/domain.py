"""A grant of a benefit: offered on held data or applied for, then booked, paid and, where due, recovered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "draft": Text("草稿", "Draft"),
    "eligible": Text("符合条件", "Eligible"),
    "offered": Text("已告知", "Offered"),
    "accepted": Text("已接受", "Accepted"),
    "declined": Text("已放弃", "Declined"),
    "applied": Text("已申请", "Applied"),
    "settled": Text("即时兑现", "Settled at once"),
    "under_review": Text("人工审核", "Under review"),
    "approved": Text("已批准", "Approved"),
    "refused": Text("不予兑现", "Refused"),
    "withdrawn": Text("已撤回", "Withdrawn"),
    "booked": Text("已记账", "Booked"),
    "paid": Text("已拨付", "Paid"),
    "payment_failed": Text("拨付失败", "Payment failed"),
    "recovered": Text("已追回", "Recovered"),
    "stopped": Text("已终止", "Stopped"),
}
ENDED = ("declined", "refused", "withdrawn", "recovered", "stopped")
# Grants that use up a right: the item is paid for, and the amount counts for the yearly cap.
LIVE = tuple(state for state in STATES if state not in (*ENDED, "draft"))
UNPAID = ("eligible", "offered", "accepted", "applied", "settled", "under_review", "approved", "booked",
          "payment_failed")  # fmt: skip
GRANTED = ("accepted", "settled", "approved")
OUTCOMES = {
    "beneficiary": Text("符合条件", "Qualifies"),
    "unmet": Text("不符合条件", "Does not qualify"),
    "unknown": Text("数据不足或需人工判断", "Data are missing or somebody must judge"),
    "excluded": Text("排除", "Excluded"),
}
MODES = {
    "granted": Text("免申即享", "Granted without application"),
    "at_once": Text("即申即享", "Settled at once on application"),
    "reviewed": Text("审核兑现", "Reviewed by an officer"),
}
ORIGINS = {
    "run": Text("免申即享名单", "A run of the rule over held data"),
    "officer": Text("经办人发起", "An officer"),
    "application": Text("企业申请", "The enterprise's application"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitGrant(Record):
    """A grant. Amounts in fen; `amount` is None while nobody can compute it.

    `item` is what the benefit pays for: a year, a recognition's id, or "" for the organisation itself;
    one `exclusive_group` pays for an item once. `grounds` are the recognitions that it rests on.
    """

    rule: str
    rule_version: str
    mode: str
    fund: str | None
    exclusive_group: str
    item: str
    year: str
    as_of: date
    origin: str
    run: str | None
    amount: int | None
    finding: Mapping[str, Any] | None
    grounds: Sequence[str]
    statement: str | None
    attachments: Sequence[Mapping[str, Any]]
    account: bytes | None
    account_shown: str | None
    review_opinion: str | None
    decision: Mapping[str, Any] | None
    granted_on: date | None
    budget: str | None
    booked_on: date | None
    paid: int
    paid_on: date | None
    payments: Sequence[Mapping[str, Any]]
    recovered: int
    recovery: Mapping[str, Any] | None
    recoveries: Sequence[Mapping[str, Any]]
    reason: str | None


def _has_account(grant: BenefitGrant) -> Iterable[Reason]:
    if grant.account_shown is None:
        yield Reason(
            "account_missing",
            Text(
                "企业尚未填写收款账户。", "The enterprise has not given the account that the money goes to."
            ),
        )


def _money_left_to_recover(grant: BenefitGrant) -> Iterable[Reason]:
    if grant.recovered >= grant.paid:
        yield Reason("all_recovered", Text("已全部追回。", "All of it has been recovered."))


MACHINE = Machine(
    "benefit-grants",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_="draft", authority="draft"),
        verb("offer", "告知", "Offer", from_="eligible", to="offered", decides=True, not_by_handler=True),
        verb("accept", "接受", "Accept", from_="offered", to="accepted", authority="submit"),
        verb("decline", "放弃", "Decline", from_="offered", to="declined", authority="submit"),
        verb("apply", "申请", "Apply", from_="draft", to="applied", authority="submit"),
        verb("settle", "即时兑现", "Settle at once", from_="applied", to="settled", automatic=True),
        verb("refer", "转人工审核", "Refer to an officer", from_="applied", to="under_review", automatic=True),
        verb("withdraw", "撤回", "Withdraw", from_=("draft", "under_review"), to="withdrawn",
             authority="submit"),
        verb("review", "审核", "Review", from_="under_review", handles=True),
        verb("approve", "批准", "Approve", from_="under_review", to="approved", decides=True,
             not_by_handler=True),
        verb("refuse", "不予兑现", "Refuse", from_=("under_review", "eligible"), to="refused", decides=True,
             not_by_handler=True),
        verb("book", "记账", "Book", from_=GRANTED, to="booked", decides=True, guards=(_has_account,)),
        verb("pay", "拨付", "Pay", from_=("booked", "payment_failed"), decides=True),
        verb("set-account", "更正账户", "Correct the account", from_=(*GRANTED, "booked", "payment_failed"),
             authority="submit"),
        verb("stop", "终止", "Stop", from_=("offered", *GRANTED, "booked", "payment_failed"), to="stopped",
             decides=True),
        verb("mark-recovery", "列入追回", "Be listed for recovery", from_="paid", automatic=True),
        verb("end", "依据失效", "Lose its ground", from_=UNPAID, to="stopped", automatic=True),
        verb("recover", "追回", "Recover", from_="paid", decides=True, guards=(_money_left_to_recover,)),
    ),
    awaits=(
        Awaits("eligible", "offer", days=10),
        Awaits("offered", "accept"),
        Awaits("under_review", "review", days=10),
        Awaits("accepted", "book", days=5),
        Awaits("settled", "book", days=5),
        Awaits("approved", "book", days=5),
        Awaits("booked", "pay", days=10),
        Awaits("payment_failed", "set-account", days=5),
    ),
)  # fmt: skip


def sight(grant: BenefitGrant) -> Iterable[str]:
    """The organisation always, except of a list that is not offered yet; officers unless it is its own draft."""
    if grant.state != "eligible":
        yield from access.owner(grant.organisation)
    if grant.state != "draft":
        yield from access.place(grant.city, grant.division, *grant.zones)


def due_back(grant: BenefitGrant) -> int:
    """Fen that can still be recovered: what was demanded back, or else all that was paid, less what came."""
    demanded = grant.recovery["amount_fen"] if grant.recovery else grant.paid
    return max(int(demanded) - grant.recovered, 0)
