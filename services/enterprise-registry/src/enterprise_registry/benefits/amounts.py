"""The amount of a benefit: exact, in whole fen, step by step. Pure: facts and sums arrive as arguments."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from enterprise_registry.ladders.factbase import FactBase, FactRef
from enterprise_registry.ladders.vocabulary import Span, Vocabulary, span
from kechuang.money import bounded
from kechuang_packs.expressions import Expr, parse
from kechuang_packs.models.benefits import BenefitRule
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import PPM, parse_quantity
from kechuang_packs.scalar import Missing, evaluate

FEN_IN: Final = {
    "fen": 1,
    "yuan": 100,
    "hundred_yuan": 10_000,
    "thousand_yuan": 100_000,
    "ten_thousand_yuan": 1_000_000,
}
StepName = Literal["base", "cap", "rounding", "yearly_cap", "decided"]


@dataclass(frozen=True, slots=True)
class Band:
    """Within `span` of the fact: a fixed amount in fen, or a share of another fact."""

    span: Span
    amount: int | None
    rate: Fraction | None


@dataclass(frozen=True, slots=True)
class AmountRule:
    """A benefit's amount, compiled: exactly one of `fixed`, `expr` and `bands` says the base. Amounts in fen."""

    fixed: int | None
    expr: Expr | None
    by: str | None
    of: str | None
    bands: tuple[Band, ...]
    cap: int | None
    yearly_cap: int | None
    unit: int
    mode: Literal["down", "half_up", "up"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a calculation and the amount after it, in fen; `limit` is the cap that it applied."""

    name: StepName
    amount: int
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """The result: `fen` is None when facts are missing; `steps` end at it; `used` are the facts looked at."""

    fen: int | None
    steps: tuple[Step, ...]
    missing: tuple[FactRef, ...] = ()
    used: frozenset[FactRef] = frozenset()


def compile_amount(rule: BenefitRule, vocabulary: Vocabulary) -> AmountRule:
    """Compile the amount of a checked rule; once for each rule, never for each enterprise."""
    bands = rule.amount_bands
    unit_by = None if bands is None else vocabulary[bands.by].unit
    return AmountRule(
        fixed=_fen(rule.amount),
        expr=None if rule.amount_expression is None else parse(rule.amount_expression),
        by=None if bands is None else bands.by,
        of=None if bands is None else bands.of,
        bands=()
        if bands is None or unit_by is None
        else tuple(
            Band(
                span(each, unit_by),
                _fen(each.amount),
                None if each.rate is None else Fraction(parse_quantity(each.rate, Unit.percent), PPM),
            )
            for each in bands.bands
        ),
        cap=_fen(rule.cap),
        yearly_cap=_fen(rule.yearly_cap),
        unit=FEN_IN[rule.rounding.to],
        mode=rule.rounding.mode,
    )


def _fen(literal: int | str | None) -> int | None:
    return None if literal is None else parse_quantity(literal, Unit.CNY)


def amount_of(rule: AmountRule, facts: FactBase, had_this_year: int) -> Amount:
    """Compute base, cap, rounding, rest of the yearly cap, in this order; never below zero.

    `had_this_year`: fen that the organisation has of this fund and year already.
    """
    seen = facts.fresh()
    base = _base(rule, seen)
    used = frozenset(seen.used)
    if isinstance(base, Missing):
        gone = {seen.year_of(gap) for gap in base.keys} or {ref for ref in seen.used if ref not in seen.filed}
        return Amount(None, (), tuple(sorted(gone, key=str)), used)
    exact = max(Fraction(base), Fraction(0))
    steps = [Step("base", rounded(exact, 1, "half_up"))]
    if rule.cap is not None and exact > rule.cap:
        exact = Fraction(rule.cap)
        steps.append(Step("cap", rule.cap, rule.cap))
    fen = bounded(rounded(exact, rule.unit, rule.mode))
    if fen != steps[-1].amount or exact.denominator != 1:
        steps.append(Step("rounding", fen))
    if rule.yearly_cap is not None:
        left = max(rule.yearly_cap - had_this_year, 0)
        if fen > left:
            fen = left
            steps.append(Step("yearly_cap", fen, rule.yearly_cap))
    return Amount(fen, tuple(steps), (), used)


def _base(rule: AmountRule, facts: FactBase) -> Fraction | int | Missing:
    if rule.fixed is not None:
        return rule.fixed
    if rule.expr is not None:
        return _number(evaluate(rule.expr, facts))
    by = facts.lookup(rule.by or "", 1)
    if isinstance(by, Missing):
        return by
    band = next((each for each in rule.bands if each.span.holds(by)), None)
    if band is None:
        return 0
    if band.amount is not None or band.rate is None:
        return band.amount or 0
    of = _number(facts.lookup(rule.of or "", 1))
    return of if isinstance(of, Missing) else of * band.rate


def _number(value: object) -> Fraction | int | Missing:
    if isinstance(value, Missing | Fraction) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"an amount is a number, not {value!r}")  # the pack's check has refused the rule before


def rounded(exact: Fraction, unit: int, mode: Literal["down", "half_up", "up"]) -> int:
    """Round an amount of at least zero to whole `unit` fen.

    >>> [rounded(Fraction(10050), 100, mode) for mode in ("down", "half_up", "up")]
    [10000, 10100, 10100]
    """
    whole, rest = divmod(exact, unit)
    more = rest * 2 >= unit if mode == "half_up" else rest > 0 and mode == "up"
    return (int(whole) + more) * unit
