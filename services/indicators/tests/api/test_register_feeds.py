"""What enterprise-registry's registers and alliances say is counted by the indicators that name them."""

from datetime import date, timedelta
from random import Random
from typing import Any

from in_story import Told, hear

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.ids import new_id
from kechuang.testing import ServiceHarness
from kechuang_contracts.enterprise_registry import (
    AllianceActivated,
    AllianceDissolved,
    RegisterRecordConfirmed,
    RegisterRecordEnded,
)

_random = Random(20240301)
_ONE_DAY = timedelta(days=1)


def told(event: Any, record: str | None = None, version: int = 2) -> Told:
    return Told(event, record or new_id(), version, new_id())


def confirmed(city: str, kind: str, first: date, *, level: str | None = None, **dimensions: Any) -> Told:
    event = RegisterRecordConfirmed(
        city=city, division=city, zones=[], group="platform", kind=kind, level=level,
        organisation=synthetic_uscc(_random), parent=None, chain=None, standing="counted", dimensions=dimensions,
        valid_from=first, valid_to=None, supersedes=None, pack=None,
    )  # fmt: skip
    return told(event)


def ended(of: Told, last: date, outcome: str = "ended") -> Told:
    begun: Any = of.event
    event = RegisterRecordEnded(
        city=begun.city, division=begun.division, zones=[], group=begun.group, kind=begun.kind, level=begun.level,
        organisation=begun.organisation, standing=begun.standing, outcome=outcome, ended_on=last,
    )  # fmt: skip
    return told(event, of.record, of.version + 1)


async def value(harness: ServiceHarness, key: str, **asked: Any) -> str | None:
    (item,) = (await harness.client().read("progress", indicator=key, **asked))["items"]
    found: str | None = item["value"]
    return found


async def test_yj_03_a_lost_status_lowers_the_stock_from_the_day_after_its_last(
    quiet: ServiceHarness,
) -> None:
    """YJ-03: the indicator's stock falls when the register's does; what was added stays added."""
    today = quiet.database.clock.today()
    key = "jiujiang-2024.provincial_key_labs_kept"
    labs = [confirmed("360400", "key_laboratory", today - 9 * _ONE_DAY, level="province") for _ in range(3)]
    city_lab = confirmed("360400", "key_laboratory", today - 9 * _ONE_DAY, level="city")
    await hear(quiet, *labs, city_lab)
    assert await value(quiet, key) == "3"
    await hear(quiet, ended(labs[0], today))
    assert await value(quiet, key) == "3"
    await hear(quiet, ended(labs[1], today - _ONE_DAY))
    assert await value(quiet, key) == "2"


async def test_yj_03_a_correction_is_counted_once_in_a_flow(quiet: ServiceHarness) -> None:
    """YJ-03: the corrected record never held, and the new one counts; in whichever order they arrive."""
    today = quiet.database.clock.today()
    key = "yangjiang-2022.key_labs_added"
    wrong, right = (confirmed("441700", "key_laboratory", today, level="city") for _ in range(2))
    taken_back = ended(wrong, today - _ONE_DAY, "corrected")
    await hear(quiet, wrong)
    assert await value(quiet, key, period=str(today.year)) == "1"
    await hear(quiet, right, taken_back)
    assert await value(quiet, key, period=str(today.year)) == "1"


async def test_un_04_a_dimension_of_the_pack_is_a_filter_of_its_feed(quiet: ServiceHarness) -> None:
    """UN-04: high-end products are part of all new products."""
    today = quiet.database.clock.today()
    await hear(
        quiet, *(confirmed("local-city", "new_product", today, high_end=number < 2) for number in range(5))
    )
    assert await value(quiet, "unnamed-2025.high_end_new_products", period=str(today.year)) == "2"
    assert await value(quiet, "unnamed-2025.new_products", period=str(today.year)) == "5"


async def test_jm_07_alliances_and_the_chains_they_cover(quiet: ServiceHarness) -> None:
    """JM-07: alliances are counted, and so are the different chains that they cover."""
    today = quiet.database.clock.today()
    active = [
        told(
            AllianceActivated(
                city="440700", division="440703", zones=[], kind="industry_tech_alliance", level=None, chain=chain,
                lead=synthetic_uscc(_random), members=[], valid_from=today, pack=None,
            )
        )
        for chain in ("electronics", "biomedicine", "biomedicine")
    ]  # fmt: skip
    begun: Any = active[0].event
    dissolved = AllianceDissolved(
        city="440700", division="440703", zones=[], kind=begun.kind, chain=begun.chain, lead=begun.lead,
        ended_on=today,
    )  # fmt: skip
    await hear(quiet, *active, told(dissolved, active[0].record, active[0].version + 1))
    assert await value(quiet, "jiangmen-2023.industry_alliances_formed", period=str(today.year)) == "3"
    assert await value(quiet, "jiangmen-2023.clusters_chains_covered", period=str(today.year)) == "2"
