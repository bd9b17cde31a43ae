"""Figures: the values of many indicators of one area as of a day, formulas in the order they depend on.

Counted values come from facts, reported ones from observations, the rest from formulas over both. An input
that is missing is named, and what depends on it cannot be told either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from graphlib import TopologicalSorter

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from indicators.catalogue.domain import Indicator
from indicators.catalogue.periods import Period, years_earlier
from indicators.facts.handlers import KINDS
from indicators.observations.store import observation
from indicators.packs import CityPack
from indicators.progress.counting import Span, Where
from indicators.progress.queries import Asked, counts
from kechuang.clock import end_of_day
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_packs import expressions
from kechuang_packs.scalar import Missing, evaluate


@dataclass(frozen=True, slots=True)
class AsOf:
    """The question's two times: the day as of which, and the period that it is about (None: up to the day)."""

    day: date
    period: Period | None = None

    @property
    def last(self) -> date:
        """The last day that counts: of the period, but not after the day asked for."""
        return self.day if self.period is None else min(self.day, self.period.last)

    @property
    def known_before(self) -> datetime:
        """`as_of` is the end of that day in Shanghai."""
        return end_of_day(self.day)

    def about(self, years_ago: int) -> "AsOf":
        """The same part of an earlier year, as known on the day asked for."""
        if years_ago == 0 or self.period is None:
            return self
        return AsOf(self.day, self.period.years_before(years_ago))


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in the indicator's unit, or the inputs whose absence keeps it from being told."""

    value: Fraction | None
    missing: tuple[str, ...] = ()
    not_yet: bool = False


Key = tuple[str, int]
"""(indicator code, years ago)"""


def needs(expr: expressions.Expr, years_ago: int = 0) -> set[Key]:
    """Name the values that a formula needs, `ago` and sums over years included."""
    match expr:
        case expressions.Name(key=key):
            return {(key, years_ago)}
        case expressions.Ago(part=part, years=years):
            return needs(part, years_ago + years)
        case expressions.SumYears(part=part, years=years):
            return {each for back in range(years) for each in needs(part, years_ago + back)}
        case _:
            return {each for part in expressions.children(expr) for each in needs(part, years_ago)}


def span_of(indicator: Indicator, as_of: AsOf, years_ago: int = 0) -> Span:
    """Say which days a count covers.

    Without a period a stock is that of the day, `flow_annual` and `growth` the year of the day so far,
    `cumulative` everything, and other flows count since the plan began.
    """
    asked = as_of.about(years_ago)
    last = asked.last
    if as_of.period is None and years_ago:
        last = years_earlier(last, years_ago)
    if asked.period is not None:
        first: date | None = asked.period.first
    elif indicator.definition.measure in ("flow_annual", "growth"):
        first = date(last.year, 1, 1)
    elif indicator.definition.measure == "cumulative":
        first = None
    else:
        first = years_earlier(indicator.plan_begins(), years_ago)
    if indicator.definition.measure == "cumulative":
        first = None
    return Span(first, last, as_of.day, as_of.known_before)


async def figures(
    unit: ReadUnit | UnitOfWork, pack: CityPack, wanted: Iterable[Key], where: Where, as_of: AsOf
) -> dict[Key, Figure]:
    """Compute the wanted values and everything they depend on."""
    order = _in_order(pack.indicators, wanted)
    asked: dict[str, Asked] = {}
    reported: list[Key] = []
    for code, years in order:
        indicator = pack.indicators[code]
        counted = indicator.counted
        if counted is not None and counted.kind in KINDS:
            for back in (0, 1) if indicator.definition.measure == "growth" else (0,):
                span = span_of(indicator, as_of, years + back)
                asked[f"{code}|{years + back}"] = (counted, span, where)
        elif counted is None and indicator.formula is None:
            reported.append((code, years))
    counted_values = await counts(unit, asked)
    observed = await _observed(unit, pack, reported, where, as_of)
    found: dict[Key, Figure] = {}
    for key in order:
        indicator = pack.indicators[key[0]]
        if indicator.formula is not None:
            found[key] = _computed(indicator, indicator.formula, key[1], found, as_of)
        elif indicator.counted is not None:
            found[key] = _counted(indicator, key, counted_values)
        else:
            found[key] = observed[key]
    return found


