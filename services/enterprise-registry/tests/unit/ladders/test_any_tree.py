"""Both evaluators agree on conditions that nobody has written yet: trees made at random, with vetoes and waivers."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from enterprise_registry.ladders.assess import OccasionName, assess
from enterprise_registry.ladders.columns import Trace, assess_columns
from enterprise_registry.ladders.conditions import (
    BandedThreshold,
    CompiledRule,
    FactTest,
    Group,
    HoldsTest,
    JudgedTest,
    Part,
    Source,
)
from enterprise_registry.ladders.deciding import deciding_columns, deciding_leaf
from enterprise_registry.ladders.fact_columns import FactColumns
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.results import Result
from enterprise_registry.ladders.tables import fact_columns
from enterprise_registry.ladders.vocabulary import Fact, Span, Vocabulary
from kechuang_packs.expressions import parse
from kechuang_packs.models.conditions import Comparator, Occasion
from kechuang_packs.models.facts import PeriodKind, Unit

ON = dt.date(2026, 6, 1)
WORDS = Vocabulary(
    {
        "staff": Fact("staff", Unit.person, PeriodKind.year),
        "revenue": Fact("revenue", Unit.CNY, PeriodKind.year),
        "rd": Fact("rd", Unit.CNY, PeriodKind.year),
        "share": Fact("share", Unit.ratio, PeriodKind.year, expr=parse("sum(rd, 2) / sum(revenue, 2)")),
        "listed": Fact("listed", Unit.flag, PeriodKind.instant),
        "view": Fact("view", Unit.flag, PeriodKind.instant),
    },
    {},
)
FILED = [(key, year) for key in ("staff", "revenue", "rd") for year in (2023, 2024, 2025)] + [
    ("listed", None), ("view", None)
]  # fmt: skip
NODES = ("a/one", "a/two", "a/three")
ORDERED = (Comparator.ge, Comparator.gt, Comparator.le, Comparator.lt, Comparator.eq, Comparator.ne)
small = st.integers(0, 3)


def _fact(key: str, unit: Unit, threshold: st.SearchStrategy[object]) -> st.SearchStrategy[FactTest]:
    years = st.sampled_from([(1,), (2,), (1, 2)])
    return st.builds(
        lambda op, limit, ago, every: FactTest(key, unit, op, limit, str(limit), ago, every),
        st.sampled_from(ORDERED), threshold, years, st.booleans(),
    )  # fmt: skip


RATE = st.fractions(0, 1, max_denominator=4)
BANDED = st.builds(
    lambda cut, low, high: BandedThreshold("staff", ((Span(high=cut), low), (Span(low=cut, high=3), high))),
    small, RATE, RATE,
)  # fmt: skip
LEAVES = st.one_of(
    _fact("staff", Unit.person, small),
    _fact("revenue", Unit.CNY, small),
    _fact("share", Unit.ratio, RATE),
    _fact("share", Unit.ratio, BANDED),
    st.builds(
        lambda op: FactTest("listed", Unit.flag, op, None, "", (0,), True),
        st.sampled_from([Comparator.is_true, Comparator.is_false]),
    ),
    st.builds(HoldsTest, st.frozensets(st.sampled_from(NODES), min_size=1), st.booleans()),
    st.just(JudgedTest("view", Unit.flag, Comparator.is_true, None, "")),
)


def _part(test: st.SearchStrategy[object], waiver: st.SearchStrategy[Part | None]) -> st.SearchStrategy[Part]:
    return st.builds(
        lambda test, number, occasion, veto, waived: Part(
            test, Source(f"n{number}", None, (), None, None, policy=True), occasion, veto, waived
        ),
        test, st.integers(0, 10**9), st.sampled_from([Occasion.both, Occasion.both, Occasion.first, Occasion.review]),
        st.booleans(), waiver,
    )  # fmt: skip


def _groups(below: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    children = st.lists(below, min_size=1, max_size=3)
    group = children.flatmap(
        lambda parts: st.builds(
            lambda n: Group(n, tuple(parts)), st.one_of(st.none(), st.integers(1, len(parts)))
        )
    )
    return _part(group, st.one_of(st.none(), below))


TREES = st.recursive(_part(LEAVES, st.none()), _groups, max_leaves=8)
ROWS = st.lists(
    st.tuples(
        st.fixed_dictionaries(
            {
                ref: st.one_of(st.none(), st.booleans() if ref[1] is None else small)
                for ref in FILED
            }
        ),
        st.frozensets(st.sampled_from(NODES)),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip
OCCASIONS = st.sampled_from(["first", "review"])


def _rule(root: Part) -> CompiledRule:
    return CompiledRule("any", "1", "any", "1", None, root, WORDS)


def _filed(drawn: dict[FactRef, int | bool | None]) -> dict[FactRef, Filed]:
    return {ref: Filed(value) for ref, value in drawn.items() if value is not None}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(TREES, ROWS, OCCASIONS)
def test_no_tree_differs(
    root: Part, drawn: list[tuple[dict[FactRef, int | bool | None], frozenset[str]]], occasion: OccasionName
) -> None:
    rule = _rule(root)
    rows = [_filed(each) for each, _ in drawn]
    held = [mine for _, mine in drawn]
    masks = {node: np.array([node in mine for mine in held]) for node in NODES}
    table = FactColumns(WORDS, ON, len(rows), fact_columns(WORDS, rows, len(rows)), masks)
    trace: Trace = {}
    many = assess_columns(rule, table, occasion, trace)
    one = [
        assess(rule, FactBase(WORDS, ON, row), mine, ON, occasion)
        for row, mine in zip(rows, held, strict=True)
    ]
    assert many.tolist() == [int(each.result) for each in one]
    places, ids = deciding_columns(rule, many, trace, np.arange(len(rows)))
    assert [ids[place] for place in places] == [deciding_leaf(each) for each in one]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TREES, ROWS, OCCASIONS)
def test_what_is_decided_without_a_fact_stays_so_whatever_the_fact_is(
    root: Part, drawn: list[tuple[dict[FactRef, int | bool | None], frozenset[str]]], occasion: OccasionName
) -> None:
    """Unknown is honest: filling in what was unknown never turns met into unmet, nor unmet into met."""
    rule = _rule(root)
    for facts, held in drawn:
        before = assess(rule, FactBase(WORDS, ON, _filed(facts)), held, ON, occasion).result
        if before not in (Result.met, Result.unmet):
            continue
        for value in (0, 1, 3):
            full = {
                ref: Filed(given if given is not None else bool(value) if ref[1] is None else value)
                for ref, given in facts.items()
            }
            after = assess(rule, FactBase(WORDS, ON, full), held, ON, occasion).result
            assert after in (before, Result.not_applicable), (before, after)


def test_a_rate_is_compared_exactly() -> None:
    third = FactTest("share", Unit.ratio, Comparator.ge, Fraction(1, 3), "1/3", (1,), every_year=True)
    rule = _rule(
        Part(third, Source("x", None, (), None, None, policy=True), Occasion.both, veto=False, waived_by=None)
    )
    facts: dict[FactRef, Filed] = {
        ("rd", 2025): Filed(10**17), ("rd", 2024): Filed(0), ("revenue", 2025): Filed(3 * 10**17), ("revenue", 2024): Filed(0)
    }  # fmt: skip
    assert assess(rule, FactBase(WORDS, ON, facts), (), ON).result is Result.met
    less = facts | {("rd", 2025): Filed(10**17 - 1)}
    assert assess(rule, FactBase(WORDS, ON, less), (), ON).result is Result.unmet
    table = FactColumns(WORDS, ON, 2, fact_columns(WORDS, [facts, less], 2), {})
    assert assess_columns(rule, table).tolist() == [int(Result.met), int(Result.unmet)]
