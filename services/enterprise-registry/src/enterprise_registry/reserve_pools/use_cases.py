"""Joining a reserve pool, and going out of it by hand."""

from datetime import date

from enterprise_registry.metadata import alone, parties, tell
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.recognitions.counts import held_nodes
from enterprise_registry.reserve_pools.domain import PoolMember
from enterprise_registry.reserve_pools.graduation import out, standing_with
from enterprise_registry.reserve_pools.schemas import (
    PoolMemberCreate,
    PoolMemberGraduate,
    PoolMemberLeave,
    PoolMemberPatch,
)
from enterprise_registry.reserve_pools.store import members
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events
from kechuang_packs import Pack
from kechuang_packs.models.ladder import ReservePool


def pool_of(pack: Pack, code: str) -> ReservePool | None:
    """Give a pool of the pack by its code."""
    pools = pack.ladder.ladder.pools if pack.ladder else ()
    return next((each for each in pools if each.code == code), None)


async def join(uow: UnitOfWork, body: PoolMemberCreate) -> PoolMember:
    """Put an enterprise into a pool; 409 `already_member`, `already_holds_rung`."""
    owner = await parties.require_active(uow, body.organisation, "/organisation")
    joined_on = body.joined_on or uow.today
    if joined_on > uow.today:
        raise invalid("/joined_on", "in_the_future", "入库日期不能晚于今天。", "Not in the future.")
    shelf = library(uow)
    pack = shelf.require_city_pack(owner.city, uow.today)
    pool = pool_of(pack, body.pool)
    if pool is None:
        raise invalid("/pool", "pool_unknown", "该城市没有这个后备库。", "The city has no such pool.")
    rung = body.rung or pool.for_node
    if rung is None:
        raise invalid(
            "/rung", "rung_needed", "该后备库面向整个梯次，请指明目标梯次。",
            "The pool serves the whole ladder: name the rung.",
        )  # fmt: skip
    shelf.node(pack, rung, "/rung")
    node = shelf.canonical(pack, rung)
    if pool.for_node is not None and shelf.canonical(pack, pool.for_node) != node:
        raise invalid("/rung", "other_rung", "与后备库的目标梯次不符。", "The pool is for another rung.")
    await alone(uow, "pool", body.organisation)
    await _require_new(uow, body, stamp(pack), node, joined_on)
    member = await members.create(
        uow, organisation=body.organisation, city=owner.city, division=owner.division, zones=list(owner.zones),
        pool=body.pool, rung=shelf.local_code(pack, node), node=node, reason=body.reason, joined_on=joined_on,
        pack=stamp(pack), external_ids=[each.model_dump() for each in body.external_ids],
    )  # fmt: skip
    await tell(
        uow,
        events.ReservePoolMemberJoined(
            city=member.city, division=member.division, zones=list(member.zones),
            organisation=body.organisation, pool=member.pool, rung=member.rung, joined_on=member.joined_on,
            pack=member.pack,
        ),
        aggregate=member.id, version=member.version,
    )  # fmt: skip
    return member


async def _require_new(uow: UnitOfWork, body: PoolMemberCreate, pack: str, node: str, on: date) -> None:
    live = await members.lookup_one(
        uow, organisation=body.organisation, pool=body.pool, node=node, state="joined"
    )
    if live is not None:
        raise Conflict(
            Text("该单位已在该后备库中。", "The organisation is in this pool already."), code="already_member",
            extra={"existing": {"id": live.id, "number": live.number, "label": live.pool}},
        )  # fmt: skip
    held = await held_nodes(uow, body.organisation, on)
    giving = next((each for each in sorted(held) if node in standing_with(library(uow), pack, each)), None)
    if giving is not None:
        raise Conflict(
            Text("该单位已取得该梯次，无需入库。", "The organisation holds the rung already."),
            code="already_holds_rung",
            extra={"recognition": held[giving][0].id},
        )


async def update(uow: UnitOfWork, record_id: str, body: PoolMemberPatch) -> PoolMember:
    """Change the reason of a member."""
    member = await members.load(uow, record_id, "update")
    return await members.change(uow, member, "update", reason=body.reason or member.reason)


async def graduate(uow: UnitOfWork, record_id: str, body: PoolMemberGraduate) -> PoolMember:
    """Note a rung that was gained outside the registry; counts as converted."""
    return await _out(uow, record_id, "graduate", body.on, body.reason)


async def leave(uow: UnitOfWork, record_id: str, body: PoolMemberLeave) -> PoolMember:
    """Take a member out of the pool, with the reason."""
    return await _out(uow, record_id, "leave", body.on, body.reason)


async def _out(uow: UnitOfWork, record_id: str, verb: str, on: date | None, reason: str) -> PoolMember:
    member = await members.load(uow, record_id, verb)
    day = on or uow.today
    if not member.joined_on <= day <= uow.today:
        raise invalid(
            "/on", "outside_the_membership", "应在入库日至今天之间。", "Between the day of joining and today."
        )
    uow.reason = reason
    return await out(uow, member, verb, day, out_reason=reason)
