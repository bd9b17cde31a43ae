"""Facts that come one organisation after the other, as arrays by fact and year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.fact_columns import Coded, Mask
from enterprise_registry.ladders.factbase import FactRef, Filed
from enterprise_registry.ladders.vocabulary import Vocabulary
from kechuang_packs.models.facts import Unit


def fact_columns(
    words: Vocabulary, facts: Iterable[Mapping[FactRef, Filed]], size: int
) -> dict[FactRef, tuple[NDArray[Any] | Coded, Mask]]:
    """Arrays by fact and year of facts that come one organisation after the other."""
    rows: dict[FactRef, list[int]] = defaultdict(list)
    values: dict[FactRef, list[Any]] = defaultdict(list)
    for row, mine in enumerate(facts):
        for ref, filed in mine.items():
            rows[ref].append(row)
            values[ref].append(filed.value)
    found: dict[FactRef, tuple[NDArray[Any] | Coded, Mask]] = {}
    for ref, places in rows.items():
        there = np.zeros(size, bool)
        there[places] = True
        found[ref] = (_array(words[ref[0]].unit, values[ref], places, size), there)
    return found


def _array(unit: Unit, values: list[Any], places: list[int], size: int) -> NDArray[Any] | Coded:
    if unit is Unit.flag:
        flags = np.zeros(size, bool)
        flags[places] = values
        return flags
    if unit is Unit.code:
        labels = {label: place for place, label in enumerate(dict.fromkeys(values))}
        codes = np.zeros(size, np.int32)
        codes[places] = [labels[value] for value in values]
        return Coded(codes, tuple(labels))
    if unit is Unit.date:
        values = [value.toordinal() for value in values]
    # A sum of money beyond 64 bits stays a Python integer, and the columns stay exact.
    fits = all(-(2**63) < value < 2**63 for value in values)
    numbers: NDArray[Any] = np.zeros(size, np.int64 if fits else object)
    numbers[places] = values
    return numbers