def _in_order(indicators: Mapping[str, Indicator], wanted: Iterable[Key]) -> list[Key]:
    """Give every needed value after those that it depends on; packs with a circle were refused at load."""
    sorter: TopologicalSorter[Key] = TopologicalSorter()
    waiting, seen = list(wanted), set[Key]()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        formula = indicators[key[0]].formula
        inputs = needs(formula, key[1]) if formula is not None else set()
        sorter.add(key, *inputs)
        waiting += inputs
    return list(sorter.static_order())


def _counted(indicator: Indicator, key: Key, values: Mapping[str, int]) -> Figure:
    assert indicator.counted is not None
    code, years = key
    value = values.get(f"{code}|{years}")
    if value is None:
        return Figure(None, (f"no_source:{indicator.counted.kind}",))
    if indicator.definition.measure != "growth":
        return Figure(Fraction(value, indicator.divisor))
    before = values[f"{code}|{years + 1}"]
    if before == 0:
        return Figure(None, ("value_of_the_year_before",))
    return Figure(Fraction(value - before, before) * 100)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Where a formula's names get their values: what was computed before."""

    found: Mapping[Key, Figure]
    on: date

    def lookup(self, key: str, years_ago: int) -> Fraction | Missing:
        figure = self.found[key, years_ago]
        return Missing(frozenset({(key, years_ago)})) if figure.value is None else figure.value


def _computed(
    indicator: Indicator, formula: expressions.Expr, years: int, found: Mapping[Key, Figure], as_of: AsOf
) -> Figure:
    value = evaluate(formula, _Inputs(found, as_of.last), years)
    if isinstance(value, Missing):
        if value.by_zero and indicator.definition.feed.on_zero == "zero":
            return Figure(Fraction(0))
        keys = sorted({f"{indicator.pack.id}.{code}" for code, _ in value.keys})
        return Figure(None, tuple(keys) or ("division_by_zero",))
    return Figure(Fraction(value)) if not isinstance(value, str) else Figure(None, ("not_a_number",))


async def _observed(
    unit: ReadUnit | UnitOfWork, pack: CityPack, reported: list[Key], where: Where, as_of: AsOf
) -> dict[Key, Figure]:
    """The reported values as they were known; without a period the one of the newest period that has ended."""
    found: dict[Key, Figure] = {}
    by_period: dict[int, list[str]] = {}
    for code, years in reported:
        by_period.setdefault(years, []).append(code)
    for years, codes in by_period.items():
        asked = as_of.about(years)
        last = asked.last if as_of.period is not None or not years else years_earlier(asked.last, years)
        keys = [pack.indicators[code].key for code in codes]
        statement = observed_rows(keys, where.area, as_of, last, asked.period)
        values = {row.indicator: row for row in await unit.execute(statement)}
        for code in codes:
            indicator = pack.indicators[code]
            row = values.get(indicator.key)
            if row is not None:
                found[code, years] = Figure(Fraction(row.value))
            else:
                found[code, years] = Figure(None, ("not_reported",), _not_released(indicator, asked))
    return found


def observed_rows(
    keys: list[str], area: str, as_of: AsOf, last: date, period: Period | None
) -> sa.Select[tuple[str, Fraction, str]]:
    """Select the observation that answers for each indicator."""
    known = sa.and_(
        observation.c.known_from < as_of.known_before,
        sa.or_(observation.c.known_to.is_(None), observation.c.known_to >= as_of.known_before),
    )
    about = observation.c.period == period.text if period is not None else observation.c.last_day <= last
    return (
        sa.select(observation.c.indicator, observation.c.value, observation.c.id)
        .ext(distinct_on(observation.c.indicator))
        .where(observation.c.indicator.in_(keys), observation.c.area == area, known, about)
        .order_by(observation.c.indicator, observation.c.last_day.desc(), observation.c.known_from.desc())
    )


def _not_released(indicator: Indicator, asked: AsOf) -> bool:
    """Before the period's release day its figure is not yet known, which is no failure to report."""
    days = indicator.definition.release_days
    if asked.period is None:
        return False
    return asked.day <= asked.period.last + timedelta(days=days or 0)
