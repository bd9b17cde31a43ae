"""A budget: its states, its figures, and the ledger that they are the sum of. All amounts are whole fen.

The ledger's rows are the truth. The figures on the record are their running sum, changed under the record's
row lock in the same transaction; the database refuses figures that no ledger could have.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

OWN_SERVICE = "enterprise-registry"
SPENDERS = {
    OWN_SERVICE: Text("企业培育（惠企奖补）", "Enterprise registry (benefits)"),
    "commissioner-matching": Text("科技特派员", "Commissioner matching"),
    "project-bidding": Text("揭榜挂帅与科技项目", "Project bidding"),
}
STATES = {
    "draft": Text("草稿", "Draft"),
    "open": Text("执行中", "Open"),
    "closed": Text("已关闭", "Closed"),
}
# What a ledger row does to the figures: figure → sign.
EFFECTS: Mapping[str, Mapping[str, int]] = {
    "set_aside": {"amount": 1},
    "allocated": {"allocated": 1},
    "taken_back": {"allocated": -1},
    "given_back": {"amount": -1},
    "booked": {"booked": 1},
    "released": {"booked": -1},
    "paid": {"paid": 1},
    "recovered": {"recovered": 1},
}
ENTRY_KINDS = {
    "set_aside": Text("安排", "Set aside"),
    "allocated": Text("划出", "Allocated to another budget"),
    "taken_back": Text("收回划出", "Taken back from another budget"),
    "given_back": Text("结余退回", "Given back to the budget it came from"),
    "booked": Text("记账占用", "Booked"),
    "released": Text("解除占用", "Released"),
    "paid": Text("拨付", "Paid"),
    "recovered": Text("追回", "Recovered"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of a ledger, in fen.

    What was paid stays booked, and what was recovered goes back to the treasury: neither can be spent again.
    """

    amount: int = 0
    allocated: int = 0
    booked: int = 0
    paid: int = 0
    recovered: int = 0

    @property
    def free(self) -> int:
        """What can still be booked or allocated."""
        return self.amount - self.allocated - self.booked

    @property
    def possible(self) -> bool:
        """Whether a ledger may sum to this: nothing overdrawn, nothing paid unbooked or recovered unpaid."""
        return (
            self.free >= 0
            and self.allocated >= 0
            and self.booked >= self.paid
            and self.paid >= self.recovered >= 0
        )

    def after(self, kind: str, amount: int) -> "Figures":
        """Give the figures after one more row; `amount` is above zero. ValueError where none may follow."""
        if amount <= 0:
            raise ValueError("a ledger row has an amount above zero")
        changed = replace(
            self, **{name: getattr(self, name) + sign * amount for name, sign in EFFECTS[kind].items()}
        )
        if not changed.possible:
            raise ValueError(f"{kind} {amount} cannot follow {self}")
        return changed


def total(rows: Iterable[tuple[str, int]]) -> Figures:
    """Sum a ledger of (kind, fen), in any order; what the figures of a budget must equal."""
    sums = dict.fromkeys(("amount", "allocated", "booked", "paid", "recovered"), 0)
    for kind, amount in rows:
        for name, sign in EFFECTS[kind].items():
            sums[name] += sign * amount
    return Figures(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Record):
    """Money of one fund and year. `fund` is a code of the city's pack; `parent` is the budget it was taken from.

    `year` is four digits, a period like a filing's. `spender` is the one service that may spend it. `allocations` lists what was given to other budgets.
    """

    title: str
    fund: str
    year: str
    funder: str
    spender: str
    parent: str | None
    document_no: str | None
    amount: int
    allocated: int
    booked: int
    paid: int
    recovered: int
    opened_on: date | None
    closed_on: date | None
    allocations: Sequence[Mapping[str, Any]]

    @property
    def figures(self) -> Figures:
        """The running sums of its ledger."""
        return Figures(self.amount, self.allocated, self.booked, self.paid, self.recovered)


MACHINE = Machine(
    "budgets",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_="draft"),
        verb("open", "下达", "Open", from_="draft", to="open", decides=True),
        verb("allocate", "划拨", "Allocate", from_="open", decides=True),
        verb("close", "关闭", "Close", from_="open", to="closed", decides=True),
        verb("book", "记账占用", "Be booked on", from_="open", automatic=True),
        verb("release", "解除占用", "Be released", from_="open", automatic=True),
        verb("pay", "拨付", "Be paid from", from_="open", automatic=True),
        # Money comes back after the year was closed, too.
        verb("recover", "追回", "Have money recovered", from_=("open", "closed"), automatic=True),
        verb("take-back", "收回划出", "Take back what was allocated", from_=("open", "closed"), automatic=True),
    ),
)  # fmt: skip


def sight(budget: Budget) -> Iterable[str]:
    """The officers of the city; a county's budget is seen by its officers too."""
    yield from access.place(budget.city, budget.division)
