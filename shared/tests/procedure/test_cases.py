"""Cases, the pure part: what binds when, for whom it waits, who may act."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kechuang.access import Actor
from kechuang.calendar import Period
from kechuang_procedure.cases import Case
from kechuang_procedure.cases.domain import UNRESOLVED, machine, reasons_for, sight
from kechuang_procedure.cases.due import (
    earliest,
    is_late,
    last_day,
    numbered,
    reckoned,
    waits,
    with_step_ended,
    with_steps_moved,
)

DAY = date(2024, 3, 1)
AT = datetime(2024, 3, 1, 1, tzinfo=UTC)
CASE = Case(
    id="c", number="EC-2024-000001", state="open", version=1, city="440700", division="440703", zones=(),
    organisation="91440703MATE000L4P", sight=(), handlers=(), external_ids=(), pack="p@1", created_at=AT,
    updated_at=AT, kind="assistance", title="用电", content=None, action=None, confirmed_by="organisation",
    exclusive=False, contacts="none", owner_person=None, owner_unit=None, owner_post=None,
    due_on=DAY + timedelta(days=28), stage_due_on=DAY + timedelta(days=5), next_due_on=None, overdue_since=None,
    steps=(), targets=(), contacted=0, followers=(), escalations=(), evidence=(), basis=(), warnings=(),
    result=None, satisfaction=None, fast_lane_reason=None, opened_on=DAY, resolved_on=None, queue=0,
)  # fmt: skip


def step(due: date | None = None, **more: Any) -> dict[str, Any]:
    """A measure."""
    plain = {"title": "勘察", "owner_person": None, "owner_unit": None}
    return plain | {"due_on": due.isoformat() if due else None} | more


class TestDays:
    def test_the_earliest_of_stage_case_and_open_measures_binds(self) -> None:
        steps = numbered([step(DAY + timedelta(days=2)), step(DAY + timedelta(days=9)), step()])
        stage, due = DAY + timedelta(days=5), DAY + timedelta(days=28)
        assert earliest("assigned", stage, due, steps) == DAY + timedelta(days=2)
        done = with_step_ended(replace(CASE, steps=steps), "1", state="done")
        assert earliest("assigned", stage, due, done) == stage
        assert earliest("in_progress", None, due, done) == DAY + timedelta(days=9)

    def test_a_resolved_case_waits_for_its_confirmation_alone_and_an_ended_one_for_nothing(self) -> None:
        steps = numbered([step(DAY)])
        assert earliest("resolved", DAY + timedelta(days=10), DAY, steps) == DAY + timedelta(days=10)
        assert earliest("confirmed", DAY, DAY, steps) is None
        assert earliest("closed", DAY, DAY, steps) is None

    @pytest.mark.parametrize(
        ("after", "late"), [(0, None), (1, DAY + timedelta(days=1)), (9, DAY + timedelta(days=1))]
    )
    def test_a_day_is_missed_when_it_has_ended(self, after: int, late: date | None) -> None:
        case = replace(CASE, stage_due_on=DAY)
        assert reckoned(case, DAY + timedelta(days=after)) == {"next_due_on": DAY, "overdue_since": late}

    def test_a_measure_is_late_while_it_is_open(self) -> None:
        (late,) = numbered([step(DAY)])
        assert not is_late(late, DAY)
        assert is_late(late, DAY + timedelta(days=1))
        assert not is_late(late | {"state": "dropped"}, DAY + timedelta(days=1))

    def test_the_shortest_period_counts_from_the_day_after(self) -> None:
        assert last_day(DAY, Period(3), Period(20)) == date(2024, 3, 6)  # Friday: Monday is the first day
        assert last_day(DAY, None, None) is None

    def test_only_an_open_measure_is_ended(self) -> None:
        case = replace(CASE, steps=numbered([step(state="done")]))
        with pytest.raises(KeyError):
            with_step_ended(case, "1", state="done")

    def test_open_measures_of_a_former_owner_move_and_no_others(self) -> None:
        steps = numbered([step(owner_person="a", owner_unit="u"), step(owner_person="a", state="done"),
                          step(owner_unit="u"), step()])  # fmt: skip
        new = {"owner_person": "b", "owner_unit": None}
        moved = with_steps_moved(replace(CASE, steps=steps), ("person:a",), new)
        assert [each["owner_person"] for each in moved] == ["b", "a", None, None]


class TestWaiting:
    def test_it_waits_for_the_county_then_its_owner_then_the_one_served(self) -> None:
        assert {verb: wait.sight for verb, wait in waits(CASE).items()} == {"assign": ("place:440703",)}
        owned = replace(CASE, state="assigned", owner_person="a", owner_unit="u")
        assert waits(owned)["start"].sight == ("person:a",)
        assert waits(replace(owned, owner_person=None))["start"].sight == ("unit:u",)
        resolved = replace(owned, state="resolved")
        assert waits(resolved)["confirm"].sight == (f"owner:{CASE.organisation}",)
        assert set(waits(replace(resolved, confirmed_by="nobody"))) == {"close"}
        assert waits(replace(owned, state="closed")) == {}

    def test_measures_wait_for_their_own_owners(self) -> None:
        steps = numbered([step(DAY, owner_unit="survey"), step(owner_person="b"), step(state="done")])
        found = waits(replace(CASE, state="in_progress", owner_unit="u", steps=steps))["complete-step"]
        assert (found.sight, found.due_on) == (("person:b", "unit:survey"), DAY)

    def test_an_unanswered_escalation_asks_the_superior_to_assign(self) -> None:
        up = {"level": 1, "to": "city", "unit": None, "answered": False}
        case = replace(CASE, state="in_progress", owner_unit="u", escalations=[up])
        assert waits(case)["assign"].sight == ("place:440700",)
        assert "assign" not in waits(replace(case, escalations=[up | {"answered": True}]))


class TestWho:
    def test_the_one_served_confirms_and_nobody_else(self) -> None:
        case = replace(CASE, state="resolved")
        officer = Actor("o", frozenset({"county_officer"}), areas=("440703",))
        served = Actor("s", frozenset({"enterprise_clerk"}), organisation=CASE.organisation)
        assert [each.code for each in reasons_for(case, "confirm", officer)] == ["confirmed_by_the_served"]
        assert list(reasons_for(case, "confirm", served)) == []
        by_officer = replace(case, confirmed_by="officer")
        assert [each.code for each in reasons_for(by_officer, "confirm", served)] == [
            "confirmed_by_an_officer"
        ]

    def test_the_owner_of_a_measure_completes_it_and_does_not_resolve_the_case(self) -> None:
        case = replace(CASE, state="in_progress", owner_unit="u", steps=numbered([step(owner_unit="survey")]))
        surveyor = Actor("x", frozenset({"department_officer"}), areas=("440700",), unit="survey")
        assert [each.code for each in reasons_for(case, "resolve", surveyor)] == ["not_the_owner"]
        assert list(reasons_for(case, "complete-step", surveyor)) == []
        assert list(reasons_for(case, "resolve", replace(surveyor, unit="u"))) == []

    def test_the_one_served_escalates_once_a_day_was_missed(self) -> None:
        served = Actor("s", frozenset({"enterprise_clerk"}), organisation=CASE.organisation)
        assert [each.code for each in reasons_for(CASE, "escalate", served)] == ["not_overdue"]
        assert list(reasons_for(replace(CASE, overdue_since=DAY), "escalate", served)) == []

    def test_those_concerned_see_it_and_no_others(self) -> None:
        case = replace(CASE, owner_person="a", followers=["f"], steps=numbered([step(owner_unit="survey")]))
        assert set(sight(case)) == {
            f"owner:{CASE.organisation}", f"party:{CASE.organisation}", "place:440700", "place:440703",
            "person:a", "person:f", "unit:survey",
        }  # fmt: skip


def test_what_decides_names_the_version_that_was_seen() -> None:
    """Two officers at once: of what both may do in the same state, the version decides."""
    verbs = {each.name: each for each in machine("enterprise-cases").verbs}
    assert {name for name, each in verbs.items() if each.decides} == {
        "assign", "extend", "resolve", "confirm", "close"}  # fmt: skip
    assert all(verbs[name].from_ <= {*UNRESOLVED} for name in ("assign", "add-step", "expedite"))
