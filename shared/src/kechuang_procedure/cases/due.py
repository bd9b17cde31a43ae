"""What of a case is due when, and for whom it waits. A step (措施) is described at `domain.Case`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from kechuang import access
from kechuang.calendar import Period
from kechuang_procedure.calendar import end_of
from kechuang_procedure.cases.domain import LIVE, UNRESOLVED, Case, offices, open_steps, owners
from kechuang_procedure.cases.kinds import Level
from kechuang_procedure.waiting import Wait

_ONE_DAY = timedelta(days=1)
_AWAITED = {
    "open": "assign",
    "reopened": "start",
    "assigned": "start",
    "in_progress": "resolve",
    "resolved": "confirm",
}


def last_day(today: date, *periods: Period | None) -> date | None:
    """Give the end of the shortest of these periods, beginning the day after; None when none limits."""
    return min((end_of(today, each).last_day for each in periods if each is not None), default=None)


def earliest(
    state: str, stage_due_on: date | None, due_on: date | None, steps: Sequence[Mapping[str, Any]]
) -> date | None:
    """Give the earliest day that binds in a state: of the stage, of the case, of an open measure."""
    days = [stage_due_on] if state in LIVE else []
    if state in UNRESOLVED:
        left = (each["due_on"] for each in steps if each["state"] == "open")
        days += [due_on, *(date.fromisoformat(each) for each in left if each)]
    return min((each for each in days if each is not None), default=None)


def reckoned(case: Case, today: date) -> dict[str, Any]:
    """Give `next_due_on` and `overdue_since` as they are on this day; a day is missed when it has ended."""
    day = earliest(case.state, case.stage_due_on, case.due_on, case.steps)
    missed = day is not None and day < today
    return {"next_due_on": day, "overdue_since": day + _ONE_DAY if missed and day is not None else None}


def is_late(step: Mapping[str, Any], today: date) -> bool:
    """Tell whether a measure is overdue."""
    return step["state"] == "open" and bool(step["due_on"]) and date.fromisoformat(step["due_on"]) < today


def waits(case: Case) -> dict[str, Wait]:
    """Say what is awaited of whom: verb → those addressed and the last day.

    While an escalation is unanswered (nobody has assigned it since), its addressee is asked to assign.
    """
    awaited = _AWAITED.get(case.state)
    if awaited is None:
        return {}
    found: dict[str, Wait] = {}
    if awaited == "confirm" and case.confirmed_by == "nobody":
        found["close"] = Wait(owners(case) or offices(case), case.stage_due_on)
    elif awaited == "confirm":
        served = access.owner(case.organisation)[:1] if case.confirmed_by == "organisation" else offices(case)
        found["confirm"] = Wait(served, case.stage_due_on)
    else:
        addressed = offices(case) if awaited == "assign" else owners(case) or offices(case)
        due = case.due_on if awaited == "resolve" else case.stage_due_on
        found[awaited] = Wait(addressed, due)
    left = open_steps(case) if case.state in UNRESOLVED else []
    if left:
        sighted = {token for each in left for token in step_owner(each) or owners(case)}
        days = [date.fromisoformat(each["due_on"]) for each in left if each["due_on"]]
        found["complete-step"] = Wait(tuple(sorted(sighted)), min(days, default=case.due_on))
    pending = [each for each in case.escalations if not each["answered"]]
    if pending and case.state in UNRESOLVED:
        superiors = {
            token for each in pending for token in superior(case, Level(each["to"], unit=each["unit"]))
        }
        before = found.get("assign", Wait((), case.next_due_on))
        found["assign"] = Wait(tuple(sorted({*before.sight, *superiors})), case.next_due_on)
    return found


def superior(case: Case, level: Level) -> tuple[str, ...]:
    """Tokens of those whom an escalation turns to."""
    if level.to == "unit":
        return access.unit(level.unit)
    return access.place(case.division if level.to == "division" else case.city)


def numbered(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give measures with the fields that are not set yet, and an `id` by their place in the list."""
    fresh: dict[str, Any] = {"state": "open", "done_on": None, "result": None, "evidence": []}
    return [{"id": str(n), **fresh, **each} for n, each in enumerate(steps, start=1)]


def with_step_ended(case: Case, step_id: str, **changes: Any) -> list[dict[str, Any]]:
    """Give the measures with an open one changed; KeyError where there is no open one of this id."""
    if all(each["id"] != step_id for each in open_steps(case)):
        raise KeyError(step_id)
    return [dict(each) | (changes if each["id"] == step_id else {}) for each in case.steps]


def step_owner(step: Mapping[str, Any]) -> tuple[str, ...]:
    """Tokens of a measure's own owner; none where the case's answers for it."""
    return access.person(step["owner_person"]) or access.unit(step["owner_unit"])


def with_steps_moved(
    case: Case, former: tuple[str, ...], new: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """Give the measures with the open ones of a former owner handed to a new one."""
    return [
        dict(each) | (dict(new) if each["state"] == "open" and step_owner(each) == former else {})
        for each in case.steps
    ]
