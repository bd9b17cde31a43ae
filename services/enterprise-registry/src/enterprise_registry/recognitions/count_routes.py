"""The HTTP edge of the counts of recognitions."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from enterprise_registry.policy.library import Library, library
from enterprise_registry.recognitions import counts
from enterprise_registry.recognitions.counts import OVER_A_SPAN, Asked, Axis, Measure
from enterprise_registry.recognitions.domain import EXPIRING_DAYS
from enterprise_registry.recognitions.schemas import RecognitionCount, RecognitionCounts
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang_packs import Pack
from kechuang_packs.models.ladder import CountTarget, Track

counts_router = APIRouter(
    prefix="/recognition-counts", tags=["认定数量 Recognition counts"], route_class=KitRoute
)
_AXES: dict[str, Axis] = {
    "node": "kind",
    "kind": "kind",
    "division": "division",
    "zone": "zone",
    "year": "year",
}
_TARGETS: dict[Measure, tuple[str, ...]] = {
    "stock": ("stock",), "flow": ("new",), "first_time": ("new_per_year", "new"), "expired": (), "expiring": (),
}  # fmt: skip


@counts_router.get(
    "", operation_id="count_recognitions", summary="认定数量 Stock, flow, first time, expired, expiring"
)
@operation(Operation("recognition-counts:read"))
async def count(
    unit: Read,
    measure: Annotated[Measure, Query(description="存量、新增、首次、到期、即将到期")] = "stock",
    as_of: Annotated[date | None, Query(description="The end of this day; today when left out")] = None,
    first: Annotated[
        date | None, Query(description="First day of a span; 1 January of the year of `as_of` when left out")
    ] = None,
    by: Annotated[
        str,
        Query(
            description="`node`, `division`, `zone`, `year`, several with commas; `track` (of a city) beside the others"
        ),
    ] = "node",
    city: Annotated[str | None, Query(description="Area id of a city")] = None,
    kind: Annotated[str | None, Query(description="Kinds, separated by commas")] = None,
    division: Annotated[str | None, Query(description="Counties, separated by commas")] = None,
    zone: Annotated[str | None, Query(description="Zones, separated by commas")] = None,
    within_days: Annotated[int, Query(ge=0, le=3660, description="For `expiring`")] = EXPIRING_DAYS,
) -> RecognitionCounts:
    """Count recognitions as of any day, from the dated recognitions themselves.

    `expired` counts whose validity ran out and who hold the kind no more; `expiring` who would drop out. A kind
    or track as a whole comes with what the policy aims at. 422 `axis_unknown`, `city_needed`, `ends_early`.
    """
    day = as_of or unit.today
    begins = first or date(day.year, 1, 1)
    if begins > day:
        raise invalid("/first", "ends_early", "起日不能晚于 as_of。", "The span ends before it begins.")
    asked = Asked(
        measure, day, begins, (), city, _listed(kind), divisions=_listed(division), zones=_listed(zone),
        within_days=within_days,
    )  # fmt: skip
    names = [each.strip() for each in by.split(",")]
    if "track" in names:
        items = await _by_track(unit, asked, _axes([each for each in names if each != "track"]))
    else:
        axes = _axes(names)
        found = await counts.count(unit, replace(asked, by=axes))
        items = [_item(each, _target_of_kind(unit, asked, axes, each["kind"])) for each in found]
    return RecognitionCounts(
        measure=measure, first=begins if measure in OVER_A_SPAN else None, as_of=day, city=city, items=items
    )


def _listed(text: str | None) -> list[str] | None:
    return [each.strip() for each in text.split(",")] if text else None


def _axes(names: list[str]) -> tuple[Axis, ...]:
    for name in names:
        if name not in _AXES:
            raise invalid(
                "/by", "axis_unknown", "by 只能是 node、division、zone、year、track。",
                "`by` takes node, division, zone, year, track.",
            )  # fmt: skip
    return tuple(dict.fromkeys(_AXES[name] for name in names))


async def _by_track(unit: ReadUnit, asked: Asked, axes: tuple[Axis, ...]) -> list[RecognitionCount]:
    shelf = library(unit)
    pack = shelf.city_pack(asked.city, asked.as_of) if asked.city else None
    if pack is None or pack.ladder is None:
        raise invalid(
            "/city", "city_needed", "按赛道统计须指明城市。", "Counting by track needs a city with a ladder."
        )
    items: list[RecognitionCount] = []
    for track in pack.ladder.ladder.tracks:
        found = await counts.count(unit, replace(asked, by=axes, nodes=_nodes(shelf, pack, track)))
        whole = not asked.divisions and not asked.zones and axes in ((), ("year",))
        target = _target(asked.measure, _targets(shelf, pack, track)) if whole else None
        items += [_item(each, target, track.code) for each in found]
    return items


def _nodes(shelf: Library, pack: Pack, track: Track) -> frozenset[str]:
    """The nodes of a track, those that a node is the union of included."""
    found: set[str] = set()
    for ref in track.nodes:
        owner, node = shelf.node(pack, ref)
        found.add(shelf.canonical(pack, ref))
        found.update(shelf.canonical(owner, each) for each in node.covers)
    return frozenset(found)


def _targets(shelf: Library, pack: Pack, track: Track) -> tuple[CountTarget, ...]:
    """The aims of a track of one node; those of several nodes are not added up."""
    return shelf.node(pack, track.nodes[0])[1].count_targets if len(track.nodes) == 1 else ()


def _target_of_kind(unit: ReadUnit, asked: Asked, axes: tuple[Axis, ...], kind: str | None) -> int | None:
    if (
        asked.city is None
        or kind is None
        or asked.divisions
        or asked.zones
        or axes not in (("kind",), ("kind", "year"), ("year", "kind"))
    ):
        return None
    shelf = library(unit)
    pack = shelf.city_pack(asked.city, asked.as_of)
    found = shelf.find_node(pack, kind) if pack is not None else None
    return _target(asked.measure, found[1].count_targets) if found is not None else None


def _target(measure: Measure, targets: tuple[CountTarget, ...]) -> int | None:
    return next((each.value for each in targets if each.measure in _TARGETS[measure]), None)


def _item(found: dict[str, Any], target: int | None, track: str | None = None) -> RecognitionCount:
    reached = None if target is None else found["organisations"] >= target
    return RecognitionCount(**found, track=track, target=target, reached=reached)
