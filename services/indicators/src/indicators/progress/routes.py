"""`GET /progress`, and `GET /indicators/{id}/provenance`."""

from datetime import date
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query

from indicators.catalogue.periods import PATTERN
from indicators.progress import asking
from indicators.progress.provenance import provenance
from indicators.progress.schemas import ProgressPage, ProvenanceOut
from indicators.progress.use_cases import progress
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, operation

router = APIRouter(tags=["指标进展 Progress"], route_class=KitRoute)

AsOfDay = Annotated[
    date | None, Query(alias="as_of", description="End of this day in Shanghai; today by default")
]
PeriodText = Annotated[str | None, Query(alias="period", pattern=PATTERN, description="`2024`, `2024-H1`, `2024-Q1`, `2024-03`")]  # fmt: skip
Area = Annotated[str | None, Query(max_length=64, description="Area id: the city, a county or a zone")]
Limit = Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=1000)]
_KEY = sa.Column("key", sa.Text)


@operation(Operation("progress:read"))
async def list_progress(
    unit: Read,
    area: Area = None,
    indicator: Annotated[str | None, Query(max_length=4000, description="Keys, separated by commas")] = None,
    period: PeriodText = None,
    as_of: AsOfDay = None,
    by: Annotated[Literal["division"] | None, Query(description="Adds each county's part")] = None,
    limit: Limit = paging.MAX_LIMIT,
    cursor: Cursor = None,
) -> ProgressPage:
    """How an area stands to its targets as of a day: value, target, state, light, and where it comes from;
    without an area every city.

    `as_of` asks in both times: what held then, as far as it was known then. Without a period a stock is
    that of the day and a flow counts since the plan (or, where it is a yearly one, the year) began.
    """
    times = asking.as_of(unit, as_of, period)
    asked = asking.many(unit, indicator, area, times)
    binding = paging.binding_of(indicator, area, times.day, period, by)
    after = paging.decode(cursor, binding, _KEY).value if cursor else ""
    keys = sorted(each.key for one in asked for each in one.indicators if each.key > after)
    page = set(keys[:limit])
    items = []
    for one in asked:
        chosen = [each for each in one.indicators if each.key in page]
        if chosen:
            items += await progress(unit, one.pack, chosen, one.area, times, by_division=by == "division")
    items.sort(key=lambda each: each.indicator)
    more = len(keys) > limit
    return ProgressPage(
        items=items, next_cursor=paging.Cursor(keys[limit - 1], "").encode(binding) if more else None
    )


@operation(Operation("indicators:provenance"))
async def get_provenance(
    key: Annotated[str, Path(description="`<pack>.<code>`", max_length=200)],
    unit: Read,
    area: Area = None,
    period: PeriodText = None,
    as_of: AsOfDay = None,
    limit: Limit = paging.DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ProvenanceOut:
    """What is behind a value: each counted fact with its record and event, the reported row, or the inputs.

    Facts outside the caller's areas are counted and not shown.
    """
    asked = asking.as_of(unit, as_of, period)
    pack, indicator, placed = asking.one(unit, key, area, asked)
    return await provenance(unit, pack, indicator, placed, asked, limit, cursor)


router.add_api_route("/progress", list_progress, methods=["GET"], operation_id="list_progress",
                     summary="指标进展 Progress", response_model=ProgressPage,
                     responses={404: {"$ref": "#/components/responses/Problem404"}})  # fmt: skip
router.add_api_route("/indicators/{key}/provenance", get_provenance, methods=["GET"],
                     operation_id="get_indicator_provenance", summary="数据来源 Provenance",
                     response_model=ProvenanceOut)  # fmt: skip
