"""Recording a reported value; a second one for the same cell revises the first."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from indicators.catalogue import periods
from indicators.catalogue.domain import where
from indicators.observations.domain import Observation
from indicators.observations.store import observations
from indicators.packs import catalogue
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text


async def record(
    uow: UnitOfWork,
    *,
    indicator: str,
    area: str | None,
    period: str,
    value: Decimal,
    source: str,
    note: str | None = None,
    submission: str | None = None,
    external_ids: list[dict[str, str]] | None = None,
    pointer: str = "",
) -> Observation:
    """Append a value and close the known time of the one that it revises.

    Refuses an indicator or area that no pack knows, and an indicator that is counted or computed (409).
    """
    found = catalogue(uow).find(indicator, uow.today)
    if found is None:
        raise invalid(
            f"{pointer}/indicator", "indicator_unknown", "没有这个指标。", "There is no such indicator."
        )
    city_pack, measured = found
    placed = where(city_pack.pack, area or measured.city)
    if placed is None:
        raise invalid(f"{pointer}/area", "area_unknown", "该市没有这个地区。", "The city has no such area.")
    if measured.counted is not None or measured.formula is not None:
        raise Conflict(
            Text("该指标由系统按业务事实计算，不接受填报。", "This indicator is computed from facts; it takes no reported value."),
            code="indicator_is_computed",
        )  # fmt: skip
    cell = f"{indicator}|{placed.area}|{period}"
    await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(cell, 1))))
    earlier = await observations.lookup(
        uow, lock=True, indicator=indicator, area=placed.area, period=period, known_to=None
    )
    for each in earlier:
        await observations.change(uow, each, "supersede", implied=True, known_to=uow.now)
    values: dict[str, Any] = {
        "indicator": indicator,
        "area": placed.area,
        "period": period,
        "last_day": periods.parse(period).last,
        "value": value,
        "source": source,
        "note": note,
        "submission": submission,
        "supersedes": earlier[0].id if earlier else None,
        "known_from": uow.now,
        "city": placed.city,
        "division": None if placed.level == "zone" else placed.area,
        "zones": [placed.area] if placed.level == "zone" else [],
        "pack": f"{city_pack.pack.id}@{city_pack.pack.version}",
        "external_ids": external_ids or [],
    }
    return await observations.create(uow, verb="publish" if submission else "create", **values)
