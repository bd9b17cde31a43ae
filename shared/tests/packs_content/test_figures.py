"""Golden figures: read from the documents by hand, clause by clause."""

import datetime as dt
from decimal import Decimal

import pytest

from kechuang_packs import Pack, Packs

END_2022, END_2024, END_2025, END_2027, END_2030 = (
    dt.date(year, 12, 31) for year in (2022, 2024, 2025, 2027, 2030)
)

FIGURES = [
    # city, indicator, comparator, value, deadline, commitment, clause
    ("jiangmen-2023", "industry_alliances_formed", "count", "10", END_2025, "strive", ("二", "三(一)")),
    ("jiangmen-2023", "hnte_vanguard_selected", "count", "100", END_2025, "strive", ("二", "三(二)")),
    ("jiangmen-2023", "lead_innovation_enterprises", "count", "200", END_2025, "firm", ("三(二)",)),
    ("jiangmen-2023", "commissioners_dispatched", "count", "1000", END_2025, "strive", ("二", "三(三)")),
    ("jiangmen-2023", "technical_problems_solved", "count", "1000", END_2025, "strive", ("二", "三(三)")),
    ("jiangmen-2023", "research_talent_added", "count", "10000", END_2025, "strive", ("二", "三(四)")),
    ("jiujiang-2024", "above_scale_rd_vs_province", "benchmark>=", "1", END_2024, "strive", ("一(二)",)),
    ("jiujiang-2024", "gross_rd_growth", "growth>=", "8", END_2024, "strive", ("一(二)",)),
    ("jiujiang-2024", "tech_sme_admitted", "count", "1700", END_2024, "firm", ("一(二)",)),
    ("jiujiang-2024", "hnte_valid_stock", "count", "720", END_2024, "firm", ("一(二)",)),
    ("jiujiang-2024", "hightech_va_share_of_industrial_va", ">=", "35", END_2024, "strive", ("一(二)",)),
    ("jiujiang-2024", "municipal_jiebang_projects", ">=", "10", END_2024, "firm", ("一(二)",)),
    ("jiujiang-2024", "tech_contract_turnover_growth", "growth>=", "30", END_2024, "firm", ("一(二)",)),
    (
        "jiujiang-2024",
        "provincial_key_labs_kept",
        "floor_and_stretch",
        "5",
        END_2024,
        "firm",
        ("二(四)1(2)",),
    ),
    ("jiujiang-2024", "municipal_reward_fund", ">=", "3000", END_2024, "firm", ("三(二)(2)",)),
    ("unnamed-2025", "rd_intensity", ">=", "1.8", END_2025, "firm", ("二",)),
    ("unnamed-2025", "above_scale_rd_active_share", ">", "15", END_2025, "firm", ("二",)),
    ("unnamed-2025", "tech_contract_turnover_cumulative", ">", "60", END_2025, "firm", ("二",)),
    ("unnamed-2025", "hnte_industrial_output", ">", "400", END_2025, "strive", ("二",)),
    ("unnamed-2025", "emerging_industry_share_rise", "increase_pp>=", "5", END_2025, "firm", ("二",)),
    ("unnamed-2025", "pilot_scale_bases", "range", "4", END_2025, "firm", ("三(一)3",)),
    ("unnamed-2025", "transfer_platform_enterprises", ">", "1000", END_2025, "firm", ("三(二)3",)),
    ("unnamed-2025", "hnte_models_selected", ">=", "100", None, "firm", ("三(三)1",)),
    ("unnamed-2025", "rural_commissioner_person_times", "count", "2000", END_2025, "firm", ("三(四)5",)),
    ("unnamed-2025", "medical_device_approvals", ">=", "3", END_2030, "firm", ("三(五)2",)),
    ("unnamed-2025", "maker_spaces", ">=", "15", END_2025, "firm", ("三(六)4",)),
    ("jingmen-2027", "rd_intensity", ">=", "2.5", END_2027, "firm", ("二",)),
    ("jingmen-2027", "hnte_stock", ">=", "1000", END_2027, "firm", ("二",)),
    ("jingmen-2027", "tech_contract_turnover", ">=", "150", END_2027, "firm", ("二",)),
    ("jingmen-2027", "hightech_zone_national_rank", "rank<=", "50", END_2027, "firm", ("二",)),
    ("jingmen-2027", "jiebang_projects_supported_per_year", "approx", "10", END_2027, "firm", ("三(三)3",)),
    ("jingmen-2027", "specialised_added_per_year", "count", "30", END_2027, "strive", ("三(二)2",)),
    ("jingmen-2027", "graduates_taken_in", "count", "60000", END_2027, "strive", ("三(四)1",)),
    ("jingmen-2027", "industrial_talent_trained", ">=", "100000", END_2027, "strive", ("三(四)1",)),
    ("yangjiang-2022", "hnte_added", "count", "30", END_2022, "strive", ("item 7",)),
    ("yangjiang-2022", "tech_sme_admitted", ">=", "130", END_2022, "strive", ("item 9",)),
    ("yangjiang-2022", "research_teams_introduced", "range", "2", END_2022, "firm", ("item 13",)),
    ("yangjiang-2022", "jiebang_problems_solved", "range", "1", END_2022, "firm", ("item 24",)),
    ("yangjiang-2022", "enterprise_commissioners_introduced", ">=", "5", END_2022, "firm", ("item 31",)),
]


