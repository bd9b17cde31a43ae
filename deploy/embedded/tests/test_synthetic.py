"""Synthetic cities: valid, different, believable, and the same for the same seed."""

from collections import Counter
from pathlib import Path

import pytest

from kechuang.codes import areas, disciplines, industries
from kechuang.codes.resident import check_resident_id
from kechuang.codes.uscc import check_uscc
from kechuang_embedded.demo.synthetic import CITIES, City, enterprises, institutions, persons, years_of
from kechuang_packs import Packs, load_packs

PACKS = Path(__file__).parents[3] / "deploy" / "policy-packs"
SEED = 20240301
cities = pytest.mark.parametrize("city", CITIES, ids=lambda city: city.key)


@cities
def test_the_same_seed_gives_the_same_city_and_another_seed_another(city: City) -> None:
    first = list(enterprises(city, 50, SEED))
    assert first == list(enterprises(city, 50, SEED))
    assert {each.uscc for each in first}.isdisjoint(each.uscc for each in enterprises(city, 50, SEED + 1))


@cities
def test_enterprises_have_right_codes_different_names_and_lie_in_counties_of_their_city(city: City) -> None:
    found = list(enterprises(city, 500, SEED))
    assert len({each.uscc for each in found}) == len({each.name for each in found}) == 500
    for each in found:
        assert check_uscc(each.uscc) == each.uscc
        assert each.uscc[2:8] == each.division
        assert "示" in each.name
        assert each.trade.industry in industries()
    spread = Counter(each.division for each in found)
    assert spread.keys() == city.counties.keys()
    shares = {county: share for county, (_, share) in city.counties.items()}
    assert spread.most_common(1)[0][1] > 500 * max(shares.values()) / sum(shares.values()) / 2


@pytest.fixture(scope="module")
def packs() -> Packs:
    return load_packs(PACKS)


@cities
def test_every_county_zone_chain_and_programme_is_one_of_the_citys_pack(city: City, packs: Packs) -> None:
    own = [pack for pack in packs if pack.header.area == city.area]
    known = {area.id: area for pack in own for area in pack.areas.areas}
    assert set(city.counties) == {area.id for area in known.values() if area.kind == "county"}
    assert set(city.counties) <= set(areas())
    assert set(city.zones) <= set(known)
    assert set(city.chains.values()) <= {each.code for pack in own for each in pack.chains.chains}
    assert city.programme in {each.code for pack in own for each in pack.commissioners.programmes}


@cities
def test_persons_have_different_right_numbers_and_works_in_the_words_of_their_trade(city: City) -> None:
    employers = list(institutions(city, 6, SEED))
    found = list(persons(city, employers, 120, SEED))
    assert len({each.id_number for each in found}) == 120
    for each in found:
        assert check_resident_id(each.id_number) == each.id_number
        assert each.trade.discipline in disciplines()
        assert len(each.works) >= 2
        text = "".join(work["title"] for work in each.works)
        assert any(word in text for word in (*each.trade.objects, *each.trade.faults))
    assert len(Counter(each.trade.code for each in found)) == 12


@cities
def test_the_figures_of_a_year_fit_together(city: City) -> None:
    for enterprise in enterprises(city, 100, SEED):
        years = years_of(enterprise, 2021, 2023, SEED)
        assert [each.year for each in years] == [2021, 2022, 2023]
        for year in years:
            assert year.rd_staff <= year.st_staff <= year.employees
            assert year.rd_expense <= year.revenue
            assert year.hightech_income <= year.revenue
            assert year.liabilities < year.assets
