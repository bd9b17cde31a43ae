"""Runs a compiled rule over many organisations at once (numpy columns); equal to `assess` case by case."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

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
from enterprise_registry.ladders.fact_columns import Codes, FactColumns, Mask
from enterprise_registry.ladders.results import Result
from enterprise_registry.ladders.vocabulary import Span
from kechuang_packs.columns import (
    Column,
    compare,
    constant,
)
from kechuang_packs.models.conditions import Comparator, Occasion
from kechuang_packs.scalar import Value

Trace = dict[int, Codes]
"""The results of parts by `id(part)`, for those who ask afterwards what decided."""

UNMET, UNKNOWN, MANUAL, MET, NOT_APPLICABLE = (
    np.int8(each)
    for each in (Result.unmet, Result.unknown, Result.manual_review, Result.met, Result.not_applicable)
)


def assess_columns(
    rule: CompiledRule, facts: FactColumns, occasion: str = "first", trace: Trace | None = None
) -> Codes:
    """The result of the rule for every organisation. `trace` is filled with the results of all parts."""
    run = _Run(facts, Occasion(occasion), trace)
    result = run.part(rule.root)
    return _at_least(None, [result, *run.vetoes])


class _Run:
    """One rule over one table."""

    def __init__(self, facts: FactColumns, occasion: Occasion, trace: Trace | None) -> None:
        self._facts, self._occasion, self._trace = facts, occasion, trace
        self.vetoes: list[Codes] = []
        self._in_waiver = False

    def part(self, part: Part) -> Codes:
        found = self._found(part)
        if self._trace is not None:
            self._trace[id(part)] = found
        return found

    def _found(self, part: Part) -> Codes:
        if part.applies_to not in (Occasion.both, self._occasion):
            return np.full(self._facts.size, NOT_APPLICABLE)
        found = self._test(part)
        if part.waived_by is not None:
            outer, self._in_waiver = self._in_waiver, True
            waiver = self.part(part.waived_by)
            self._in_waiver = outer
            found = np.where(found == NOT_APPLICABLE, found, np.maximum(found, waiver))
        if part.veto and not self._in_waiver:
            self.vetoes.append(found)
        return found

    def _test(self, part: Part) -> Codes:
        match part.test:
            case Group(n=n, parts=parts):
                return _at_least(n, [self.part(child) for child in parts])
            case HoldsTest(nodes=nodes, negate=negate):
                holds = np.zeros(self._facts.size, bool)
                for node in nodes & self._facts.held.keys():
                    holds = holds | self._facts.held[node]
                return _code(holds != negate)
            case JudgedTest() | ScoreTest() | FactTest() as test:
                leaves = self._facts.leaves
                if test not in leaves:
                    leaves[test] = _leaf(test, self._facts)
                return leaves[test]


def _leaf(test: JudgedTest | ScoreTest | FactTest, facts: FactColumns) -> Codes:
    match test:
        case JudgedTest():
            value = facts.lookup(test.fact, 1)
            return _decided(value, _compare(test.comparator, value, test.threshold), MANUAL)
        case ScoreTest():
            from enterprise_registry.ladders.score_columns import score_columns

            return score_columns(test, facts)
        case FactTest():
            return _fact(test, facts)


def _fact(test: FactTest, facts: FactColumns) -> Codes:
    years = test.years_ago if facts.vocabulary[test.fact].yearly else test.years_ago[:1]
    result = _observe(test, facts, years[0])
    for ago in years[1:]:
        other = _observe(test, facts, ago)
        result = np.minimum(result, other) if test.every_year else np.maximum(result, other)
    return result


def _observe(test: FactTest, facts: FactColumns, years_ago: int) -> Codes:
    value = facts.lookup(test.fact, years_ago)
    if not isinstance(test.threshold, BandedThreshold):
        return _decided(value, _compare(test.comparator, value, test.threshold), UNKNOWN)
    by = facts.lookup(test.threshold.by, years_ago)
    result = np.full(facts.size, NOT_APPLICABLE)
    for span, limit in reversed(test.threshold.bands):
        decided = _decided(value, _compare(test.comparator, value, limit), UNKNOWN)
        result = np.where(within(span, by), decided, result)
    return result if by.all_known else np.where(by.known, result, UNKNOWN)


def within(span: Span, column: Column) -> Mask:
    """Which values lie in the span; false where nothing is known."""
    inside = inside_of(span, column)
    return inside if column.all_known else inside & column.known


def inside_of(span: Span, column: Column) -> Mask:
    """Which values lie in the span; anything where nothing is known."""
    if span.code is not None:
        return _same_code(column, span.code)
    inside: Mask | None = None
    for value, op in (
        (span.low, ">" if span.low_open else ">="),
        (span.high, "<" if span.high_open else "<="),
    ):
        if value is not None:
            passed = against(op, column, value)
            inside = passed if inside is None else inside & passed
    return np.ones(len(column.values), bool) if inside is None else inside


def _same_code(column: Column, code: str) -> Mask:
    if column.labels is not None:
        place = column.labels.index(code) if code in column.labels else -1
        return np.asarray(column.values == place)
    if column.values.dtype == bool and code in ("true", "false"):
        return np.asarray(column.values == (code == "true"))
    return np.zeros(len(column.values), bool)


def against(op: str, column: Column, value: Value) -> Mask:
    """A comparison with a number, by cross multiplication where one of them is a rate."""
    assert isinstance(value, int | Fraction)
    return compare(op, column, constant(value.numerator, value.denominator)).values


def _compare(comparator: Comparator, column: Column, threshold: Value | frozenset[str] | None) -> Mask:
    match comparator:
        case Comparator.is_true:
            return column.values.astype(bool, copy=False)
        case Comparator.is_false:
            return ~column.values.astype(bool, copy=False)
        case Comparator.in_ | Comparator.not_in:
            codes = threshold if isinstance(threshold, frozenset) else {str(threshold)}
            inside = np.array([label in codes for label in column.labels or ("",)])[column.values]
            return np.asarray(inside if comparator is Comparator.in_ else ~inside, bool)
        case _ if isinstance(threshold, str):
            same = _same_code(column, threshold)
            return same if comparator is Comparator.eq else ~same
        case _:
            assert isinstance(threshold, int | Fraction)
            return against(comparator.value, column, threshold)


def _at_least(n: int | None, results: list[Codes]) -> Codes:
    """The n-th best of each column, parts that do not apply left out."""
    if n is None:
        # Read as unsigned, "does not apply" is the greatest: the least is that of the parts that apply.
        least = results[0].view(np.uint8)
        for each in results[1:]:
            least = np.minimum(least, each.view(np.uint8))
        return least.view(np.int8)
    if n == 1:
        best = results[0]
        for each in results[1:]:
            best = np.maximum(best, each)
        return best
    ordered = -np.sort(-np.stack(results), axis=0)
    picked: Codes = ordered[n - 1]
    # Fewer apply than are asked for; sorted last, those that do not apply take the place.
    return np.where((picked == NOT_APPLICABLE) & (ordered[0] != NOT_APPLICABLE), UNMET, picked)


def _decided(value: Column, met: Mask, otherwise: np.int8) -> Codes:
    """Met or unmet where the value is known, else `otherwise`; sums of bytes, since they cost a tenth of a choice."""
    if value.all_known:
        return _code(met)
    known = value.known
    return _code(met & known) + (~known).view(np.int8) * otherwise


def _code(met: Mask) -> Codes:
    return met.view(np.int8) * MET