@pytest.mark.parametrize(
    ("city", "indicator", "comparator", "value", "deadline", "commitment", "clause"), FIGURES
)
def test_figure(
    cities: dict[str, Pack],
    city: str,
    indicator: str,
    comparator: str,
    value: str,
    deadline: dt.date | None,
    commitment: str,
    clause: tuple[str, ...],
) -> None:
    (target,) = [each for each in cities[city].indicators.targets if each.indicator == indicator]
    found = (target.comparator.value, target.value, target.deadline, target.commitment.value, target.clause)
    assert found == (comparator, Decimal(value), deadline, commitment, clause)


def test_ranges_and_stretches(cities: dict[str, Pack]) -> None:
    def target(city: str, indicator: str) -> tuple[Decimal | None, Decimal | None]:
        (found,) = [each for each in cities[city].indicators.targets if each.indicator == indicator]
        return found.value_max, found.stretch

    assert target("jiujiang-2024", "provincial_key_labs_kept") == (None, Decimal(6))  # 保五争六
    assert target("unnamed-2025", "pilot_scale_bases") == (Decimal(5), None)
    assert target("yangjiang-2022", "research_teams_introduced") == (Decimal(4), None)
    assert target("yangjiang-2022", "docking_meetings") == (Decimal(3), None)
    assert target("yangjiang-2022", "jiebang_problems_solved") == (Decimal(3), None)


def test_force_follows_the_document(cities: dict[str, Pack]) -> None:
    """Jiujiang calls its decomposed targets guiding (指导性), the unnamed city puts them into the appraisal."""
    force = {city: {target.force for target in pack.indicators.targets} for city, pack in cities.items()}
    assert force["jiujiang-2024"] == {"guiding"}
    assert force["unnamed-2025"] == {"assessed"}
    assert force["jiangmen-2023"] == force["jingmen-2027"] == force["yangjiang-2022"] == {"not_stated"}


def test_parts_sums_and_repetitions_are_known(cities: dict[str, Pack]) -> None:
    relations = {
        (city, relation.kind, relation.indicator): relation.of
        for city, pack in cities.items()
        for relation in pack.indicators.relations
    }
    assert relations["jiangmen-2023", "sum_of", "lead_innovation_enterprises"] == (
        "hnte_benchmark_selected",
        "hnte_vanguard_selected",
    )
    assert relations["unnamed-2025", "subset_of", "high_end_new_products"] == ("new_products",)
    assert relations["unnamed-2025", "subset_of", "industry_core_technologies"] == ("new_technologies",)
    assert relations["unnamed-2025", "possible_duplicate_of", "industry_core_technologies"] == (
        "key_technologies_broken",
    )


def test_one_national_title_is_the_same_title_in_every_city(cities: dict[str, Pack], packs: Packs) -> None:
    assert {packs.canonical(pack, "hnte") for pack in cities.values()} == {"national-hnte/hnte"}
    assert {packs.canonical(pack, "tech_sme") for pack in cities.values()} == {"national-tech-sme/tech_sme"}


def test_shapes_of_the_ladders(cities: dict[str, Pack]) -> None:
    shapes = {city: pack.ladder.ladder.shape for city, pack in cities.items() if pack.ladder is not None}
    assert shapes == {
        "jiangmen-2023": "linear",
        "jiujiang-2024": "linear",
        "unnamed-2025": "directed_graph",
        "jingmen-2027": "parallel_tracks",
        "yangjiang-2022": "none_stated",
    }


def test_the_three_lists_are_two_different_things(cities: dict[str, Pack]) -> None:
    (chain,) = cities["unnamed-2025"].lists.groups
    (transfer,) = cities["jingmen-2027"].lists.groups
    assert chain.name.zh == transfer.name.zh == "三张清单"
    assert [entry.entries for entry in chain.lists] == ["enterprise", "resource", "technology"]
    assert [entry.entries for entry in transfer.lists] == ["supply", "demand", "application"]


def test_decomposition_axes(cities: dict[str, Pack]) -> None:
    axes = {
        city: pack.supervision.decomposition.axes
        for city, pack in cities.items()
        if pack.supervision.decomposition is not None
    }
    assert axes == {
        "jiangmen-2023": ("area", "department"),
        "jiujiang-2024": ("area", "section", "quarter"),
        "unnamed-2025": ("area", "department", "year"),
    }


def test_the_city_without_a_name_stands_under_an_area_without_code(cities: dict[str, Pack]) -> None:
    pack = cities["unnamed-2025"]
    (city,) = [area for area in pack.areas.areas if area.kind == "city"]
    assert (pack.header.area, city.id, city.gbt2260) == ("local-city", "local-city", None)


def test_zones_have_no_division_code_and_are_never_added(cities: dict[str, Pack]) -> None:
    zones = [
        area
        for pack in cities.values()
        for area in pack.areas.areas
        if area.kind not in {"city", "county", "province"}
    ]
    assert len(zones) >= 17
    assert {(zone.gbt2260, zone.reports) for zone in zones} == {(None, "overlay")}
    (garden,) = [zone for zone in zones if zone.id == "lushan-botanical-garden"]
    assert garden.parents == ("360483", "360402")
