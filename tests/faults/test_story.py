"""The main story through the gateway, while every engine and every service is killed, one after another.

What a calm story must show, this one must show too; the calm one is what `make demo` tells.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from kechuang_embedded.demo.client import Act
from kechuang_embedded.demo.load import Size, load_city
from kechuang_embedded.demo.story import Result, Story
from kechuang_embedded.demo.story.teller import Silent
from kechuang_embedded.demo.synthetic import CITIES
from kechuang_embedded.services import SERVICES
from kechuang_embedded.testing_stack import WholeStack

pytestmark = pytest.mark.timeout(600)
SIZE = Size(organisations=12, institutions=9, persons=48, filers=2)


def victims(stack: WholeStack) -> Iterator[list[str]]:
    """Engines, then each service's apis and each service's workers: all copies of one at once."""
    yield from (["nats"], ["postgres"], ["gateway"])
    for service in SERVICES:
        for part in ("api", "worker"):
            if copies := [each for each in stack.programs if each.startswith(f"{service.name}-{part}-")]:
                yield copies


class Killer(Silent):
    """Listens to the story and kills: every third step before it begins or after its first act."""

    def __init__(self, stack: WholeStack) -> None:
        self._stack = stack
        self._left = list(victims(stack))
        self._due = False
        self.killed: list[str] = []

    @property
    def is_done(self) -> bool:
        return not self._left

    def begin(self, number: int, of: int, title: Any) -> None:
        if number % 3 == 0:
            self._due = True
            if number % 2 == 0:
                self._kill()

    def act(self, act: Act) -> None:
        if self._due:
            self._kill()

    def _kill(self) -> None:
        self._due = False
        if self.killed:
            self._stack.await_back(*self.killed[-1:])
        if self._left:
            for program in self._left.pop(0):
                self._stack.kill(program)
                self.killed.append(program)

    def await_all(self) -> None:
        self._stack.await_back(*self.killed)


@pytest.fixture(scope="module")
def told(stack: WholeStack) -> Result:
    """The city loaded and the story told under fire, once."""
    described = stack.described
    asyncio.run(load_city(described, CITIES[0], SIZE, run="city", told=lambda *_: None))
    killer = Killer(stack)
    story = Story(described, run="faults", teller=killer, patience=120)
    with story.api:
        story.begin()
        for step in story.steps:
            story.tell_step(step)
        killer.await_all()
        result = story.end()
    assert killer.is_done, "every victim had its turn"
    return result


def test_no_event_was_given_up(told: Result, books: Any) -> None:
    assert told.steps
    assert asyncio.run(books.dead_letters()) == 0


def test_every_step_is_told(told: Result) -> None:
    assert [each.name for each in told.steps] == [step.name for step in Story.steps]


def test_every_indicator_equals_the_recount_from_the_owning_service(told: Result) -> None:
    assert told.differences == {}


def test_the_story_counts_what_happened(told: Result) -> None:
    figures = {code: figure for code, (figure, _) in told.counts.items()}
    expected = {
        "organisations_registered": 12 + 9 + 9,
        "filings_verified": 2 * 3 + 3,
        "tech_micro_stock": 1,
        "needs_filed": 2,
        "needs_resolved": 2,
        "technical_problems_solved": 2,
        "dispatches_active": 1,
        "persons_dispatched": 1,
        "person_times_dispatched": 1,
        "calls_published": 1,
        "awards_decided": 1,
        "contracts_signed": 1,
        "contracts_accepted": 1,
        "fiscal_money_released": 600_000,
    }
    assert {code: figures[code] for code in expected} == {code: str(n) for code, n in expected.items()}


@pytest.mark.parametrize(
    ("step", "event", "indicator"),
    [
        ("county-verifies", "organisation.registered", "organisations_registered"),
        ("county-verifies-filings", "filing.verified", "filings_verified"),
        ("is-recognised", "recognition.decided", "tech_micro_stock"),
        ("province-answers", "recognition.decided", "hnte_stock"),
        ("files-need", "technical-need.submitted", "needs_filed"),
        ("is-dispatched", "dispatch.activated", "persons_dispatched"),
        ("need-is-resolved", "technical-need.confirmed", "technical_problems_solved"),
        ("is-published", "call.published", "calls_published"),
        ("is-awarded", "award.decided", "awards_decided"),
        ("task-book-is-signed", "contract.signed", "contracts_signed"),
        ("is-accepted", "contract.accepted", "contracts_accepted"),
        ("first-money", "tranche.released", "fiscal_money_released"),
    ],
)
def test_each_act_is_followed_by_its_event_and_moves_its_indicator(
    told: Result, step: str, event: str, indicator: str
) -> None:
    found = next(each for each in told.steps if each.name == step)
    assert event in found.events
    assert indicator in found.moved


def test_while_bids_are_sealed_the_officer_of_the_call_sees_none(told: Result) -> None:
    assert told.memory["seen_while_sealed"] == 0
    assert told.memory["opened"] == 3


def test_the_quarter_shows_what_fell_into_it(told: Result) -> None:
    quarter = told.memory["quarter"]
    # Published in March, so of the first quarter; awarded, signed, paid and accepted in the second.
    assert quarter["calls_published"] == "0"
    assert quarter["awards_decided"] == quarter["contracts_accepted"] == "1"
    assert quarter["fiscal_money_released"] == "600000"
