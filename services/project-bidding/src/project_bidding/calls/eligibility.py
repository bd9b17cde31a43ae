"""Who may post a call and who may answer it 发榜与揭榜资格: a small structured rule, judged with reasons.

The rule is a programme's data, with its clause. Facts are passed in as they were on the call's date: rungs come
from a read model of the enterprise registry, which says up to which day it is complete. What is not known is
`unknown`, never `no`; what a person must judge is `manual_review`. A refusal names every reason at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from project_bidding.calls.affiliations import Relation, control_path, weaker_ties

Outcome = Literal["met", "unmet", "unknown", "manual_review"]
Check = Literal[
    "organisation_kind", "rung", "integrity", "overdue_project", "not_own_call", "division", "points"
]
_WORST_FIRST: Final[tuple[Outcome, ...]] = ("unmet", "unknown", "manual_review", "met")


@dataclass(frozen=True, slots=True)
class Message:
    """One reason in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions to post (`post`) or to answer (`answer`); an empty tuple asks nothing.

    `rungs`: node keys of the ladder, one of which must be held on the call's date. `divisions`: areas whose
    parties are admitted. `points_at_least` (hundredths) is asked of the balance of innovation points (创新积分) at the
    end of `points_on`. `clause` is where it is written.
    """

    act: Literal["post", "answer"]
    organisation_kinds: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    no_integrity_record: bool = True
    no_overdue_project: bool = False
    points_at_least: int | None = None
    points_on: date | None = None
    clause: str = ""


@dataclass(frozen=True, slots=True)
class HeldRung:
    """A rung of the ladder held from one day to another (inclusive; None while it lasts)."""

    node: str
    valid_from: date
    valid_to: date | None = None

    def on(self, day: date) -> bool:
        """Whether it is held on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class IntegrityRecord:
    """A decided record 科研失信记录 with the days it is in force; a case under investigation is none."""

    number: str
    valid_from: date
    valid_to: date | None = None
    lifted_on: date | None = None

    def in_force(self, day: date) -> bool:
        """In force from its first day to its last, or to the day before it was lifted."""
        ended = (self.valid_to is not None and day > self.valid_to) or (
            self.lifted_on is not None and day >= self.lifted_on
        )
        return self.valid_from <= day and not ended


