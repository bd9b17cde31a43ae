"""Ranking by score sheets: exact, repeatable, with stated rules for ties."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from enterprise_registry.selection_rounds.ranking import (
    Line,
    Place,
    Sheet,
    Subject,
    TieRule,
    chosen,
    decimal,
    drawn,
    rank,
    sheet_total,
)

START = datetime(2024, 4, 1, 1, tzinfo=UTC)
LINES = (
    Line("rd_input", "研发投入", "R&D input", Fraction(40)),
    Line("results", "知识产权与成果", "Results", Fraction(60)),
)


def subjects(count: int) -> list[Subject]:
    """Applications a, b, c …, each handed in an hour after the one before."""
    return [Subject(chr(97 + n), f"org-{n}", START + timedelta(hours=n)) for n in range(count)]


def sheet(item: str, rd_input: int, results: int, scorer: str = "one") -> Sheet:
    """A sheet in whole points."""
    return Sheet(item, scorer, {"rd_input": rd_input * 100, "results": results * 100})


def order(places: list[Place]) -> str:
    return "".join(each.subject.item for each in places)


def test_a_total_is_the_weighted_mean_of_lines_and_the_mean_of_sheets() -> None:
    assert sheet_total(LINES, sheet("a", 90, 80)) == 84
    found = rank(
        LINES, subjects(1), [sheet("a", 90, 80), sheet("a", 80, 80, "two"), sheet("a", 80, 81, "three")],
        ties="earlier_submission", lot=None,
    )  # fmt: skip
    assert found[0].total == Fraction(84 + 80, 3) + Fraction(806, 30)
    assert found[0].shown()["sheets"] == {"one": "84.0000", "three": "80.6000", "two": "80.0000"}
    assert found[0].lines == {"rd_input": Fraction(250, 3), "results": Fraction(241, 3)}


def test_totals_are_compared_exactly_and_never_as_shown() -> None:
    """Two totals that look alike with four places are still in order."""
    lines = (Line("only", "一", "one", Fraction(100)),)
    close = [Sheet("a", f"s{n}", {"only": 8000}) for n in range(7)]
    above = [Sheet("b", f"s{n}", {"only": 8000 + (n == 0)}) for n in range(700)]
    found = rank(lines, subjects(2), close + above, ties="earlier_submission", lot=None)
    assert order(found) == "ba"
    assert decimal(found[0].total) == decimal(found[1].total)
    assert found[0].tied_with == ()


TIED = [sheet("a", 80, 80), sheet("b", 95, 70), sheet("c", 65, 90), sheet("d", 10, 10)]


@pytest.mark.parametrize(("ties", "expected"), [("earlier_submission", "abcd"), ("higher_block", "cabd")])
def test_equals_are_put_in_order_by_the_stated_rule(ties: TieRule, expected: str) -> None:
    found = rank(LINES, subjects(4), TIED, ties=ties, lot=None)
    assert order(found) == expected
    assert [each.rank for each in found] == [1, 2, 3, 4]
    first = found[0]
    assert len(first.tied_with) == 2
    assert first.settled_by == ties
    assert found[3].settled_by is None


def test_equal_in_every_block_the_earlier_submission_decides_and_is_named() -> None:
    found = rank(
        LINES, list(reversed(subjects(2))), [sheet("a", 80, 80), sheet("b", 80, 80)],
        ties="higher_block", lot=None,
    )  # fmt: skip
    assert order(found) == "ab"
    assert found[0].settled_by == "earlier_submission"


def test_a_lot_can_be_repeated_by_anybody() -> None:
    found = rank(LINES, subjects(4), TIED, ties="lot", lot="20240612")
    assert order(found)[:3] == "".join(sorted("abc", key=lambda item: drawn("20240612", item)))
    orders = {order(rank(LINES, subjects(4), TIED, ties="lot", lot=str(n))) for n in range(40)}
    assert len(orders) > 3


def test_equals_may_share_a_place_and_the_last_one_with_it() -> None:
    found = rank(LINES, subjects(4), TIED, ties="all_share_last_place", lot=None)
    assert [each.rank for each in found] == [1, 1, 1, 4]
    assert chosen(found, 2, limit=None, pass_mark=None) == ["a", "b", "c"]
    assert chosen(found, 3, limit=3, pass_mark=None) == ["a", "b", "c"]
    # Where a cap leaves two places, nothing orders the three equals: none of them is in.
    assert chosen(found, 2, limit=2, pass_mark=None) == []


def test_places_go_by_rank_and_nobody_below_the_mark_gets_one() -> None:
    found = rank(LINES, subjects(4), TIED, ties="earlier_submission", lot=None)
    assert chosen(found, 2, limit=2, pass_mark=None) == ["a", "b"]
    assert chosen(found, 9, limit=None, pass_mark=Fraction(80)) == ["a", "b", "c"]
    assert chosen(found, 9, limit=None, pass_mark=Fraction(801, 10)) == []
    assert chosen(found, 0, limit=0, pass_mark=None) == []


@pytest.mark.parametrize("ties", ["higher_block", "earlier_submission", "lot", "all_share_last_place"])
def test_the_ranking_follows_from_the_sheets_alone_in_whatever_order_they_come(ties: TieRule) -> None:
    random = Random(11)
    for _ in range(30):
        about = subjects(12)
        given = [
            sheet(each.item, random.randrange(3) * 10, random.randrange(3) * 10, scorer)
            for each in about
            for scorer in ("one", "two")
        ]
        first = rank(LINES, about, given, ties=ties, lot="x")
        random.shuffle(about)
        random.shuffle(given)
        again = rank(LINES, about, given, ties=ties, lot="x")
        assert [(p.subject, p.rank, p.total) for p in first] == [(p.subject, p.rank, p.total) for p in again]
        for better, worse in pairwise(first):
            assert better.total >= worse.total
            assert better.rank <= worse.rank
            if ties != "all_share_last_place":
                assert better.rank + 1 == worse.rank
