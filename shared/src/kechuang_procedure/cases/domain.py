"""A case: its states, who sees it, who may act."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.access import Actor
from kechuang.resources import Record
from kechuang.states import Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "open": Text("待交办", "Open"),
    "assigned": Text("已交办", "Assigned"),
    "in_progress": Text("办理中", "In progress"),
    "resolved": Text("已办结待确认", "Resolved"),
    "confirmed": Text("已确认", "Confirmed"),
    "reopened": Text("退回重办", "Reopened"),
    "closed": Text("已关闭", "Closed"),
}
UNRESOLVED = ("open", "assigned", "in_progress", "reopened")
LIVE = (*UNRESOLVED, "resolved")
_OF_A_PLACE = frozenset(
    {"township_officer", "county_officer", "zone_officer", "city_officer", "city_approver", "supervisor"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Record):
    """A case. The owner is a person (the token's `person`), a unit, or both; `owner_post` says in words who.

    A step (措施) is `{id, title, owner_person, owner_unit, due_on, state: open | done | dropped, done_on, result,
    evidence}`. `stage_due_on` is the last day for the act that the state awaits, `due_on` that for resolving;
    `next_due_on` the earliest day that still binds, and `overdue_since` the day after it, once it was missed.
    An escalation is `{level, to, unit, at, by, reason}`. `confirmed_by` and `exclusive` are the kind's when it
    was opened. `followers` are persons who see it beside its owner (挂点联系人). `queue` orders the list: fast
    lane first, then by due day.
    """

    kind: str
    title: str
    content: str | None
    action: str | None
    confirmed_by: str
    exclusive: bool
    contacts: str
    owner_person: str | None
    owner_unit: str | None
    owner_post: str | None
    due_on: date | None
    stage_due_on: date | None
    next_due_on: date | None
    overdue_since: date | None
    steps: Sequence[Mapping[str, Any]]
    targets: Sequence[str]
    contacted: int
    followers: Sequence[str]
    escalations: Sequence[Mapping[str, Any]]
    evidence: Sequence[Mapping[str, Any]]
    basis: Sequence[str]
    warnings: Sequence[Mapping[str, Any]]
    result: str | None
    satisfaction: int | None
    fast_lane_reason: str | None
    opened_on: date
    resolved_on: date | None
    queue: int


def open_steps(case: Case) -> list[Mapping[str, Any]]:
    """Give the measures that are neither done nor dropped."""
    return [each for each in case.steps if each["state"] == "open"]


def _steps_done(case: Case) -> Iterable[Reason]:
    left = open_steps(case)
    if left:
        titles = "、".join(each["title"] for each in left)
        yield Reason(
            "steps_open",
            Text(f"还有未完成的措施：{titles}；请先办结或注明不再办理。",
                 f"Measures are still open: {titles}. Complete or drop them first."),
        )  # fmt: skip


def _takes_contacts(case: Case) -> Iterable[Reason]:
    if case.contacts == "none":
        yield Reason("no_contacts", Text("该类事项不登记走访联系。", "This kind logs no contacts."))


def _has_targets(case: Case) -> Iterable[Reason]:
    if case.organisation is not None:
        yield Reason("no_targets", Text("该事项只针对一家单位。", "The case is about one organisation."))


def _is_confirmed_by_somebody(case: Case) -> Iterable[Reason]:
    if case.confirmed_by == "nobody":
        yield Reason(
            "nobody_confirms",
            Text("该类事项无需确认，请直接关闭。", "Nobody confirms this kind; close it instead."),
        )


def _not_fast_yet(case: Case) -> Iterable[Reason]:
    if case.fast_lane_reason is not None:
        yield Reason("fast_already", Text("已列入绿色通道。", "It is in the fast lane already."))


def machine(resource: str) -> Machine:
    """Give the states of a case resource. `decides` marks what must name the version that was seen."""
    return Machine(
        resource,
        STATES,
        "open",
        (
            verb("update", "修改", "Update", from_=UNRESOLVED),
            # Two officers at once: the version that each saw decides which of them assigned it.
            verb("assign", "交办", "Assign", from_=UNRESOLVED, decides=True),
            verb("start", "开始办理", "Start", from_=("assigned", "reopened"), to="in_progress"),
            verb("add-step", "增加措施", "Add a measure", from_=UNRESOLVED),
            verb("complete-step", "办结措施", "Complete a measure", from_=UNRESOLVED),
            verb("add-targets", "增加对象", "Add targets", from_=UNRESOLVED, guards=(_has_targets,)),
            verb("log-contact", "登记走访联系", "Log a contact", from_=(*LIVE, "confirmed"),
                 guards=(_takes_contacts,)),
            verb("link-contact", "登记走访成效", "Say what a contact led to",
                 from_=(*LIVE, "confirmed", "closed"), guards=(_takes_contacts,)),
            verb("extend", "延期", "Extend", from_=UNRESOLVED, decides=True),
            verb("expedite", "列入绿色通道", "Put into the fast lane", from_=UNRESOLVED, guards=(_not_fast_yet,)),
            verb("escalate", "升级督办", "Escalate", from_=LIVE),
            verb("resolve", "办结", "Resolve", from_="in_progress", to="resolved", decides=True, handles=True,
                 guards=(_steps_done,)),
            verb("confirm", "确认", "Confirm", from_="resolved", to="confirmed", decides=True,
                 not_by_handler=True, authority="submit", guards=(_is_confirmed_by_somebody,)),
            verb("reopen", "退回重办", "Reopen", from_=("resolved", "confirmed"), to="reopened",
                 authority="submit"),
            verb("close", "关闭", "Close", from_=(*LIVE, "confirmed"), to="closed", decides=True),
            verb("fall-due", "逾期", "Fall due", from_=LIVE, automatic=True),
            verb("follow", "变更联系人", "Change the attached official", from_=LIVE, automatic=True),
        ),
    )  # fmt: skip


# -- who ---------------------------------------------------------------------------------------


def owners(case: Case) -> tuple[str, ...]:
    """Tokens of the owner: the person where one is named, else the unit; none while nobody is."""
    return access.person(case.owner_person) or access.unit(case.owner_unit)


def offices(case: Case) -> tuple[str, ...]:
    """Tokens of the officers of the place: the county where there is one, else the city."""
    return access.place(case.division or case.city)


def sight(case: Case) -> Iterable[str]:
    """The one served, the officers of the place, the owner, the owners of measures, those attached."""
    yield from access.owner(case.organisation)
    yield from access.place(case.city, case.division, *case.zones)
    yield from access.person(case.owner_person, *case.followers)
    yield from access.unit(case.owner_unit)
    for step in case.steps:
        yield from access.person(step["owner_person"])
        yield from access.unit(step["owner_unit"])
    for each in case.escalations:
        yield from access.unit(each["unit"])


def is_served(case: Case, actor: Actor) -> bool:
    """Tell whether the actor speaks for the organisation that the case serves."""
    return case.organisation is not None and actor.organisation == case.organisation


def answers_for(case: Case, actor: Actor) -> bool:
    """Tell whether the actor owns the case or is an officer of its place: owners of single measures are not."""
    return (
        actor.is_system
        or not actor.roles.isdisjoint({"integration", "auditor"})
        or (case.owner_person is not None and actor.person == case.owner_person)
        or (case.owner_unit is not None and actor.unit == case.owner_unit)
        or (
            not actor.roles.isdisjoint(_OF_A_PLACE)
            and bool({case.city, case.division, *case.zones} & set(actor.areas))
        )
        or is_served(case, actor)
    )


def owns_step(step: Mapping[str, Any], actor: Actor) -> bool:
    """Tell whether the actor is the owner whom a measure names."""
    return (step["owner_person"] is not None and actor.person == step["owner_person"]) or (
        step["owner_unit"] is not None and actor.unit == step["owner_unit"]
    )


def reasons_for(case: Case, verb_name: str, actor: Actor) -> Iterable[Reason]:
    """Say why this actor may not use the verb on this case, where the roles alone do not tell."""
    if actor.is_system:
        return
    if verb_name in ("confirm", "reopen"):
        if case.confirmed_by == "organisation" and not is_served(case, actor):
            yield Reason(
                "confirmed_by_the_served",
                Text(
                    "由被服务单位确认或退回重办。", "The organisation that was served confirms or reopens it."
                ),
            )
        elif case.confirmed_by == "officer" and is_served(case, actor):
            yield Reason("confirmed_by_an_officer", Text("由主管部门确认。", "An officer confirms it."))
    elif verb_name == "escalate" and is_served(case, actor) and case.overdue_since is None:
        yield Reason(
            "not_overdue",
            Text(f"办理期限至 {case.next_due_on}，逾期未办方可要求督办。",
                 f"It is due on {case.next_due_on}; you may escalate it once that day is missed."),
        )  # fmt: skip
    elif verb_name not in ("complete-step", "log-contact", "link-contact") and not answers_for(case, actor):
        yield Reason(
            "not_the_owner",
            Text(
                "仅承办人或属地主管部门可以办理。", "Only its owner or an officer of the place may do this."
            ),
        )
