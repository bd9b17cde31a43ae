"""A ranking is exact, repeatable, and says what decided it."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_bidding.reviews.collusion import signals
from project_bidding.reviews.scoring import (
    Criterion,
    Review,
    Scheme,
    check_marks,
    rank,
    round_half_up,
    score_bid,
)

CRITERIA = (Criterion("innovation", 40), Criterion("feasibility", 35), Criterion("team", 25))
SCHEME = Scheme(CRITERIA)


def flat(expert: str, bid: str, points: int, *, voided: bool = False) -> Review:
    """The same mark, in whole points, on every line."""
    return Review(expert, bid, {line.key: points * 100 for line in CRITERIA}, voided)


def panel(bid: str, *points: int) -> list[Review]:
    return [flat(f"e{number}", bid, value) for number, value in enumerate(points, start=1)]


def test_a_total_weighs_the_lines() -> None:
    review = Review("e1", "甲", {"innovation": 9000, "feasibility": 8000, "team": 7050})
    assert score_bid(SCHEME, [review]).value == Fraction(9000 * 40 + 8000 * 35 + 7050 * 25, 100)


def test_lines_with_different_highest_marks_weigh_as_declared() -> None:
    scheme = Scheme((Criterion("a", 60, highest=60_00), Criterion("b", 40, highest=10_00)))
    assert score_bid(scheme, [Review("e1", "甲", {"a": 60_00, "b": 5_00})]).value == 80_00


def test_six_marks_are_all_counted_and_seven_lose_the_extremes() -> None:
    six = score_bid(SCHEME, panel("甲", 10, 80, 80, 80, 80, 100))
    assert six.value == Fraction(43000, 6)
    assert not six.dropped
    seven = score_bid(SCHEME, panel("甲", 10, 80, 82, 84, 86, 88, 100))
    assert seven.value == 84_00
    assert list(seven.dropped) == ["e1", "e7"]
    assert seven.untrimmed == Fraction(53000, 7)


def test_seven_equal_marks_lose_two_different_sheets() -> None:
    score = score_bid(SCHEME, panel("甲", *[80] * 7))
    assert len(set(score.dropped)) == 2
    assert score.value == 80_00


def test_an_outlier_is_flagged_and_still_counted() -> None:
    score = score_bid(SCHEME, panel("甲", 80, 80, 81, 79, 80, 20))
    assert [outlier.expert for outlier in score.outliers] == ["e6"]
    assert score.value == 70_00
    assert score.outliers_possible


def test_exactly_two_sigma_is_no_outlier_and_five_marks_can_never_have_one() -> None:
    # 4 × 0 and 1 × 100: mean 20, σ = 40, and the lone mark lies at exactly 2σ
    score = score_bid(SCHEME, panel("甲", 0, 0, 0, 0, 100))
    assert score.outliers == ()
    assert not score.outliers_possible


def test_voided_marks_do_not_count_and_change_the_trimming() -> None:
    reviews = panel("甲", 60, 80, 80, 80, 80, 80, 100)
    voided = [*reviews[:-1], flat("e7", "甲", 100, voided=True)]
    assert score_bid(SCHEME, reviews).value == 80_00
    assert score_bid(SCHEME, voided).value == Fraction(46000, 6)


@pytest.mark.parametrize(
    ("marks", "wrong"),
    [
        ({"innovation": 1, "feasibility": 2}, ["team"]),
        ({"innovation": 1, "feasibility": 2, "team": 10_001}, ["team"]),
        ({"innovation": -1, "feasibility": 2, "team": 3}, ["innovation"]),
        ({"innovation": 1, "feasibility": 2, "team": 3, "looks": 4}, ["looks"]),
    ],
)
def test_a_mark_sheet_is_complete_and_in_range(marks: dict[str, int], wrong: list[str]) -> None:
    assert check_marks(SCHEME, marks) == wrong
    with pytest.raises(ValueError, match="incomplete or out of range"):
        score_bid(SCHEME, [Review("e1", "甲", marks)])


def test_an_expert_marks_a_bid_once() -> None:
    with pytest.raises(ValueError, match="once"):
        score_bid(SCHEME, [flat("e1", "甲", 80), flat("e1", "甲", 90)])


@pytest.mark.parametrize(
    "scheme",
    [
        {"criteria": (Criterion("a", 60), Criterion("b", 30))},
        {"criteria": (Criterion("a", 50), Criterion("a", 50))},
        {"criteria": (Criterion("a", 100),), "ties": ("criterion:b",)},
        {"criteria": (Criterion("a", 100),), "trim_from": 2},
        {"criteria": ()},
    ],
)
def test_a_scheme_that_cannot_be_applied_is_refused(scheme: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Scheme(**scheme)  # type: ignore[arg-type]


def test_ranking_and_what_decided_each_place() -> None:
    scheme = Scheme(CRITERIA, ties=("criterion:innovation", "lower_funding"), pass_mark=60_00)
    strong_idea = {"innovation": 9000, "feasibility": 8000, "team": 8000}
    strong_team = {"innovation": 8000, "feasibility": 8000, "team": 9600}
    reviews = [
        Review("e1", "丙", strong_team),
        Review("e1", "甲", strong_idea),
        Review("e1", "乙", strong_idea),
        flat("e1", "丁", 95),
        flat("e1", "戊", 59),
    ]
    ranking = rank(scheme, reviews, funding={"甲": 300, "乙": 200, "丙": 100, "丁": 900, "戊": 1})
    assert [(each.rank, each.score.bid, each.decided_by) for each in ranking.ranks] == [
        (1, "丁", "score"),
        (2, "乙", "score"),
        (3, "甲", "lower_funding"),
        (4, "丙", "criterion:innovation"),
        (None, "戊", "below_pass_mark"),
    ]


def test_equal_bids_share_a_rank_unless_a_lot_was_declared() -> None:
    reviews = [flat("e1", bid, 80) for bid in ("甲", "乙", "丙")] + [flat("e1", "丁", 70)]
    assert [each.rank for each in rank(SCHEME, reviews).ranks] == [1, 1, 1, 4]
    lots = Scheme(CRITERIA, ties=("lot",))
    winners = {rank(lots, reviews, seed=str(seed)).ranks[0].score.bid for seed in range(40)}
    assert winners == {"甲", "乙", "丙"}
    assert rank(lots, reviews, seed="7") == rank(lots, reviews[::-1], seed="7")


def test_published_scores_can_be_made_to_decide() -> None:
    close = [*panel("甲", 80, 80, 81), *panel("乙", 80, 80, 81)]
    close[0] = Review("e1", "甲", {"innovation": 8000, "feasibility": 8000, "team": 8001})
    assert [each.rank for each in rank(SCHEME, close).ranks] == [1, 2]
    assert [each.rank for each in rank(Scheme(CRITERIA, rank_on="published"), close).ranks] == [1, 1]


def test_halves_are_rounded_up() -> None:
    assert [round_half_up(Fraction(n, 2)) for n in range(5)] == [0, 1, 1, 2, 2]


points = st.integers(0, 10_000)
sheets = st.fixed_dictionaries({line.key: points for line in CRITERIA})


@given(st.lists(st.tuples(st.sampled_from("甲乙丙丁"), sheets), min_size=1, max_size=30), st.integers())
def test_a_ranking_does_not_depend_on_the_order_of_marks(
    given_marks: list[tuple[str, dict[str, int]]], seed: int
) -> None:
    reviews = [Review(f"e{number}", bid, marks) for number, (bid, marks) in enumerate(given_marks)]
    shuffled = random.Random(seed).sample(reviews, len(reviews))
    assert rank(SCHEME, reviews) == rank(SCHEME, shuffled)
    for each in rank(SCHEME, reviews).ranks:
        values = each.score.totals.values()
        assert min(values) <= each.score.value <= max(values)


@given(st.lists(sheets, min_size=1, max_size=12), st.integers(0, 11), st.integers(1, 500))
def test_a_better_mark_never_lowers_a_score(marks: list[dict[str, int]], who: int, more: int) -> None:
    reviews = [Review(f"e{number}", "甲", sheet) for number, sheet in enumerate(marks)]
    chosen = who % len(marks)
    better = {key: min(10_000, value + more) for key, value in marks[chosen].items()}
    raised = [Review(r.expert, r.bid, better) if i == chosen else r for i, r in enumerate(reviews)]
    assert score_bid(SCHEME, raised).value >= score_bid(SCHEME, reviews).value


def independent_panel(seed: int) -> list[Review]:
    rng = random.Random(seed)
    return [
        Review(f"e{number}", bid, {line.key: rng.randrange(60, 96) * 100 for line in CRITERIA})
        for number in range(1, 8)
        for bid in ("甲", "乙", "丙", "丁", "戊")
    ]


def test_independent_marks_raise_no_signal() -> None:
    assert signals(independent_panel(4)) == ()
    assert signals([]) == ()


def test_copied_sheets_are_named() -> None:
    reviews = independent_panel(4)
    marks = {review.bid: review.marks for review in reviews if review.expert == "e2"}
    copied = [Review("e6", r.bid, marks[r.bid]) if r.expert == "e6" else r for r in reviews]
    found = signals(copied)
    assert [(signal.kind, signal.experts) for signal in found] == [
        ("identical_sheets", ("e2", "e6")),
        ("high_agreement", ("e2", "e6")),
    ]
    assert found[0].bids == tuple(sorted(marks))
    assert found[1].agreement == 1


def test_one_copied_sheet_is_named_without_calling_the_whole_alike() -> None:
    reviews = independent_panel(4)
    first = next(review for review in reviews if (review.expert, review.bid) == ("e2", "丙"))
    one = [Review("e6", "丙", first.marks) if (r.expert, r.bid) == ("e6", "丙") else r for r in reviews]
    assert [(signal.kind, signal.bids) for signal in signals(one)] == [("identical_sheets", ("丙",))]


def test_a_panel_that_agrees_as_a_whole_raises_no_signal_of_agreement() -> None:
    reviews = [flat(f"e{number}", bid, 80) for number in range(5) for bid in "甲乙丙丁"]
    assert {signal.kind for signal in signals(reviews)} == {"identical_sheets"}


def test_of_equal_scores_the_one_with_more_innovation_points_comes_first() -> None:
    scheme = Scheme(CRITERIA, ties=("points", "lower_funding"))
    marks = [*panel("甲", 80, 80), *panel("乙", 80, 80)]
    asked = {"甲": 100, "乙": 200}
    ranked = rank(scheme, marks, funding=asked, points={"甲": 1000, "乙": 3500}).ranks
    assert [(each.score.bid, each.decided_by) for each in ranked] == [("乙", "score"), ("甲", "points")]
    equal = rank(scheme, marks, funding=asked, points={"甲": 1000, "乙": 1000})
    assert [each.score.bid for each in equal.ranks] == ["甲", "乙"]
    assert equal.digest != rank(scheme, marks, funding=asked, points={"甲": 0, "乙": 0}).digest
