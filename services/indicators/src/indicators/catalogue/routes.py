"""The HTTP edge of the catalogue: indicators and targets, read from the packs in force."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query

from indicators.catalogue.domain import Indicator
from indicators.catalogue.schemas import (
    IndicatorOut,
    IndicatorPage,
    TargetOut,
    TargetPage,
    show_indicator,
    show_target,
)
from indicators.packs import catalogue
from kechuang.db.unit import ReadUnit
from kechuang.errors import NotFound
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.text import Text

router = APIRouter(tags=["指标与目标 Indicators"], route_class=KitRoute)

Area = Annotated[str | None, Query(max_length=64, description="Area id of the city")]
Limit = Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=1000)]
_KEY = sa.Column("key", sa.Text)


def _all(unit: ReadUnit, area: str | None) -> Iterable[Indicator]:
    for pack in catalogue(unit).on(unit.today):
        if area is None or pack.pack.header.area == area:
            yield from pack.indicators.values()


def _page(
    rows: Iterable[Any], key: Callable[[Any], str], limit: int, cursor: str | None, *bound: Any
) -> tuple[list[Any], str | None]:
    binding = paging.binding_of(*bound)
    after = paging.decode(cursor, binding, _KEY).value if cursor else ""
    found = sorted((each for each in rows if key(each) > after), key=key)
    more = len(found) > limit
    return found[:limit], paging.Cursor(key(found[limit - 1]), "").encode(binding) if more else None


@operation(Operation("indicators:read"))
async def list_indicators(
    unit: Read,
    area: Area = None,
    family: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = paging.DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> IndicatorPage:
    """What the packs in force measure, by key. A family groups and is never added up."""
    chosen = [each for each in _all(unit, area) if family in (None, each.definition.family)]
    found, next_cursor = _page(chosen, lambda each: each.key, limit, cursor, area, family)
    return IndicatorPage(items=[show_indicator(each, unit.today) for each in found], next_cursor=next_cursor)


@operation(Operation("indicators:read"))
async def get_indicator(
    key: Annotated[str, Path(description="`<pack>.<code>`", max_length=200)], unit: Read
) -> IndicatorOut:
    """Read one indicator with its feed or formula and its clause."""
    found = catalogue(unit).find(key, unit.today)
    if found is None:
        raise NotFound(Text("未找到该指标。", "There is no such indicator."))
    return show_indicator(found[1], unit.today)


@operation(Operation("targets:read"))
async def list_targets(
    unit: Read,
    area: Area = None,
    indicator: Annotated[str | None, Query(max_length=200, description="Key `<pack>.<code>`")] = None,
    limit: Limit = paging.DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> TargetPage:
    """What is to be reached by when, by id."""
    targets = [
        show_target(each, one)
        for each in _all(unit, area)
        if indicator in (None, each.key)
        for one in each.targets
    ]
    found, next_cursor = _page(targets, lambda each: each.id, limit, cursor, area, indicator)
    return TargetPage(items=found, next_cursor=next_cursor)


@operation(Operation("targets:read"))
async def get_target(
    key: Annotated[str, Path(description="`<pack>.<code>`", max_length=200)], unit: Read
) -> TargetOut:
    """Read one target with its clause."""
    for each in _all(unit, None):
        for one in each.targets:
            shown = show_target(each, one)
            if shown.id == key:
                return shown
    raise NotFound(Text("未找到该目标。", "There is no such target."))


for _path, _endpoint, _name, _summary, _model in (
    ("/indicators", list_indicators, "list_indicators", "指标列表 List", IndicatorPage),
    ("/indicators/{key}", get_indicator, "get_indicator", "读取指标 Read", IndicatorOut),
    ("/targets", list_targets, "list_targets", "目标列表 List", TargetPage),
    ("/targets/{key}", get_target, "get_target", "读取目标 Read", TargetOut),
):
    router.add_api_route(
        _path, _endpoint, methods=["GET"], operation_id=_name, summary=_summary, response_model=_model
    )
