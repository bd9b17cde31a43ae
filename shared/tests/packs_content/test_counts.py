"""Nothing of the five documents is missing: how many of each thing a pack has, counted by hand from the documents."""

from dataclasses import dataclass

import pytest

from kechuang_packs import Pack
from kechuang_packs.models.common import Item, Provenance, Source
from kechuang_packs.models.indicators import NUMBERLESS


@dataclass(frozen=True)
class Expected:
    """Counts of what the document says; product defaults are not in them.

    quantified: targets with a number, each counted once · statements: the places that state them ·
    directional: targets without a number · kept: targets on an existing stock (maintain).
    """

    quantified: int
    kept: int
    statements: int
    directional: int
    milestones: int
    digital_services: int
    action_lines: int
    nodes: int
    honours: int
    pools: int
    services: int
    commissioner_programmes: int
    talent_programmes: int
    bidding_programmes: int
    alliances: int
    platforms: int
    counties: int


CITIES = {
    "jiangmen-2023": Expected(9, 0, 17, 0, 5, 9, 4, 4, 2, 0, 5, 4, 5, 1, 2, 4, 7),
    "jiujiang-2024": Expected(14, 0, 14, 9, 11, 13, 8, 4, 2, 1, 9, 3, 9, 5, 1, 11, 13),
    "unnamed-2025": Expected(53, 0, 55, 2, 5, 11, 6, 7, 1, 0, 7, 5, 4, 4, 1, 16, 0),
    "jingmen-2027": Expected(20, 0, 20, 5, 6, 12, 4, 12, 0, 1, 12, 2, 8, 2, 3, 7, 5),
    "yangjiang-2022": Expected(18, 6, 18, 2, 14, 11, 9, 3, 0, 0, 5, 2, 6, 5, 2, 8, 4),
}
"""Nodes of Jingmen: the eight rungs and the pool of its tracks, the two listing seeds, and the two titles of 专精特新.
Talent of Jiangmen counts the evaluation of 四(二), of Jiujiang the national plan of 一(二)."""


def _policy(items: tuple[Provenance, ...]) -> list[Provenance]:
    return [item for item in items if item.source is Source.policy]


@pytest.mark.parametrize("city", CITIES)
def test_everything_the_document_says_is_in_the_pack(cities: dict[str, Pack], city: str) -> None:
    pack = cities[city]
    targets = [target for target in pack.indicators.targets if target.source is Source.policy]
    numbered = [target for target in targets if target.comparator not in NUMBERLESS]
    ladder = pack.ladder
    assert ladder is not None
    found = Expected(
        quantified=len(numbered),
        kept=sum(target.comparator.value == "maintain" for target in numbered),
        statements=sum(len(target.clause) for target in numbered),
        directional=len(targets) - len(numbered),
        milestones=len(pack.milestones.milestones),
        digital_services=len(pack.services.digital_services),
        action_lines=len(pack.header.action_lines),
        nodes=len(ladder.ladder.nodes),
        honours=len(ladder.honours),
        pools=len(ladder.ladder.pools),
        services=len(pack.services.services),
        commissioner_programmes=len(pack.commissioners.programmes),
        talent_programmes=len(pack.talent.programmes),
        bidding_programmes=len(_policy(pack.bidding.programmes)),
        alliances=len(pack.alliances.alliances),
        platforms=len(pack.registers.platform_goals),
        counties=sum(area.kind == "county" for area in pack.areas.areas),
    )
    assert found == CITIES[city]


def test_the_five_documents_together(cities: dict[str, Pack]) -> None:
    assert set(cities) >= set(CITIES)
    total = [CITIES[city] for city in CITIES]
    assert sum(each.quantified for each in total) == 114
    assert sum(each.statements for each in total) == 124
    assert sum(each.directional for each in total) == 18
    assert sum(each.milestones for each in total) == 41
    assert sum(each.digital_services for each in total) == 56


@pytest.mark.parametrize("city", CITIES)
def test_every_indicator_but_the_operational_ones_has_a_target(cities: dict[str, Pack], city: str) -> None:
    file = cities[city].indicators
    aimed_at = {target.indicator for target in file.targets}
    without = {indicator.code for indicator in file.indicators if indicator.code not in aimed_at}
    defaults = {indicator.code for indicator in file.indicators if indicator.source is Source.product_default}
    assert without == defaults


@pytest.mark.parametrize("city", CITIES)
def test_a_word_of_the_editor_is_marked(cities: dict[str, Pack], city: str) -> None:
    """A product default never carries a clause, as if a document had said it."""
    pack = cities[city]
    items: list[Item] = [
        *pack.bidding.programmes,
        *pack.chains.chains,
        *pack.indicators.indicators,
        *pack.forms,
    ]
    assert not [item.code for item in items if item.source is Source.product_default and item.clause]
    assert all(item.confidence == "D" for item in items if item.source is Source.product_default)
