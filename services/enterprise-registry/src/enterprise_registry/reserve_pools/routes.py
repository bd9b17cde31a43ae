"""The HTTP edge of reserve pools."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from enterprise_registry.policy.library import library
from enterprise_registry.reserve_pools import counts, use_cases
from enterprise_registry.reserve_pools.domain import PoolMember
from enterprise_registry.reserve_pools.imports import IMPORT
from enterprise_registry.reserve_pools.schemas import (
    EXAMPLE,
    PoolCount,
    PoolCounts,
    PoolMemberCreate,
    PoolMemberGraduate,
    PoolMemberLeave,
    PoolMemberOut,
    PoolMemberPatch,
)
from enterprise_registry.reserve_pools.store import members
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import KitRoute, Operation, Read, Write, operation

router = ResourceRouter(members, PoolMemberOut)


@router.create(example=EXAMPLE)
async def create(body: PoolMemberCreate, uow: Write) -> PoolMember:
    """Put an enterprise into the reserve for a rung, with a reason.

    409 `already_member` (names the membership), `already_holds_rung`; 422 `pool_unknown`, `rung_needed`.
    """
    return await use_cases.join(uow, body)


IMPORT.add_routes(router)


@router.update(example={"reason": "研发费用占比连续两年达标。"})
async def update(record_id: RecordId, body: PoolMemberPatch, uow: Write) -> PoolMember:
    """Change the reason of a member."""
    return await use_cases.update(uow, record_id, body)


@router.verb("graduate", example={"reason": "已在省外取得高新技术企业证书后迁入。"})
async def graduate(record_id: RecordId, body: PoolMemberGraduate, uow: Write) -> PoolMember:
    """Graduate by hand; a recognition of the rung in the registry does it by itself."""
    return await use_cases.graduate(uow, record_id, body)


@router.verb("leave", example={"reason": "主营业务变更，不再符合培育方向。"})
async def leave(record_id: RecordId, body: PoolMemberLeave, uow: Write) -> PoolMember:
    """Leave the pool without the rung, with the reason."""
    return await use_cases.leave(uow, record_id, body)


counts_router = APIRouter(
    prefix="/reserve-pool-counts", tags=["后备库数量 Reserve pool counts"], route_class=KitRoute
)
_AXES: dict[str, counts.Axis] = {"pool": "pool", "rung": "rung", "division": "division"}


@counts_router.get("", operation_id="count_reserve_pools", summary="后备库数量 Members, converted, left")
@operation(Operation("reserve-pool-counts:read"))
async def count(
    unit: Read,
    as_of: Annotated[date | None, Query(description="The end of this day; today when left out")] = None,
    first: Annotated[
        date | None, Query(description="First day of the span of joined, converted, left")
    ] = None,
    by: Annotated[str, Query(description="`pool`, `rung`, `division`, several with commas")] = "pool",
    city: Annotated[str | None, Query(description="Area id of a city")] = None,
) -> PoolCounts:
    """Count pools as of any day, from the dated memberships; a pool as a whole comes with its target."""
    axes: list[counts.Axis] = []
    for name in by.split(","):
        if name.strip() not in _AXES:
            raise invalid("/by", "axis_unknown", "by 只能是 pool、rung、division。",
                          "`by` takes pool, rung, division.")  # fmt: skip
        axes.append(_AXES[name.strip()])
    day = as_of or unit.today
    if first is not None and first > day:
        raise invalid("/first", "ends_early", "起日不能晚于 as_of。", "The span ends before it begins.")
    items = []
    for each in await counts.count(unit, first=first, as_of=day, by=axes, city=city):
        target = _target(unit, city, day, each["pool"]) if axes == ["pool"] else None
        reached = None if target is None else each["members"] >= target
        items.append(PoolCount(**each, target=target, reached=reached))
    return PoolCounts(first=first, as_of=day, city=city, items=items)


def _target(unit: ReadUnit, city: str | None, day: date, code: str) -> int | None:
    """The size that the city's pack puts on the pool."""
    pack = library(unit).city_pack(city, day)
    pool = use_cases.pool_of(pack, code) if pack is not None else None
    stated = pool.count_targets if pool is not None else ()
    return next((each.value for each in stated if each.measure == "stock"), None)
