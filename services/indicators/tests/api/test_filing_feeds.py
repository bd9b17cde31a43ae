"""What counties accept of enterprises' filings moves the indicators that name it."""

from datetime import date, timedelta
from itertools import permutations
from random import Random

import pytest
from in_story import Told, hear

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.ids import new_id
from kechuang.testing import ServiceHarness
from kechuang_contracts.enterprise_registry import FilingSuperseded, FilingVerified

_random = Random(20240305)
SPENDING, PROJECTS = "jiujiang-2024.rd_spending_accepted", "jiujiang-2024.rd_projects_accepted"
CITY = "360400"


def verified(on: date, fen: int, *, corrects: Told | None = None, counted_on: date | None = None) -> Told:
    """A year's R&D spending that the county accepted on a day, for the first time or as a correction."""
    event = FilingVerified(
        city=CITY, division=CITY, zones=[], organisation=synthetic_uscc(_random), form="rd_activity_annual",
        period="2023", statistical=False, supersedes=corrects.record if corrects else None, verified_on=on,
        counted_on=counted_on or on, totals={"rd_expense_fen": fen, "rd_staff": 20, "rd_projects": 3},
    )  # fmt: skip
    return Told(event, new_id(), 3, new_id())


def superseded(wrong: Told, by: Told, counted_on: date) -> Told:
    event = FilingSuperseded(
        city=CITY, division=CITY, zones=[], organisation="x", form="rd_activity_annual", period="2023",
        statistical=False, by=by.record, superseded_on=counted_on - timedelta(days=1),
    )  # fmt: skip
    return Told(event, wrong.record, wrong.version + 1, new_id())


async def value(harness: ServiceHarness, key: str, **asked: str) -> str | None:
    (item,) = (await harness.client().read("progress", indicator=key, area=CITY, **asked))["items"]
    found: str | None = item["value"]
    return found


async def moved(harness: ServiceHarness, since: dict[str, str], key: str, **asked: str) -> float:
    return float(await value(harness, key, **asked) or 0) - float(since[key])


@pytest.fixture
async def since(quiet: ServiceHarness) -> dict[str, str]:
    """The figures before: tests of one city share it."""
    return {key: await value(quiet, key) or "0" for key in (SPENDING, PROJECTS)}


async def test_jj_04_accepted_spending_and_projects_are_summed(
    quiet: ServiceHarness, since: dict[str, str]
) -> None:
    """JJ-04: only accepted data reach the indicators: the event of acceptance carries what they sum."""
    today = quiet.database.clock.today()
    await hear(quiet, verified(today, 360_000_000), verified(today, 40_000_000))
    assert await moved(quiet, since, SPENDING) == 400
    assert await moved(quiet, since, PROJECTS) == 6


ORDERS = Random(7).sample(list(permutations(range(5))), 12)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
async def test_a_period_corrected_twice_counts_once_where_it_was_counted_first(
    quiet: ServiceHarness, since: dict[str, str], order: tuple[int, ...]
) -> None:
    """Whatever the order in which the five events arrive."""
    last = quiet.database.clock.today()
    first, second = last - timedelta(days=2), last - timedelta(days=1)
    one = verified(first, 100_000_000)
    two = verified(second, 200_000_000, corrects=one, counted_on=first)
    three = verified(last, 300_000_000, corrects=two, counted_on=first)
    told = [one, two, three, superseded(one, two, first), superseded(two, three, first)]
    await hear(quiet, *(told[each] for each in order))
    assert await moved(quiet, since, SPENDING) == 300
    assert await moved(quiet, since, PROJECTS) == 3
