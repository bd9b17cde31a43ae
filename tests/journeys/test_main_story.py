"""The main story with a small synthetic city, through the gateway of a stack of its own."""

import asyncio

import pytest

from kechuang_embedded.demo.load import Size, load_city
from kechuang_embedded.demo.story import Result, Story
from kechuang_embedded.demo.story.teller import Silent
from kechuang_embedded.demo.synthetic import CITIES

SIZE = Size(organisations=30, institutions=9, persons=48, filers=2)
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def told(own_stack) -> Result:
    """The city loaded and the story told, once."""
    stack = own_stack.description
    asyncio.run(load_city(stack, CITIES[0], SIZE, run="journey", told=lambda *_: None))
    return Story(stack, run="journey", teller=Silent()).tell()


def test_every_step_is_told(told: Result) -> None:
    assert [each.name for each in told.steps] == [step.name for step in Story.steps]


def test_every_indicator_equals_the_recount_from_the_owning_service(told: Result) -> None:
    assert told.differences == {}


def test_the_story_counts_what_happened(told: Result) -> None:
    figures = {code: figure for code, (figure, _) in told.counts.items()}
    expected = {
        "organisations_registered": 30 + 9 + 9,
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
