"""A submission (报送): what a unit reports in a return window; published, its cells become observations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "draft": Text("草稿", "Draft"),
    "submitted": Text("已报送", "Submitted"),
    "returned": Text("退回修改", "Returned for correction"),
    "verified": Text("已核实", "Verified"),
    "published": Text("已发布", "Published"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Record):
    """`cells` are indicator, value and reason; no cell at all is a nil return (零报告) and counts as returned.

    `revises` names the published submission that this one corrects.
    """

    window: str
    area: str
    period: str
    nil: bool
    cells: Sequence[dict[str, Any]]
    comment: str | None
    returns: Sequence[dict[str, Any]]
    revises: str | None
    submitted_at: datetime | None


def _complete(submission: Submission) -> Iterable[Reason]:
    if not submission.cells and not submission.nil:
        yield Reason(
            "nothing_reported",
            Text("请填报数据，或注明为零报告。", "Report a value, or say that it is a nil return."),
        )


MACHINE = Machine(
    "submissions",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_=("draft", "returned")),
        verb("submit", "报送", "Submit", from_=("draft", "returned"), to="submitted", handles=True, guards=(_complete,)),
        verb("return", "退回修改", "Return for correction", from_="submitted", to="returned"),
        verb("verify", "核实", "Verify", from_="submitted", to="verified", not_by_handler=True),
        verb("publish", "发布", "Publish", from_="verified", to="published", decides=True),
    ),
    awaits=(Awaits("submitted", "verify", days=5), Awaits("returned", "submit"), Awaits("verified", "publish")),
)  # fmt: skip


def sight(submission: Submission) -> Iterable[str]:
    """The reporting area's officers; the city's once it is submitted."""
    yield from access.place(submission.area)
    if submission.state != "draft":
        yield from access.place(submission.city)