@dataclass(frozen=True, slots=True)
class Party:
    """What is known of an organisation. `rungs_known_to`: the read model is complete to the end of this day.

    `points`: its balance (hundredths) at the end of the day that the call names; None while that day is not over.
    """

    organisation: str
    kind: str
    division: str
    rungs: tuple[HeldRung, ...] = ()
    rungs_known_to: date | None = None
    integrity_records: tuple[IntegrityRecord, ...] = ()
    overdue_projects: tuple[str, ...] = ()
    points: int | None = None


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The call as far as eligibility asks: whose need it is, and the day on which parties are judged.

    Standing (rungs, ties) is that of `judged_on`, the publication; an integrity record bars while it is in
    force, which is asked for the day of the act.
    """

    call: str
    need_owners: tuple[str, ...]
    judged_on: date
    acted_on: date


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition's outcome. `evidence`: keys, record numbers or relations that made it so."""

    check: Check
    organisation: str
    outcome: Outcome
    message: Message
    evidence: tuple[str, ...] = ()
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings; `outcome` is the worst of them (unmet, then unknown, then manual_review)."""

    findings: tuple[Finding, ...] = field(default=())

    @property
    def outcome(self) -> Outcome:
        """`met` when nothing stands against it."""
        return next(o for o in _WORST_FIRST if o == "met" or any(f.outcome == o for f in self.findings))

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """What stands against it, all at once."""
        return tuple(finding for finding in self.findings if finding.outcome != "met")


def _kind(rule: Rule, party: Party) -> Finding:
    met = party.kind in rule.organisation_kinds
    message = (
        Message("单位类型符合要求。", "The kind of organisation is admitted.")
        if met
        else Message(
            f"单位类型“{party.kind}”不在允许范围内:{'、'.join(rule.organisation_kinds)}。",
            f"Organisations of kind {party.kind} are not admitted; admitted: {', '.join(rule.organisation_kinds)}.",
        )
    )
    return Finding(
        "organisation_kind",
        party.organisation,
        "met" if met else "unmet",
        message,
        (party.kind,),
        rule.clause,
    )


def _division(rule: Rule, party: Party) -> Finding:
    met = party.division in rule.divisions
    message = (
        Message("所在地区符合要求。", "The area is admitted.")
        if met
        else Message(
            "单位所在地区不在本榜单范围内。", "The organisation's area is outside those this call admits."
        )
    )
    return Finding(
        "division", party.organisation, "met" if met else "unmet", message, (party.division,), rule.clause
    )


def _rung(rule: Rule, party: Party, day: date) -> Finding:
    held = tuple(sorted({rung.node for rung in party.rungs if rung.on(day) and rung.node in rule.rungs}))
    outcome: Outcome
    if party.rungs_known_to is None or party.rungs_known_to < day:
        # Even a rung that shows as held may have been revoked by an event still under way.
        outcome = "unknown"
        message = Message(
            f"梯度培育资格数据尚未更新至{day.isoformat()},暂不能判断。",
            f"The ladder is not known up to {day.isoformat()} yet, so this cannot be judged.",
        )
    elif held:
        outcome = "met"
        message = Message(
            f"{day.isoformat()}具有资格:{'、'.join(held)}。", f"Held on {day.isoformat()}: {', '.join(held)}."
        )
    else:
        outcome = "unmet"
        message = Message(
            f"{day.isoformat()}不具有以下任一资格:{'、'.join(rule.rungs)}。",
            f"On {day.isoformat()} none of these was held: {', '.join(rule.rungs)}.",
        )
    return Finding("rung", party.organisation, outcome, message, held, rule.clause)


def _integrity(rule: Rule, party: Party, day: date) -> Finding:
    numbers = tuple(sorted(record.number for record in party.integrity_records if record.in_force(day)))
    message = (
        Message(
            f"存在生效中的科研诚信记录:{'、'.join(numbers)}。",
            f"Integrity records in force: {', '.join(numbers)}.",
        )
        if numbers
        else Message("无生效中的科研诚信记录。", "No integrity record is in force.")
    )
    return Finding(
        "integrity", party.organisation, "unmet" if numbers else "met", message, numbers, rule.clause
    )


def _overdue(rule: Rule, party: Party) -> Finding:
    numbers = tuple(sorted(party.overdue_projects))
    message = (
        Message(
            f"存在逾期未验收项目:{'、'.join(numbers)}。",
            f"Projects overdue for acceptance: {', '.join(numbers)}.",
        )
        if numbers
        else Message("无逾期未验收项目。", "No project is overdue for acceptance.")
    )
    return Finding(
        "overdue_project", party.organisation, "unmet" if numbers else "met", message, numbers, rule.clause
    )


def _not_own(rule: Rule, party: Party, call: CallFacts, relations: Sequence[Relation]) -> Finding:
    outcome: Outcome = "met"
    message = Message("与需求方无关联关系。", "Not affiliated with the need owner.")
    evidence: tuple[str, ...] = ()
    for owner in call.need_owners:
        path = control_path(relations, party.organisation, owner, call.judged_on)
        if path is not None:
            own = party.organisation == owner
            message = (
                Message("需求方不得揭本单位发布的榜。", "The need owner may not answer its own call.")
                if own
                else Message(
                    "与需求方存在控制关联关系,不得揭榜。",
                    "Affiliated with the need owner by control; may not answer.",
                )
            )
            steps = tuple(f"{r.one}—{r.kind}—{r.other} ({r.evidence})" for r in path)
            return Finding(
                "not_own_call", party.organisation, "unmet", message, steps or (owner,), rule.clause
            )
        ties = weaker_ties(relations, party.organisation, owner, call.judged_on)
        if ties:
            outcome = "manual_review"
            message = Message(
                "与需求方存在可能影响公正的关系,需人工审核。",
                "A tie with the need owner may affect fairness; a person must judge.",
            )
            evidence += tuple(f"{r.one}—{r.kind}—{r.other} ({r.evidence})" for r in ties)
    return Finding("not_own_call", party.organisation, outcome, message, evidence, rule.clause)


def _points(rule: Rule, party: Party) -> Finding:
    wanted, on = rule.points_at_least or 0, rule.points_on.isoformat() if rule.points_on else ""
    outcome: Outcome
    if party.points is None:
        outcome = "unknown"
        message = Message(
            f"{on}的积分余额尚未确定,暂不能判断。",
            f"The balance of points of {on} is not settled yet, so this cannot be judged.",
        )
    else:
        outcome = "met" if party.points >= wanted else "unmet"
        message = Message(
            f"{on}的创新积分为{_shown(party.points)},要求不低于{_shown(wanted)}。",
            f"{_shown(party.points)} innovation points on {on}; at least {_shown(wanted)} are asked for.",
        )
    evidence = () if party.points is None else (_shown(party.points),)
    return Finding("points", party.organisation, outcome, message, evidence, rule.clause)


def _shown(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}"


def judge(rule: Rule, party: Party, call: CallFacts, relations: Sequence[Relation] = ()) -> Verdict:
    """Whether `party` may do what the rule is about. Need owners and affiliates never answer, whatever the rule says."""
    day = call.judged_on
    findings = []
    if rule.organisation_kinds:
        findings.append(_kind(rule, party))
    if rule.divisions:
        findings.append(_division(rule, party))
    if rule.rungs:
        findings.append(_rung(rule, party, day))
    if rule.no_integrity_record:
        findings.append(_integrity(rule, party, call.acted_on))
    if rule.no_overdue_project:
        findings.append(_overdue(rule, party))
    if rule.points_at_least is not None:
        findings.append(_points(rule, party))
    if rule.act == "answer":
        findings.append(_not_own(rule, party, call, relations))
    return Verdict(tuple(findings))


def judge_consortium(
    rule: Rule,
    lead: Party,
    members: Sequence[Party],
    call: CallFacts,
    relations: Sequence[Relation] = (),
    *,
    member_rule: Rule | None = None,
) -> Verdict:
    """A consortium 联合体: the lead meets the rule; every member meets `member_rule`, by default the exclusions alone."""
    exclusions = member_rule or Rule(
        rule.act,
        no_integrity_record=rule.no_integrity_record,
        no_overdue_project=rule.no_overdue_project,
        clause=rule.clause,
    )
    findings = judge(rule, lead, call, relations).findings
    for member in members:
        findings += judge(exclusions, member, call, relations).findings
    return Verdict(findings)
