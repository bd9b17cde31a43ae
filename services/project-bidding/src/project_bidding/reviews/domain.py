"""A review assignment (评审任务): one expert and one bid; scores are the expert's own until all are in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "invited": Text("已邀请", "Invited"),
    "accepted": Text("已接受", "Accepted"),
    "scoring": Text("评分中", "Scoring"),
    "submitted": Text("已提交", "Submitted"),
    "declined": Text("已谢绝", "Declined"),
    "recused": Text("已回避", "Recused"),
    "no_answer": Text("未答复", "No answer"),
    "voided": Text("已作废", "Voided"),
}
ACTIVE = frozenset({"invited", "accepted", "scoring"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Record):
    """`scores` are criterion → hundredths of a point; `seat` is the expert's pseudonym in the panel."""

    call: str
    bid: str
    expert: str
    seat: int
    scores: Mapping[str, int]
    opinion: str | None
    submitted_at: datetime | None
    revealed: bool


MACHINE = Machine(
    "reviews",
    STATES,
    "invited",
    (
        verb("accept", "接受", "Accept", from_="invited", to="accepted"),
        verb("decline", "谢绝", "Decline", from_=("invited", "accepted"), to="declined"),
        verb("recuse", "回避", "Recuse", from_=("invited", "accepted", "scoring"), to="recused"),
        verb("update", "评分", "Score", from_=("accepted", "scoring"), to="scoring"),
        verb("submit", "提交评分", "Submit", from_=("accepted", "scoring"), to="submitted", decides=True),
        verb("void", "作废", "Void", from_=("invited", "accepted", "scoring", "submitted"), to="voided",
             decides=True),
        verb("lapse", "逾期未答复", "Lapse", from_="invited", to="no_answer", automatic=True),
        verb("reveal", "公开评分", "Reveal", from_=("submitted", "voided"), automatic=True),
    ),
    awaits=(Awaits("invited", "accept", days=3), Awaits("accepted", "submit", days=10)),
)  # fmt: skip


def sight(review: Review) -> Iterable[str]:
    """The expert and the call's officers; the scores are a question of their own (`shown`)."""
    yield from access.person(review.expert)
    yield from access.place(review.city)


def shown(review: Review, person: str | None) -> bool:
    """Tell whether this person may see the scores: the expert his own, officers once all are in."""
    return review.revealed or (person is not None and person == review.expert)
