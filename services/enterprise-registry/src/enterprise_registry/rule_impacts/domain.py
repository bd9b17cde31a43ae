"""A rule impact: one version of a pack held against another over a city's enterprises, on one day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from enterprise_registry.ladders.impact import Outcome
from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {
    "running": Text("测算中", "Running"),
    "completed": Text("已完成", "Completed"),
    "cancelled": Text("已取消", "Cancelled"),
    "failed": Text("失败", "Failed"),
}
OUTCOMES = {
    Outcome.outside: Text("前后均不符合", "Qualifies neither before nor after"),
    Outcome.stays: Text("前后均符合", "Stays"),
    Outcome.gains: Text("新符合", "Gains"),
    Outcome.loses: Text("不再符合", "Loses"),
    Outcome.unknown: Text("变为无法判断", "Becomes undecided"),
    Outcome.remains_unknown: Text("前后均无法判断", "Undecided before and after"),
}
RESULTS = {
    "met": Text("符合", "Met"),
    "unmet": Text("不符合", "Unmet"),
    "unknown": Text("缺少数据", "Unknown"),
    "manual_review": Text("待人工评定", "For a person to judge"),
    "not_applicable": Text("不适用", "Does not apply"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleImpact(Record):
    """What was asked and, once completed, how many: `counts` has `{node, division, outcome, organisations}`.

    `baseline` is `pack@version`; `candidate` too, or the id of an uploaded version whose content had `digest`.
    """

    baseline: str
    candidate: str
    digest: str
    as_of: date
    candidate_on: date
    job: str
    population: int | None
    counts: Sequence[dict[str, Any]]


MACHINE = Machine(
    "rule-impacts",
    STATES,
    "running",
    (
        verb("complete", "完成", "Complete", from_="running", to="completed", automatic=True),
        verb("stop", "取消", "Cancel", from_="running", to="cancelled", automatic=True),
        verb("fail", "失败", "Fail", from_="running", to="failed", automatic=True),
    ),
)
"""It follows its job: `POST /jobs/{job}/cancel` stops it."""


def sight(found: RuleImpact) -> Iterable[str]:
    """The city's officers."""
    yield from access.place(found.city, found.division)
