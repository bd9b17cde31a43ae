"""The facts that rules may name, compiled: expressions parsed, aliases resolved, tables in stored numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from kechuang_packs import Packs
from kechuang_packs.expressions import Expr, names, parse
from kechuang_packs.models.conditions import Bounds
from kechuang_packs.models.facts import Classification, FactDefinition, PeriodKind, Unit
from kechuang_packs.quantities import PPM, parse_quantity
from kechuang_packs.scalar import Value
from kechuang_packs.visibility import Visible

RATES: Final = (Unit.ratio, Unit.percent)


@dataclass(frozen=True, slots=True)
class Table:
    """A classification: for each code of `by`, classes from the highest down with their lower limits."""

    by: str
    rows: Mapping[str, tuple[tuple[str, tuple[tuple[str, int], ...]], ...]]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as the evaluators need it."""

    key: str
    unit: Unit
    period: PeriodKind
    floor: int | None = None
    """least stored value that makes sense, for gaps"""
    expr: Expr | None = None
    on_zero: Literal["unknown", "zero"] = "unknown"
    table: Table | None = None

    @property
    def yearly(self) -> bool:
        return self.period is PeriodKind.year


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All facts visible from one pack."""

    facts: Mapping[str, Fact]
    aliases: Mapping[str, str]

    def __getitem__(self, name: str) -> Fact:
        return self.facts[self.aliases.get(name, name)]

    def filed(self, name: str) -> frozenset[str]:
        """The filed facts that this one comes from; itself when it is filed."""
        fact = self[name]
        if fact.expr is not None:
            below = names(fact.expr)
        elif fact.table is not None:
            limits = {key for row in fact.table.rows.values() for _, lower in row for key, _ in lower}
            below = frozenset({fact.table.by, *limits})
        else:
            return frozenset({fact.key})
        return frozenset().union(*(self.filed(key) for key in below))


def compile_vocabulary(visible: Visible) -> Vocabulary:
    """Compile what a pack sees (`Packs.visible`); the pack has been checked before."""
    facts: dict[str, Fact] = {}
    for key, definition in visible.facts.items():
        if isinstance(definition, Classification):
            facts[key] = Fact(key, Unit.code, definition.period, table=_table(definition, visible))
            continue
        expression = definition.expression
        floor = definition.minimum
        numeric = definition.unit not in (Unit.flag, Unit.code, Unit.date, Unit.ratio)
        facts[key] = Fact(
            key,
            definition.unit,
            definition.period,
            floor=None
            if floor is None or not numeric
            else 0
            if floor == 0
            else parse_quantity(floor, definition.unit),
            expr=None if expression is None else parse(expression),
            on_zero=definition.on_zero,
        )
    return Vocabulary(facts, dict(visible.aliases))


@lru_cache(maxsize=64)
def vocabulary(packs: Packs, pack_id: str, version: str) -> Vocabulary:
    """The compiled facts that a pack version sees; compiled once a version."""
    return compile_vocabulary(packs.visible(packs.version(pack_id, version)))


def _table(table: Classification, visible: Visible) -> Table:
    def limit(key: str, literal: int | str) -> int:
        fact = visible.facts[key]
        assert isinstance(fact, FactDefinition)  # the checks refuse limits on code facts
        return parse_quantity(literal, fact.unit)

    rows: dict[str, tuple[tuple[str, tuple[tuple[str, int], ...]], ...]] = {}
    for row in table.rows:
        classes = tuple(
            (one.code, tuple((key, limit(key, low)) for key, low in one.lower.items())) for one in row.classes
        )
        rows |= dict.fromkeys(row.when, classes)
    return Table(table.by, rows, table.otherwise)


def number(literal: int | str, unit: Unit) -> Value:
    """A literal of a pack as the evaluators compare it: rates as fractions, dates as ordinals, codes as they are."""
    if unit is Unit.code:
        return str(literal)
    if unit is Unit.date:
        return dt.date.fromisoformat(str(literal)).toordinal()
    value = parse_quantity(literal, unit)
    return Fraction(value, PPM) if unit in RATES else value


@dataclass(frozen=True, slots=True)
class Span:
    """An interval over a fact, or one code of it. Both bounds open: everything."""

    low: Value | None = None
    low_open: bool = False
    high: Value | None = None
    high_open: bool = False
    code: str | None = None

    def holds(self, value: Value) -> bool:
        """Whether the value lies in it."""
        if self.code is not None:
            return as_code(value) == self.code
        if self.low is not None and not (value > self.low if self.low_open else value >= self.low):  # type: ignore[operator]  # bounds are numbers
            return False
        return self.high is None or (value < self.high if self.high_open else value <= self.high)  # type: ignore[operator]  # bounds are numbers


def as_code(value: Value) -> str:
    """A flag reads as the code `true` or `false`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def span(bounds: Bounds, unit: Unit) -> Span:
    """Compile the bounds of a band or bracket."""
    low = bounds.at_least if bounds.at_least is not None else bounds.over
    high = bounds.at_most if bounds.at_most is not None else bounds.under
    return Span(
        None if low is None else number(low, unit),
        bounds.over is not None,
        None if high is None else number(high, unit),
        bounds.under is not None,
        bounds.equals,
    )
