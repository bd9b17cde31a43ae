"""What is known of one organisation, read by rules: filed facts by year or as of the day, and what follows from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from enterprise_registry.ladders.vocabulary import RATES, Fact, Table, Vocabulary
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import PPM
from kechuang_packs.scalar import Missing, Value, evaluate, missing

FactRef = tuple[str, int | None]
"""(fact, calendar year), year None for a state on the day or a static fact."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A filed value as stored: fen, parts per million, hundredths of a point, whole numbers, flags, codes, dates."""

    value: int | bool | str | dt.date
    verified: bool = False


@dataclass
class FactBase:
    """Facts of one organisation on one day. `used` collects which filed facts an evaluation looked at."""

    vocabulary: Vocabulary
    on: dt.date
    filed: Mapping[FactRef, Filed]
    used: set[FactRef] = field(default_factory=set)

    def fresh(self) -> FactBase:
        """The same facts with nothing used yet."""
        return FactBase(self.vocabulary, self.on, self.filed)

    def with_facts(self, changes: Mapping[FactRef, Filed]) -> FactBase:
        """What-if: the same facts with some replaced; nothing is stored."""
        return FactBase(self.vocabulary, self.on, {**self.filed, **changes})

    def on_day(self, on: dt.date) -> FactBase:
        """The same filed facts seen on another day."""
        return FactBase(self.vocabulary, on, self.filed)

    def lookup(self, key: str, years_ago: int) -> Value | Missing:
        """The value in the evaluators' numbers: rates as fractions, dates as ordinals."""
        fact = self.vocabulary[key]
        if fact.expr is not None:
            value = evaluate(fact.expr, self, years_ago)
            zero = isinstance(value, Missing) and value.by_zero and fact.on_zero == "zero"
            return 0 if zero else value
        if fact.table is not None:
            return self._classify(fact.table, years_ago)
        return self._filed(fact, years_ago)

    def _filed(self, fact: Fact, years_ago: int) -> Value | Missing:
        ref = (fact.key, self.on.year - years_ago if fact.yearly else None)
        self.used.add(ref)
        found = self.filed.get(ref)
        if found is None:
            return Missing(frozenset({(fact.key, years_ago if fact.yearly else 0)}))
        if isinstance(found.value, dt.date):
            return found.value.toordinal()
        if fact.unit is Unit.percent or fact.unit in RATES:
            return Fraction(int(found.value), PPM)
        return found.value

    def _classify(self, table: Table, years_ago: int) -> Value | Missing:
        code = self.lookup(table.by, years_ago)
        if isinstance(code, Missing):
            return code
        row = table.rows.get(str(code))
        if row is None:
            return Missing(frozenset({(table.by, 0)}))
        values = {key: self.lookup(key, years_ago) for _, lower in row for key, _ in lower}
        gap = missing(*values.values())
        if gap is not None:
            return gap
        reached = (name for name, lower in row if all(values[key] >= limit for key, limit in lower))  # type: ignore[operator]  # limits are numbers
        return next(reached, table.otherwise)

    def year_of(self, gap: tuple[str, int]) -> FactRef:
        """The reference of a missing fact."""
        key, years_ago = gap
        return (key, self.on.year - years_ago if self.vocabulary[key].yearly else None)
