"""Facts of many organisations as numpy columns: filed ones, and what formulas and tables make of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.factbase import FactRef
from enterprise_registry.ladders.vocabulary import RATES, Fact, Table, Vocabulary
from kechuang_packs.columns import (
    ALL_KNOWN,
    BY_ZERO,
    KNOWN,
    Column,
    coded,
    constant,
    evaluate,
    numbers,
    select,
    spread,
)
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import PPM

Codes = NDArray[np.int8]
"""`Result` as int8, one for each organisation."""
Mask = NDArray[np.bool_]
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes of many organisations: places in `labels`."""

    places: NDArray[np.int32]
    labels: tuple[str, ...]


@dataclass
class FactColumns:
    """Facts of many organisations on one day.

    filed: for each fact and year the stored values (int64 or bool; dates as ordinals; `Coded`, or an object array of
    codes) and the mask of those that are there. held: canonical node name → who holds it on the day.
    """

    vocabulary: Vocabulary
    on: dt.date
    size: int
    filed: Mapping[FactRef, tuple[NDArray[Any] | Coded, Mask]]
    held: Mapping[str, Mask] = field(default_factory=dict)
    memo: MutableMapping[Any, Column] = field(default_factory=dict)
    leaves: MutableMapping[Any, Codes] = field(default_factory=dict)
    """results of leaves: several rules, and several versions of one, ask the same of the same facts"""
    _cache: dict[tuple[str, int], Column] = field(default_factory=dict)

    def with_held(self, held: Mapping[str, Mask]) -> FactColumns:
        """The same facts, other recognitions; what was computed is shared."""
        return FactColumns(
            self.vocabulary, self.on, self.size, self.filed, held, self.memo, self.leaves, self._cache
        )

    def lookup(self, key: str, years_ago: int) -> Column:
        """The column of a fact for that year, computed once."""
        fact = self.vocabulary[key]
        where = (fact.key, years_ago if fact.yearly or fact.expr or fact.table else 0)
        if where not in self._cache:
            self._cache[where] = self._lookup(fact, years_ago)
        return self._cache[where]

    def _lookup(self, fact: Fact, years_ago: int) -> Column:
        if fact.expr is not None:
            column = spread(evaluate(fact.expr, self, years_ago), self.size)
            if fact.on_zero != "zero":
                return column
            zero = column.state == BY_ZERO
            filled = select(zero, constant(0), column)
            state = np.where(zero, KNOWN, column.state).astype(np.int8)
            return Column(filled.values, state, filled.divisor, None, filled.top, filled.divisor_top)
        if fact.table is not None:
            return self._classify(fact.table, years_ago)
        return self._filed(fact, years_ago)

    def _filed(self, fact: Fact, years_ago: int) -> Column:
        found = self.filed.get((fact.key, self.on.year - years_ago if fact.yearly else None))
        if found is None:
            empty: NDArray[Any] = np.zeros(self.size, bool if fact.unit is Unit.flag else np.int64)
            labels = ("",) if fact.unit is Unit.code else None
            return Column(empty, np.zeros(self.size, np.int8), None, labels)
        values, there = found
        state = ALL_KNOWN if bool(there.all()) else there.view(np.int8) * np.int8(KNOWN)
        if isinstance(values, Coded):
            return coded(values.places, state, values.labels)
        if fact.unit is Unit.code:
            seen, places = np.unique(values.astype(str), return_inverse=True)
            return coded(places.astype(np.int32), state, tuple(seen.tolist()))
        return numbers(values, state, PPM if fact.unit in RATES else 1)

    def _classify(self, table: Table, years_ago: int) -> Column:
        """The highest class all of whose limits are reached: limits are looked up by code, never row by row."""
        by = self.lookup(table.by, years_ago)
        names = sorted({name for row in table.rows.values() for _, lower in row for name, _ in lower})
        codes = tuple(
            dict.fromkeys([table.otherwise, *(code for row in table.rows.values() for code, _ in row)])
        )
        rows = [table.rows.get(label) for label in by.labels or ()] or [None]
        needs = {name: np.array([row is not None and _uses(row, name) for row in rows]) for name in names}
        known = by.known & np.array([row is not None for row in rows])[by.values]
        facts = {name: self.lookup(name, years_ago) for name in names if needs[name].any()}
        for name, column in facts.items():
            if not column.all_known:
                known = known & (column.known | ~needs[name][by.values])
        values = np.full(self.size, codes.index(table.otherwise), np.int32)
        for rank in reversed(range(max((len(row) for row in table.rows.values()), default=0))):
            here = [row[rank] if row is not None and rank < len(row) else None for row in rows]
            reached: Mask | None = None
            for name, column in facts.items():
                limits = np.array([_limit(one, name) for one in here], np.int64)
                if (limits == -_NEVER).all():
                    continue
                passed = column.values >= limits[by.values]
                reached = passed if reached is None else reached & passed
            if reached is None:
                reached = np.array([one is not None for one in here])[by.values]
            place = np.array([codes.index(one[0]) if one else 0 for one in here], np.int32)
            values = np.where(reached, place[by.values], values)
        return coded(values, known.view(np.int8) * np.int8(KNOWN), codes)


_Class = tuple[str, tuple[tuple[str, int], ...]]


def _uses(row: tuple[_Class, ...], name: str) -> bool:
    return any(name == one for _, lower in row for one, _ in lower)


def _limit(one: _Class | None, name: str) -> int:
    """The limit of a class for a fact: none asked is always passed, no such class never."""
    return _NEVER if one is None else dict(one[1]).get(name, -_NEVER)
