"""A selection round: its states, its scheme, who sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, cast

from enterprise_registry.selection_rounds.ranking import Line, TieRule
from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "drafted": Text("草拟", "Drafted"),
    "announced": Text("已发布", "Announced"),
    "scoring": Text("评分中", "Being scored"),
    "shortlisted": Text("已拟定名单", "Shortlisted"),
    "public_notice": Text("公示中", "On public notice"),
    "awarded": Text("已授予", "Awarded"),
    "cancelled": Text("已取消", "Cancelled"),
}
RoundKind = Literal["selection", "review"]
Proposal = Literal["award", "pass_over", "keep", "remove"]
PROPOSALS = {
    "award": Text("拟授予", "To be awarded"),
    "pass_over": Text("未入围", "Not on the list"),
    "keep": Text("拟保留", "To be kept"),
    "remove": Text("拟移出", "To be removed"),
}
OUTCOMES = {
    "awarded": Text("已授予", "Awarded"),
    "passed_over": Text("未授予", "Not awarded"),
    "kept": Text("保留", "Kept"),
    "removed": Text("移出", "Removed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRound(Record):
    """A round for an honour.

    `kind` of the honour's recognitions is `target`; `scheme` is `{code, version, lines: [{code, zh, en, weight}]}`;
    `quota` is the id of the quota that the honour's rounds share; `plan` is the window as it will be announced,
    `decisions` the acts that awarded, each `{document_no, decided_on, decided_by, items}`.
    """

    title: str
    kind: str
    honour: str
    target: str
    node: str
    scheme: Mapping[str, Any]
    tie_rule: str
    pass_mark: str | None
    sheets_needed: int
    scorers: Sequence[str]
    quota: str
    plan: Mapping[str, Any] | None
    window: str | None
    places: int | None
    lot: str | None
    notice: str | None
    decisions: Sequence[Mapping[str, Any]]


def _nothing_awarded(found: SelectionRound) -> Iterable[Reason]:
    if found.decisions:
        yield Reason(
            "partly_awarded",
            Text(
                "本轮已有授予决定，不能取消或重排；请对其余对象作出决定。",
                "The round has awarded already; decide the other items instead.",
            ),
        )


MACHINE = Machine(
    "selection-rounds",
    STATES,
    "drafted",
    (
        verb("update", "修改", "Update", from_="drafted"),
        verb("announce", "发布", "Announce", from_="drafted", to="announced", handles=True),
        verb("score", "评分", "Score", from_=("announced", "scoring"), to="scoring", handles=True),
        # From public_notice only where that notice was withdrawn: a corrected list restarts the period.
        verb("shortlist", "拟定名单", "Shortlist", from_=("announced", "scoring", "shortlisted", "public_notice"),
             to="shortlisted", decides=True, handles=True, guards=(_nothing_awarded,)),
        verb("open-notice", "公示", "Open the notice", from_="shortlisted", to="public_notice", decides=True,
             handles=True),
        # `awarded` when nothing is left to decide; items that an objection holds keep the round open.
        verb("award", "授予", "Award", from_="public_notice", decides=True, not_by_handler=True),
        verb("cancel", "取消", "Cancel",
             from_=("drafted", "announced", "scoring", "shortlisted", "public_notice"), to="cancelled",
             decides=True, guards=(_nothing_awarded,)),
    ),
    awaits=(
        Awaits("announced", "score"),
        Awaits("scoring", "shortlist"),
        Awaits("shortlisted", "open-notice", days=5),
        Awaits("public_notice", "award"),
    ),
)  # fmt: skip


def sight(found: SelectionRound) -> Iterable[str]:
    """Officers of the place and the scorers; everybody once it is announced."""
    yield from access.place(found.city, found.division)
    yield from access.person(*found.scorers)
    if found.state != "drafted":
        yield from access.PUBLIC


def lines_of(found: SelectionRound) -> list[Line]:
    """The scheme's lines with exact weights."""
    return [
        Line(each["code"], each["zh"], each["en"], exact(each["weight"])) for each in found.scheme["lines"]
    ]


def exact(value: str | int) -> Fraction:
    """Read a decimal number exactly."""
    return Fraction(Decimal(str(value)))


def pass_mark_of(found: SelectionRound) -> Fraction | None:
    """The total that is needed at least, if any."""
    return exact(found.pass_mark) if found.pass_mark is not None else None


def tie_rule_of(found: SelectionRound) -> TieRule:
    """The rule that puts equals in order."""
    return cast("TieRule", found.tie_rule)


def hundredths(value: Decimal) -> int:
    """Points of a line as an integer of hundredths.

    >>> hundredths(Decimal("87.5"))
    8750
    """
    return int(value * 100)
