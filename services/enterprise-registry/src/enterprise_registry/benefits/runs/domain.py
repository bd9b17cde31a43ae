"""A run of a benefit over held data: a list of beneficiaries with amounts and reasons, and its issue as offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "computing": Text("计算中", "Computing"),
    "computed": Text("名单已生成", "List computed"),
    "issuing": Text("发放中", "Being issued"),
    "issued": Text("已告知企业", "Issued"),
    "discarded": Text("已作废", "Discarded"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitRun(Record):
    """A run. Nobody gets anything before it is issued; `total` is the list's sum in fen.

    `dropped` counts beneficiaries of the list for whom, when it was issued, the answer was another one.
    """

    rule: str
    rule_version: str
    fund: str | None
    as_of: date
    job: str | None
    evaluated: int
    beneficiaries: int
    unknown: int
    excluded: int
    unmet: int
    total: int
    issued: int
    dropped: int
    document_no: str | None
    issued_on: date | None


MACHINE = Machine(
    "benefit-runs",
    STATES,
    "computing",
    (
        verb("finish", "生成名单", "Finish computing", from_="computing", to="computed", automatic=True),
        verb("issue", "发放", "Issue", from_="computed", to="issuing", decides=True, not_by_handler=True),
        verb("conclude", "发放完成", "Finish issuing", from_="issuing", to="issued", automatic=True),
        verb("discard", "作废", "Discard", from_=("computing", "computed"), to="discarded"),
    ),
    awaits=(Awaits("computed", "issue", days=10),),
)


def sight(run: BenefitRun) -> Iterable[str]:
    """The officers of the city: a list that is not issued is nobody else's."""
    yield from access.place(run.city)
