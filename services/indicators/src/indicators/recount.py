"""Compare every counted figure with a recount by hand of the facts.

    python -m indicators.recount [--as-of 2024-06-30] [--gateway http://…  --token-file …]

Also follows every beginning to its earliest ending anew and compares that with what the handlers stored. With
the gateway's address and a token that may read them, the lists of the owning services are counted too, where
a list's filter says the same as the indicator (see `LISTS`). Differences are printed; the exit code is 1.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx
import sqlalchemy as sa

from indicators.catalogue.domain import Indicator, divisions, where
from indicators.facts.domain import Fact, ending_of, no_longer_from
from indicators.facts.store import fact, of_row
from indicators.packs import CityPack, catalogue, load
from indicators.progress.counting import recount
from indicators.progress.figures import AsOf, span_of
from indicators.progress.queries import Asked, counts
from indicators.service import SERVICE
from kechuang.access import Actor
from kechuang.db.engines import Database
from kechuang.db.unit import ReadUnit
from kechuang.settings import Settings

LISTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "technical-need.submitted": (
        "technical-needs",
        {"submitted_on_from": "1949-10-01"},  # whatever was ever submitted
    ),
    "technical-need.confirmed": ("technical-needs", {"state": "confirmed"}),
    "recognition.decided": ("recognitions", {"state": "valid"}),
    "dispatch.activated": ("dispatches", {"state": "active"}),
}  # fmt: skip
"""Kind of fact → the owning service's list whose rows now are what holds of these facts."""


def wrong_endings(facts: Sequence[Fact]) -> list[str]:
    """Name the facts whose stored ending is not the earliest one after their beginning."""
    endings: dict[tuple[str, str], list[Fact]] = {}
    for each in facts:
        endings.setdefault((each.record, each.kind), []).append(each)
    found = []
    for begun in facts:
        kind = ending_of(begun.kind)
        later = [each for each in endings.get((begun.record, kind or ""), ()) if each.version > begun.version]
        earliest = min(later, key=lambda each: each.version, default=None)
        wanted: tuple[date | None, int | None] = (None, None)
        if earliest is not None:
            wanted = (no_longer_from(earliest.kind, earliest.day), earliest.version)
        if (begun.ended_on, begun.ended_version) != wanted:
            found.append(
                f"{begun.kind} {begun.record} v{begun.version}: ended {begun.ended_on}, should be {wanted[0]}"
            )
    return found


def questions(pack: CityPack, as_of: AsOf) -> dict[str, Asked]:
    """Every counted indicator of a pack, for the city and each division."""
    areas = [pack.pack.header.area or "", *(each.id for each in divisions(pack.pack))]
    asked: dict[str, Asked] = {}
    for area in areas:
        placed = where(pack.pack, area)
        for each in pack.indicators.values():
            if each.counted is not None and placed is not None:
                asked[f"{each.key} {area}"] = (each.counted, span_of(each, as_of), placed)
    return asked


async def compare(unit: ReadUnit, as_of: AsOf) -> list[str]:
    """Compare the figures with the recount, in one snapshot; gives the differences."""
    async with unit.snapshot():
        facts = [of_row(row) for row in await unit.execute(sa.select(fact))]
        found = wrong_endings(facts)
        for pack in catalogue(unit).on(as_of.day):
            asked = questions(pack, as_of)
            figures = await counts(unit, asked)
            for key, question in asked.items():
                by_hand = recount(facts, *question)
                if figures[key] != by_hand:
                    found.append(f"{key}: progress says {figures[key]}, a recount {by_hand}")
    return found


async def compare_with_owners(
    client: httpx.AsyncClient, packs: Iterable[CityPack], as_of: AsOf, figures: Mapping[str, int]
) -> list[str]:
    """Compare what holds now with the owning services' own lists, for counts of plain events."""
    found = []
    for pack in packs:
        for each in pack.indicators.values():
            owned = _owned_list(each)
            key = f"{each.key} {each.city}"
            if owned is None or key not in figures:
                continue
            total = await _count(client, *owned, city=each.city)
            if total is not None and total != figures[key]:
                found.append(
                    f"{key} as of {as_of.day}: progress says {figures[key]}, {owned[0]} lists {total}"
                )
    return found


def _owned_list(indicator: Indicator) -> tuple[str, Mapping[str, str]] | None:
    counted = indicator.counted
    if counted is None or counted.filters or counted.subject or counted.quantity:
        return None
    return LISTS.get(counted.kind)


async def _count(
    client: httpx.AsyncClient, resource: str, filters: Mapping[str, str], *, city: str
) -> int | None:
    params = {**filters, "limit": "200"}
    total, cursor = 0, None
    while True:
        answer = await client.get(
            f"/api/v1/{resource}", params=params | ({"cursor": cursor} if cursor else {})
        )
        if answer.status_code != httpx.codes.OK:
            return None
        page: dict[str, Any] = answer.json()
        total += sum(each["city"] == city for each in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return int(total)


async def run(settings: Settings, day: date | None, gateway: str | None, token: str | None) -> list[str]:
    """Do it; gives the differences."""
    database = Database(settings, SERVICE)
    load(settings.packs_dir)
    try:
        async with database.reading(Actor.system(SERVICE.name)) as unit:
            as_of = AsOf(day or unit.today)
            found = await compare(unit, as_of)
            if gateway is not None:
                packs = catalogue(unit).on(as_of.day)
                asked = {key: each for pack in packs for key, each in questions(pack, as_of).items()}
                figures = await counts(unit, asked)
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                async with httpx.AsyncClient(base_url=gateway, headers=headers, timeout=30) as client:
                    found += await compare_with_owners(client, packs, as_of, figures)
    finally:
        await database.stop()
    return found


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m indicators.recount", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--as-of", type=date.fromisoformat, help="a day; today by default")
    parser.add_argument("--gateway", help="compare with the owning services' lists too")
    parser.add_argument(
        "--token-file", type=Path, help="a file that holds a token which may read these lists"
    )
    chosen = parser.parse_args()
    token = chosen.token_file.read_text(encoding="utf-8").strip() if chosen.token_file else None
    found = asyncio.run(run(Settings(), chosen.as_of, chosen.gateway, token))
    sys.stdout.write("\n".join(found) + "\n" if found else "every figure equals its recount\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
