"""企业划型 and 规模以上: every limit of the official table on both sides, from the sheet and not from the pack."""

import datetime as dt
from pathlib import Path
from typing import Final

import pytest

from enterprise_registry.ladders.factbase import FactBase, Filed
from enterprise_registry.ladders.vocabulary import vocabulary
from kechuang_packs import Packs, load_packs

PACKS = Path(__file__).parents[4] / "deploy/policy-packs"
ON = dt.date(2026, 6, 1)
WAN = 1_000_000  # 万元 in fen
STAFF, REVENUE, ASSETS, MAIN = "employees", "operating_revenue", "total_assets", "main_business_revenue"
CLASSES: Final = ("large", "medium", "small", "micro")
# 统计上大中小微型企业划分办法: the lower limits of large, medium and small; persons, and 万元.
TABLE: Final = {
    "agriculture": {REVENUE: (20000, 500, 50)},
    "industry": {STAFF: (1000, 300, 20), REVENUE: (40000, 2000, 300)},
    "construction": {REVENUE: (80000, 6000, 300), ASSETS: (80000, 5000, 300)},
    "wholesale": {STAFF: (200, 20, 5), REVENUE: (40000, 5000, 1000)},
    "retail": {STAFF: (300, 50, 10), REVENUE: (20000, 500, 100)},
    "transport": {STAFF: (1000, 300, 20), REVENUE: (30000, 3000, 200)},
    "storage": {STAFF: (200, 100, 20), REVENUE: (30000, 1000, 100)},
    "post": {STAFF: (1000, 300, 20), REVENUE: (30000, 2000, 100)},
    "accommodation": {STAFF: (300, 100, 10), REVENUE: (10000, 2000, 100)},
    "catering": {STAFF: (300, 100, 10), REVENUE: (10000, 2000, 100)},
    "information_transmission": {STAFF: (2000, 100, 10), REVENUE: (100000, 1000, 100)},
    "software": {STAFF: (300, 100, 10), REVENUE: (10000, 1000, 50)},
    "real_estate": {REVENUE: (200000, 1000, 100), ASSETS: (10000, 5000, 2000)},
    "property_management": {STAFF: (1000, 300, 100), REVENUE: (5000, 1000, 500)},
    "leasing_business": {STAFF: (300, 100, 10), ASSETS: (120000, 8000, 100)},
    "other": {STAFF: (300, 100, 10)},
}
# 规模以上（限额以上）: the year's revenue in 万元; construction, real estate, agriculture and the rest have no line.
LINES: Final = {
    "industry": (MAIN, 2000), "wholesale": (MAIN, 2000), "retail": (MAIN, 500), "accommodation": (MAIN, 200),
    "catering": (MAIN, 200), "transport": (REVENUE, 2000), "storage": (REVENUE, 2000), "post": (REVENUE, 2000),
    "information_transmission": (REVENUE, 2000), "software": (REVENUE, 2000), "leasing_business": (REVENUE, 1000),
    "property_management": (REVENUE, 1000),
}  # fmt: skip
LIMITS = [
    (group, place, measure) for group, limits in TABLE.items() for measure in limits for place in range(3)
]


@pytest.fixture(scope="module")
def packs() -> Packs:
    return load_packs(PACKS)


def found(packs: Packs, key: str, group: str, values: dict[str, int]) -> object:
    """What the national facts say of a year with these figures."""
    words = vocabulary(packs, "national-facts", "2026.1")
    filed = {(name, ON.year - 1): Filed(value, verified=True) for name, value in values.items()}
    own = {("industry_size_group", None): Filed(group, verified=True)}
    return FactBase(words, ON, own | filed).lookup(key, 1)


def at_limits(group: str, place: int) -> dict[str, int]:
    """Figures that reach every lower limit of a class, and not a fen more."""
    return {
        measure: limits[place] * (1 if measure == STAFF else WAN) for measure, limits in TABLE[group].items()
    }


@pytest.mark.parametrize(("group", "place", "measure"), LIMITS)
def test_a_class_begins_at_all_its_limits_and_ends_one_below_any_of_them(
    packs: Packs, group: str, place: int, measure: str
) -> None:
    values = at_limits(group, place)
    assert found(packs, "size_class", group, values) == CLASSES[place]
    one_less = values | {measure: values[measure] - 1}
    assert found(packs, "size_class", group, one_less) == CLASSES[place + 1]


@pytest.mark.parametrize(("group", "line"), LINES.items())
def test_above_scale_begins_at_the_line_of_the_industry(
    packs: Packs, group: str, line: tuple[str, int]
) -> None:
    measure, wan = line
    assert found(packs, "scale_line", group, {measure: wan * WAN}) == "above"
    assert found(packs, "scale_line", group, {measure: wan * WAN - 1}) == "below"


@pytest.mark.parametrize("group", sorted(TABLE.keys() - LINES.keys()))
def test_where_the_sheet_has_no_line_nothing_is_said(packs: Packs, group: str) -> None:
    assert not isinstance(found(packs, "scale_line", group, {MAIN: 10**12, REVENUE: 10**12}), str)


def test_a_missing_figure_leaves_the_class_unknown(packs: Packs) -> None:
    assert not isinstance(found(packs, "size_class", "industry", {STAFF: 500}), str)
