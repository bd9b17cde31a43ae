"""Targets judged: golden cases of every comparator, and the light."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from indicators.progress.judging import COMPARATOR_LABELS, Known, Verdict, judge, light
from kechuang_packs.models.indicators import Target, TargetComparator


def target(comparator: str, value: Any = None, **more: Any) -> Target:
    return Target.model_validate(
        {"code": "t", "indicator": "i", "comparator": comparator, "value": value, "deadline": "2025-12-31",
         "clause": ["二"], **more}
    )  # fmt: skip


GOLDEN = [
    # comparator, target's numbers, value, value of the year before, state
    (">=", {"value": 1000}, "1000", None, "met"),
    (">=", {"value": "2.5"}, "2.49", None, "not_met"),
    (">", {"value": 15}, "15", None, "not_met"),
    (">", {"value": 15}, "15.01", None, "met"),
    ("count", {"value": 720}, "720", None, "met"),
    ("count", {"value": 720}, "719", None, "not_met"),
    ("range", {"value": 1, "value_max": 3}, "0", None, "not_met"),
    ("range", {"value": 1, "value_max": 3}, "2", None, "met"),
    ("range", {"value": 1, "value_max": 3}, "9", None, "met"),
    ("approx", {"value": 10}, "9", None, "met"),
    ("approx", {"value": 10}, "8.9", None, "not_met"),
    ("growth>=", {"value": 8}, "108", "100", "met"),
    ("growth>=", {"value": 8}, "107.99", "100", "not_met"),
    ("growth>=", {"value": 8}, "108", None, "cannot_tell"),
    ("growth>=", {"value": 8}, "108", "0", "cannot_tell"),
    ("increase_pp>=", {"value": 5, "baseline": 12}, "17", None, "met"),
    ("increase_pp>=", {"value": 5, "baseline": 12}, "16.9", None, "not_met"),
    ("increase_pp>=", {"value": 5}, "17", None, "cannot_tell"),
    ("rank<=", {"value": 50}, "50", None, "met"),
    ("rank<=", {"value": 50}, "51", None, "not_met"),
    ("benchmark>=", {"value": 1}, "1.02", None, "met"),
    ("benchmark>=", {"value": 1}, "0.98", None, "not_met"),
    ("floor_and_stretch", {"value": 5, "stretch": 6}, "5", None, "met"),
    ("floor_and_stretch", {"value": 5, "stretch": 6}, "4", None, "not_met"),
    ("maintain", {"value": 126, "baseline": 126}, "126", None, "met"),
    ("maintain", {"value": 126, "baseline": 126}, "125", None, "not_met"),
    ("rank_improves", {}, "61", "63", "met"),
    ("rank_improves", {}, "63", "63", "not_met"),
    ("breakthrough", {}, "1", None, "met"),
    ("breakthrough", {}, "0", None, "not_met"),
    ("increases", {}, "41", "40", "met"),
    ("increases", {}, "40", "40", "not_met"),
    ("increases", {}, "40", None, "cannot_tell"),
    ("full_coverage", {}, "100", None, "met"),
    ("full_coverage", {}, "99.9", None, "not_met"),
]


@pytest.mark.parametrize(("comparator", "numbers", "value", "before", "state"), GOLDEN)
def test_a_target_is_judged(
    comparator: str, numbers: dict[str, Any], value: str, before: str | None, state: str
) -> None:
    known = Known(Fraction(value), before=Fraction(before) if before is not None else None)
    assert judge(target(comparator, **numbers), known).state == state


@pytest.mark.parametrize("comparator", [each.value for each in TargetComparator])
def test_every_comparator_has_a_case_a_label_and_cannot_tell_without_a_value(comparator: str) -> None:
    assert comparator in {each[0] for each in GOLDEN}
    assert comparator in COMPARATOR_LABELS
    numbers: Any = next(each[1] for each in GOLDEN if each[0] == comparator)
    assert judge(target(comparator, **numbers), Known(None)).state == "cannot_tell"


def test_an_indicator_that_is_a_growth_is_compared_itself() -> None:
    assert judge(target("growth>=", 8), Known(Fraction(9), is_growth=True)).state == "met"
    assert judge(target("increase_pp>=", 5), Known(Fraction(5), is_growth=True)).state == "met"


def test_a_stretch_is_told_apart_from_the_floor() -> None:
    aim = target("floor_and_stretch", 5, stretch=6)
    assert [judge(aim, Known(Fraction(each))).stretch_met for each in (4, 5, 6)] == [False, False, True]


def test_what_is_missing_is_said_as_a_distance() -> None:
    assert judge(target("count", 720), Known(Fraction(700))).distance == 20
    assert judge(target("rank<=", 50), Known(Fraction(53))).distance == 3


@pytest.mark.parametrize(
    ("value", "today", "expected"),
    [
        (500, date(2024, 6, 30), "green"),  # half of the time, half of the way
        (401, date(2024, 6, 30), "yellow"),
        (390, date(2024, 6, 30), "red"),
        (999, date(2025, 1, 1), "red"),  # after the deadline only met is green
    ],
)
def test_the_light_follows_the_elapsed_time(value: int, today: date, expected: str) -> None:
    verdict = Verdict("not_met", Fraction(value))
    found = light(
        verdict, aim=Fraction(1000), start=date(2024, 1, 1), deadline=date(2024, 12, 31), today=today
    )
    assert found == expected


def test_what_only_warns_is_never_red_and_what_cannot_be_told_is_grey() -> None:
    times: dict[str, Any] = {
        "start": date(2024, 1, 1),
        "deadline": date(2024, 12, 31),
        "today": date(2024, 12, 1),
    }
    assert light(Verdict("not_met", Fraction(0), warns_only=True), aim=Fraction(10), **times) == "yellow"
    assert light(Verdict("cannot_tell"), aim=Fraction(10), **times) == "grey"


@pytest.mark.parametrize(
    ("rank", "expected"), [(48, "green"), (50, "green"), (63, "red"), (62, "yellow"), (500, "red")]
)
def test_a_worse_rank_gives_no_better_light(rank: int, expected: str) -> None:
    verdict = judge(target("rank<=", 50), Known(Fraction(rank)))
    found = light(
        verdict, aim=Fraction(50), start=date(2024, 1, 1), deadline=date(2027, 12, 31), today=date(2024, 1, 2)
    )
    assert found == expected
