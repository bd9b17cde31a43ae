"""Enterprises as columns for the benchmark of rules: figures about the thresholds, some facts unknown; seeded."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enterprise_registry.ladders.fact_columns import Coded
from enterprise_registry.ladders.factbase import FactRef
from enterprise_registry.ladders.vocabulary import Vocabulary
from kechuang_embedded.bench.rule_impact_numpy_facts import LARGE
from kechuang_packs.models.facts import Unit

Mask = NDArray[np.bool_]
UNKNOWN_SHARE = 0.03
# The codes that a rule asks for come first: the hand-written rules compare places.
LABELS: Mapping[str, tuple[str, ...]] = {
    "hnte_field": ("electronic_information", "biology_medicine", "aerospace", "new_materials", "high_tech_services",
                   "new_energy", "resources_environment", "advanced_manufacturing", "other"),
    "leading_field": ("six_bases", "key_chain", "old_brand", "other"),
    "industry_size_group": tuple(LARGE),
}  # fmt: skip
_FAVOURABLE = 0.93
"""How often a flag says what rules want, so that not everybody fails at a gate."""
_UNFAVOURABLE_FLAGS = {
    "major_incident", "larger_incident", "on_abnormal_list", "on_dishonest_list", "group_conflict",
    "national_award_5y_top3", "award_3y", "ip_demonstration", "led_standard_5y", "national_award_3y_top3",
    "provincial_award_3y_top3", "has_provincial_rd_institution", "niche_is_new_product",
}  # fmt: skip
_HELD = {
    "national-tech-sme/tech_sme": 0.3, "national-hnte/hnte": 0.2, "national-srdi/innovative_sme": 0.1,
    "national-srdi/tech_innovative_sme": 0.2, "national-srdi/srdi_sme": 0.15, "national-srdi/little_giant": 0.02,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Population:
    """Some enterprises: stored values with masks of what is known, what they hold, the county of each."""

    filed: dict[FactRef, tuple[NDArray[Any] | Coded, Mask]]
    held: dict[str, Mask]
    areas: NDArray[np.intp]

    @property
    def size(self) -> int:
        """How many."""
        return len(self.areas)

    def by_hand(self) -> dict[FactRef, tuple[NDArray[Any], Mask]]:
        """The same arrays as the hand-written rules take them."""
        return {
            ref: (values.places if isinstance(values, Coded) else values, known)
            for ref, (values, known) in self.filed.items()
        }


def population(words: Vocabulary, on: dt.date, size: int, seed: int, areas: int) -> Population:
    """Make enterprises with every fact that the words name."""
    random = np.random.default_rng(seed)
    scale = np.exp(random.normal(0.0, 1.2, size))
    filed: dict[FactRef, tuple[NDArray[Any] | Coded, Mask]] = {}
    for key, fact in words.facts.items():
        for year in range(on.year - 4, on.year + 1) if fact.yearly else [None]:
            values: NDArray[Any] | Coded
            if fact.unit is Unit.flag:
                values = random.random(size) < (0.07 if key in _UNFAVOURABLE_FLAGS else _FAVOURABLE)
            elif fact.unit is Unit.code:
                labels = LABELS[key]
                values = Coded(random.integers(0, len(labels), size).astype(np.int32), labels)
            elif fact.unit is Unit.date:
                values = on.toordinal() - random.integers(100, 9000, size)
            else:
                values = _numbers(key, fact.unit, scale, random, size)
            filed[key, year] = (values, random.random(size) >= UNKNOWN_SHARE)
    held = {node: random.random(size) < share for node, share in _HELD.items()}
    return Population(filed, held, random.integers(0, areas, size))


_MONEY = {
    "operating_revenue": 30_000_000, "sales_revenue": 29_000_000, "main_business_revenue": 27_000_000,
    "total_income": 30_000_000, "hightech_income": 20_000_000, "cost_expense": 25_000_000,
    "total_assets": 40_000_000, "total_liabilities": 20_000_000, "rd_expense": 2_000_000,
    "rd_expense_domestic": 1_900_000, "st_activity_expense": 2_100_000, "new_equity": 1_500_000,
}  # fmt: skip
"""Yuan, of an enterprise of usual scale."""


def _numbers(
    key: str, unit: Unit, scale: NDArray[np.float64], random: np.random.Generator, size: int
) -> NDArray[np.int64]:
    if unit is Unit.CNY:
        yuan = _MONEY.get(key, 1_000_000) * scale * random.uniform(0.6, 1.4, size)
        return (yuan * 100).astype(np.int64)
    if unit is Unit.person:
        usual = {"employees": 90, "st_staff": 18, "rd_staff": 12}.get(key, 20)
        return (usual * np.sqrt(scale) * random.uniform(0.6, 1.4, size)).astype(np.int64)
    if unit is Unit.point:
        return random.integers(3000, 10_001, size)
    if unit is Unit.percent:
        return random.integers(0, 300_001, size)
    return random.integers(0, 13, size)
