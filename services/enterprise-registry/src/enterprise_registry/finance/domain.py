"""A finance need (融资需求): filed by an enterprise, taken by a bank, funded by loans. Amounts in fen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "open": Text("待对接", "Open"),
    "taken": Text("银行已承接", "Taken by a bank"),
    "funded": Text("已放款", "Funded"),
    "closed": Text("已结束", "Closed"),
}
PURPOSES = {
    "working_capital": Text("流动资金", "Working capital"),
    "research": Text("研发投入", "Research and development"),
    "equipment": Text("设备与技改", "Equipment and renewal"),
    "expansion": Text("扩产建设", "Expansion"),
    "listing": Text("上市与并购", "Listing and acquisition"),
    "other": Text("其他", "Other"),
}
PRODUCTS = {
    "technology_loan": Text("科技贷款（科贷通、科创贷）", "Technology loan"),
    "credit_loan": Text("信用贷", "Credit loan"),
    "ip_pledge": Text("知识产权质押贷", "Loan on pledged intellectual property"),
    "guaranteed_loan": Text("担保贷", "Guaranteed loan"),
    "equity_linked": Text("投贷联动", "Loan linked with equity"),
    "other": Text("其他", "Other"),
}
OUTCOMES = {
    "met": Text("已满足", "Met"),
    "partly_met": Text("部分满足", "Partly met"),
    "not_met": Text("未满足", "Not met"),
    "no_longer_needed": Text("不再需要", "No longer needed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceNeed(Record):
    """A need. Without `shared_with_banks`, the owner's consent, no bank knows of it; `loans` are what became of it."""

    amount: int
    purpose: str
    description: str
    term_months: int | None
    shared_with_banks: bool
    consented_on: date | None
    bank: str | None
    taken_on: date | None
    meeting: str | None
    funded: int
    loans: Sequence[Mapping[str, Any]]
    outcome: str | None
    closed_on: date | None
    reason: str | None


MACHINE = Machine(
    "finance-needs",
    STATES,
    "open",
    (
        verb("update", "修改", "Update", from_="open", authority="draft"),
        verb("take", "承接", "Take", from_="open", to="taken", handles=True),
        verb("release", "退回", "Release", from_="taken", to="open"),
        verb("fund", "登记放款", "Record a loan", from_=("taken", "funded"), to="funded", decides=True),
        verb("close", "结束", "Close", from_=("open", "taken", "funded"), to="closed"),
    ),
    awaits=(Awaits("open", "take", days=15), Awaits("taken", "fund", days=30)),
)


def sight(need: FinanceNeed) -> Iterable[str]:
    """The owner and the officers of its place; the bank that took it; while open and consented, the city's banks."""
    yield from access.owner(need.organisation)
    yield from access.place(need.city, need.division, *need.zones)
    yield from access.party(need.bank)
    if need.state == "open" and need.shared_with_banks:
        yield from access.opened(need.city)
