"""A filing: its states, its receipt, who sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "draft": Text("草稿", "Draft"),
    "submitted": Text("已提交", "Submitted"),
    "returned": Text("退回修改", "Returned for correction"),
    "verified": Text("已核实", "Verified"),
    "superseded": Text("已被更正", "Superseded by a correction"),
    "withdrawn": Text("已撤回", "Withdrawn"),
    "lapsed": Text("逾期失效", "Lapsed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing(Record):
    """Answers to a form for a period. `facts` are as on the wire (money as text). A `statistical` filing
    (107-1, 107-2) feeds totals only; no assessment reads it. `supersedes` is the filing it corrects; `late` says that
    it was first submitted after its window's last instant."""

    form: str
    form_version: str
    period: str
    statistical: bool
    facts: Mapping[str, Any]
    rd_projects: Sequence[Mapping[str, Any]]
    attachments: Sequence[Mapping[str, Any]]
    window: str | None
    late: bool
    supersedes: str | None
    warnings: Sequence[Mapping[str, Any]]
    returns: Sequence[Mapping[str, Any]]
    receipt: Mapping[str, Any] | None
    submitted_on: date | None
    verified_on: date | None


MACHINE = Machine(
    "filings",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_=("draft", "returned")),
        # Whoever submitted is among the handlers, so that nobody verifies their own filing.
        verb("submit", "提交", "Submit", from_=("draft", "returned"), to="submitted", authority="submit",
             handles=True),
        verb("return", "退回修改", "Return for correction", from_="submitted", to="returned"),
        verb("verify", "核实", "Verify", from_="submitted", to="verified", not_by_handler=True),
        verb("correct", "更正", "Correct", from_="verified", authority="draft"),
        verb("withdraw", "撤回", "Withdraw", from_=("draft", "submitted", "returned"), to="withdrawn",
             authority="submit"),
        verb("supersede", "被更正", "Be superseded", from_="verified", to="superseded", automatic=True),
        verb("lapse", "逾期失效", "Lapse", from_="returned", to="lapsed", automatic=True),
    ),
    awaits=(Awaits("submitted", "verify", days=10), Awaits("returned", "submit")),
)  # fmt: skip


def sight(filing: Filing) -> Iterable[str]:
    """The organisation always; the officers of its place once it was submitted."""
    yield from access.owner(filing.organisation)
    if filing.submitted_on is not None:
        yield from access.place(filing.city, filing.division, *filing.zones)
