"""Scores, percentiles and groups of portraits, without a database."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enterprise_registry.ladders.vocabulary import span
from enterprise_registry.portraits.engine import Dimension, Indicator, Measure, Model, Sheet, half_up
from enterprise_registry.portraits.population import PeerGroup, Profile, widening
from enterprise_registry.portraits.reading import months_before
from enterprise_registry.portraits.standing import FEWEST_PEERS, Group, percentile, weighted
from kechuang_packs.models.conditions import Bounds
from kechuang_packs.models.facts import Unit

NAME = {"zh": "研发", "en": "R&D"}
LINE = Measure("fact", "rd_share", Unit.ratio, line=(Fraction(0), Fraction(1, 10)))
PEERED = Measure("fact", "operating_revenue", Unit.CNY, percentile=True)


def model(*measures: Measure) -> Model:
    indicators = tuple(
        Indicator(f"i{n}", NAME, 10_000 // len(measures), (each,)) for n, each in enumerate(measures)
    )
    return Model((Dimension("d", NAME, 10_000, indicators),))


def sheet(who: int | str, *readings: tuple[int | None, int | None], known: bool = True) -> Sheet:
    return Sheet(str(who), tuple((each,) for each in readings), known)


@pytest.mark.parametrize(
    ("share", "score"),
    [(Fraction(-1, 2), 0), (Fraction(0), 0), (Fraction(1, 20), 5000), (Fraction(1, 10), 10_000), (Fraction(1), 10_000),
     (Fraction(1, 30), 3333)],
)  # fmt: skip
def test_a_line_is_straight_and_held_at_both_ends(share: Fraction, score: int) -> None:
    assert LINE.score(share) == score


def test_a_line_may_fall() -> None:
    debt = Measure("fact", "debt_ratio", Unit.ratio, line=(Fraction(8, 10), Fraction(4, 10)))
    assert [debt.score(Fraction(n, 10)) for n in (9, 8, 6, 4, 3)] == [0, 0, 5000, 10_000, 10_000]


def test_of_bands_the_first_that_matches_wins_and_none_is_zero() -> None:
    patents = Measure(
        "register", "patent", Unit.item,
        bands=((span(Bounds(at_least=5), Unit.item), 10_000), (span(Bounds(at_least=1), Unit.item), 4000)),
    )  # fmt: skip
    assert [patents.score(n) for n in (0, 1, 4, 5)] == [0, 4000, 4000, 10_000]


def test_what_is_unknown_is_left_out_and_bounded_never_zero() -> None:
    found = weighted([2500, 7500], [8000, None])
    assert (found.value, found.low, found.high, found.coverage) == (8000, 2000, 9500, 2500)
    nothing = weighted([2500, 7500], [None, None])
    assert (nothing.value, nothing.low, nothing.high, nothing.coverage) == (None, 0, 10_000, 0)


@given(st.lists(st.integers(0, 10_000), min_size=6, max_size=30), st.integers(0, 29))
def test_a_percentile_is_the_share_of_the_others_below_with_ties_half(values: list[int], at: int) -> None:
    everybody = sorted(values)
    one = everybody[at % len(everybody)]
    others = list(everybody)
    others.remove(one)
    below = sum(each < one for each in others)
    ties = sum(each == one for each in others)
    assert percentile(one, everybody) == half_up(Fraction(10_000 * (2 * below + ties), 2 * len(others)))


def test_four_others_give_no_percentile_and_five_do() -> None:
    for others, expected in ((FEWEST_PEERS - 1, None), (FEWEST_PEERS, 10_000)):
        sheets = [sheet(n, (n * 1000, None)) for n in range(others)]
        place = Group(model(LINE), [*sheets, sheet("我", (9999, None))]).standing("我").total
        assert place.percentile == expected
        assert (place.median is None) == (expected is None)


def test_the_median_is_of_the_others_alone() -> None:
    sheets = [sheet(n, (score, None)) for n, score in enumerate((1000, 2000, 3000, 4000, 5000))]
    assert Group(model(LINE), [*sheets, sheet("我", (10_000, None))]).standing("我").total.median == 3000
    six = [*sheets, sheet("六", (6000, None))]
    assert Group(model(LINE), [*six, sheet("我", (0, None))]).standing("我").total.median == 3500


def test_an_indicator_by_percentile_is_scored_within_the_group_or_says_so() -> None:
    sheets = [sheet(n, (None, n * 100)) for n in range(6)]
    standing = Group(model(PEERED), sheets).standing("5")
    assert standing.indicators == (10_000,)
    few = Group(model(PEERED), sheets[:5]).standing("4")
    assert few.indicators == (None,)


def test_who_has_filed_nothing_is_no_peer_and_has_none() -> None:
    sheets = [sheet(n, (n * 1000, None)) for n in range(6)]
    nobody = sheet("空", (None, None), known=False)
    with_nobody = Group(model(LINE), [*sheets, nobody])
    assert with_nobody.standing("空").total.percentile is None
    assert with_nobody.standing("5") == Group(model(LINE), sheets).standing("5")


def test_the_order_of_the_peers_changes_nothing() -> None:
    sheets = [sheet(n, (Random(n).randrange(10_001), None), (None, n % 3)) for n in range(20)]
    shuffled = list(sheets)
    Random(7).shuffle(shuffled)
    one, other = Group(model(LINE, PEERED), sheets), Group(model(LINE, PEERED), shuffled)
    assert all(one.standing(each.organisation) == other.standing(each.organisation) for each in sheets)


FIRM = Profile("id", "91", "OR-1", "甲", "active", "enterprise", "440700", "440703", (), "C3411", "small", {})


def test_a_group_widens_step_by_step_and_only_by_what_is_known() -> None:
    city = PeerGroup("440700")
    assert widening(FIRM) == [
        PeerGroup("440700", "34", "small"), PeerGroup("440700", "34"), PeerGroup("440700", None, "small"), city
    ]  # fmt: skip
    assert widening(replace(FIRM, industry=None)) == [PeerGroup("440700", None, "small"), city]
    assert widening(replace(FIRM, industry=None, scale=None)) == [city]
    assert PeerGroup("440700", "34").holds(FIRM)
    assert not PeerGroup("440700", "34").holds(replace(FIRM, state="suspended"))


def test_months_end_where_the_calendar_does() -> None:
    assert months_before(date(2024, 3, 31), 1) == date(2024, 2, 29)
    assert months_before(date(2024, 1, 15), 36) == date(2021, 1, 15)
