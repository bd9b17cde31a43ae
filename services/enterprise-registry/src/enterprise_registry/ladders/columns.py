"""Runs a compiled rule over many organisations at once (numpy columns); equal to `assess` case by case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.conditions import (
    BandedThreshold,
    CompiledRule,
    FactTest,
    Group,
    HoldsTest,
    JudgedTest,
    Part,
    ScoreTest,
)
from enterprise_registry.ladders.factbase import FactRef
from enterprise_registry.ladders.results import Result
from enterprise_registry.ladders.vocabulary import RATES, Span, Vocabulary
from kechuang_packs.columns import BY_ZERO, KNOWN, MISSING, Column, compare, constant, evaluate, select
from kechuang_packs.models.conditions import Comparator, Occasion
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import PPM
from kechuang_packs.scalar import Value

Codes = NDArray[np.int8]
"""`Result` as int8, one for each organisation."""
Mask = NDArray[np.bool_]


@dataclass
class FactColumns:
    """Facts of many organisations on one day.

    filed: for each fact and year the stored values (int64, bool or object codes; dates as ordinals) and the mask of
    those that are there. held: canonical node name → who holds it on the day.
    """

    vocabulary: Vocabulary
    on: dt.date
    size: int
    filed: Mapping[FactRef, tuple[NDArray[Any], Mask]]
    held: Mapping[str, Mask] = field(default_factory=dict)
    _cache: dict[tuple[str, int], Column] = field(default_factory=dict)

    def lookup(self, key: str, years_ago: int) -> Column:
        """The column of a fact for that year, computed once."""
        fact = self.vocabulary[key]
        where = (fact.key, years_ago if fact.yearly or fact.expr or fact.table else 0)
        if where not in self._cache:
            self._cache[where] = self._lookup(fact.key, years_ago)
        return self._cache[where]

    def _lookup(self, key: str, years_ago: int) -> Column:
        fact = self.vocabulary[key]
        if fact.expr is not None:
            column = evaluate(fact.expr, self, years_ago)
            if fact.on_zero != "zero":
                return column
            zero = column.state == BY_ZERO
            filled = select(zero, constant(0, self.size), column)
            return Column(filled.values, np.where(zero, KNOWN, column.state).astype(np.int8), filled.divisor)
        if fact.table is not None:
            return self._classify(key, years_ago)
        found = self.filed.get((key, self.on.year - years_ago if fact.yearly else None))
        if found is None:
            empty: NDArray[Any] = np.zeros(self.size, bool if fact.unit is Unit.flag else np.int64)
            if fact.unit is Unit.code:
                empty = np.full(self.size, "", object)
            return Column(empty, np.zeros(self.size, np.int8))
        values, there = found
        state = np.where(there, KNOWN, MISSING).astype(np.int8)
        return Column(values, state, np.full(self.size, PPM, np.int64) if fact.unit in RATES else None)

    def _classify(self, key: str, years_ago: int) -> Column:
        table = self.vocabulary[key].table
        assert table is not None
        by = self.lookup(table.by, years_ago)
        values = np.full(self.size, table.otherwise, object)
        state = np.zeros(self.size, np.int8)
        for code, classes in table.rows.items():
            rows = by.known & (by.values == code)
            if not rows.any():
                continue
            used = {name: self.lookup(name, years_ago) for _, lower in classes for name, _ in lower}
            known = np.logical_and.reduce([column.known for column in used.values()])
            state[rows & known] = KNOWN
            open_ = rows & known
            for name, lower in classes:
                reached = np.logical_and.reduce([used[one].values >= limit for one, limit in lower])
                values[open_ & reached] = name
                open_ &= ~reached
        return Column(values, state)


def assess_columns(rule: CompiledRule, facts: FactColumns, occasion: str = "first") -> Codes:
    """The result of the rule for every organisation."""
    vetoes: list[Codes] = []
    result = _part(rule.root, facts, Occasion(occasion), vetoes)
    for veto in vetoes:
        result = np.where(veto == Result.unmet, Result.unmet, result).astype(np.int8)
    return result


def _part(part: Part, facts: FactColumns, occasion: Occasion, vetoes: list[Codes]) -> Codes:
    if part.applies_to not in (Occasion.both, occasion):
        return _full(facts.size, Result.not_applicable)
    found = _test(part, facts, occasion, vetoes)
    if part.waived_by is not None:
        waiver = _part(part.waived_by, facts, occasion, [])
        found = np.where(found == Result.not_applicable, found, np.maximum(found, waiver)).astype(np.int8)
    if part.veto:
        vetoes.append(found)
    return found


def _test(part: Part, facts: FactColumns, occasion: Occasion, vetoes: list[Codes]) -> Codes:
    match part.test:
        case Group(n=n, parts=parts):
            return _at_least(n, np.stack([_part(child, facts, occasion, vetoes) for child in parts]))
        case HoldsTest(nodes=nodes, negate=negate):
            holds = np.zeros(facts.size, bool)
            for node in nodes & facts.held.keys():
                holds |= facts.held[node]
            return _code(holds != negate)
        case JudgedTest() as test:
            value = facts.lookup(test.fact, 1)
            met = _compare(test.comparator, value, test.threshold, facts.size)
            return np.where(value.known, _code(met), Result.manual_review).astype(np.int8)
        case ScoreTest() as test:
            from enterprise_registry.ladders.score_columns import score_columns

            return score_columns(test, facts)
        case FactTest() as test:
            return _fact(test, facts)


def _fact(test: FactTest, facts: FactColumns) -> Codes:
    years = test.years_ago if facts.vocabulary[test.fact].yearly else test.years_ago[:1]
    results = np.stack([_observe(test, facts, ago) for ago in years])
    return np.asarray(results.min(axis=0) if test.every_year else results.max(axis=0), np.int8)


def _observe(test: FactTest, facts: FactColumns, years_ago: int) -> Codes:
    value = facts.lookup(test.fact, years_ago)
    if not isinstance(test.threshold, BandedThreshold):
        met = _compare(test.comparator, value, test.threshold, facts.size)
        return np.where(value.known, _code(met), Result.unknown).astype(np.int8)
    by = facts.lookup(test.threshold.by, years_ago)
    result = _full(facts.size, Result.not_applicable)
    open_ = by.known.copy()
    for span, limit in test.threshold.bands:
        inside = open_ & within(span, by)
        met = _compare(test.comparator, value, limit, facts.size)
        result[inside] = np.where(value.known, _code(met), Result.unknown)[inside]
        open_ &= ~inside
    result[~by.known] = Result.unknown
    return result


def within(span: Span, column: Column) -> Mask:
    """Which values lie in the span; false where nothing is known."""
    size = len(column.state)
    if span.code is not None:
        wanted: Any = span.code == "true" if column.values.dtype == bool else span.code
        if column.values.dtype == bool and span.code not in ("true", "false"):
            return np.zeros(size, bool)
        return np.asarray(column.known & (column.values == wanted), bool)
    inside = column.known.copy()
    if span.low is not None:
        inside &= compare(">" if span.low_open else ">=", column, _constant(span.low, size)).values
    if span.high is not None:
        inside &= compare("<" if span.high_open else "<=", column, _constant(span.high, size)).values
    return inside


def _compare(
    comparator: Comparator, column: Column, threshold: Value | frozenset[str] | None, size: int
) -> Mask:
    match comparator:
        case Comparator.is_true:
            return column.values.astype(bool)
        case Comparator.is_false:
            return ~column.values.astype(bool)
        case Comparator.in_ | Comparator.not_in:
            codes = threshold if isinstance(threshold, frozenset) else {str(threshold)}
            inside = np.logical_or.reduce([column.values == code for code in codes])
            return np.asarray(inside if comparator is Comparator.in_ else ~inside, bool)
        case _ if isinstance(threshold, str):
            same = np.asarray(column.values == threshold, bool)
            return same if comparator is Comparator.eq else ~same
        case _:
            assert isinstance(threshold, int | Fraction)
            return compare(comparator.value, column, _constant(threshold, size)).values


def _constant(value: Value, size: int) -> Column:
    assert isinstance(value, int | Fraction)
    return constant(value.numerator, size, value.denominator)


def _at_least(n: int | None, results: NDArray[np.int8]) -> Codes:
    """The n-th best of each column, parts that do not apply left out."""
    applying = (results != Result.not_applicable).sum(axis=0)
    ordered = -np.sort(-results, axis=0)
    wanted = applying if n is None else np.full(results.shape[1], n)
    rank = np.clip(wanted - 1, 0, len(results) - 1)
    picked = np.take_along_axis(ordered, rank[np.newaxis], axis=0)[0]
    return np.where(
        applying == 0, Result.not_applicable, np.where(wanted > applying, Result.unmet, picked)
    ).astype(np.int8)


def _code(met: Mask) -> Codes:
    return np.where(met, Result.met, Result.unmet).astype(np.int8)


def _full(size: int, result: Result) -> Codes:
    return np.full(size, result, np.int8)
