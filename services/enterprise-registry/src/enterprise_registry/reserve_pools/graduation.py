"""The way out of a pool: by a recognition of the rung, in that recognition's own transaction, or by leaving."""

from datetime import date
from typing import Protocol

from enterprise_registry.ladders.relations import relations_of
from enterprise_registry.metadata import hears, tell
from enterprise_registry.policy.library import Library, library
from enterprise_registry.reserve_pools.domain import PoolMember
from enterprise_registry.reserve_pools.store import members
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Received
from kechuang_contracts import enterprise_registry as events

_DEREGISTERED = "单位已注销 The organisation was deregistered"


class Recognised(Protocol):
    """What graduation needs to know of a recognition."""

    @property
    def id(self) -> str: ...
    @property
    def organisation(self) -> str | None: ...
    @property
    def node(self) -> str: ...
    @property
    def issued_on(self) -> date: ...
    @property
    def pack(self) -> str | None: ...
    @property
    def valid_to(self) -> date | None: ...


def standing_with(shelf: Library, pack: str | None, *nodes: str) -> frozenset[str]:
    """Give the nodes that stand when these are held, as the pack version `pack` relates them."""
    found = shelf.stamped(pack or "")
    return relations_of(shelf.packs, found.id, found.version).closed(nodes)


async def graduate_for(uow: UnitOfWork, recognition: Recognised) -> None:
    """Graduate the organisation's memberships for the rungs that it stands on by this recognition.

    These are its own node and every node that it implies or that is a union over it. A recognition that ended
    before the member joined (an old list that arrives late) converts nobody.
    """
    rungs = standing_with(library(uow), recognition.pack, recognition.node)
    for each in await members.lookup(uow, lock=True, organisation=recognition.organisation, state="joined"):
        ended = recognition.valid_to is not None and recognition.valid_to < each.joined_on
        if each.node not in rungs or ended:
            continue
        on = max(recognition.issued_on, each.joined_on)
        await out(uow, each, "graduate", on, implied=True, recognition=recognition.id)


async def with_enterprise(uow: UnitOfWork, event: Received[events.OrganisationChanged]) -> None:
    """A deregistered enterprise (注销) leaves every pool that it is in."""
    if event.data.state != "deregistered":
        return
    for each in await members.lookup(uow, lock=True, organisation=event.data.uscc, state="joined"):
        await out(uow, each, "leave", uow.today, implied=True, out_reason=_DEREGISTERED)


hears(events.OrganisationChanged, with_enterprise)


async def out(
    uow: UnitOfWork, member: PoolMember, verb: str, on: date, *, implied: bool = False, **values: str | None
) -> PoolMember:
    """End a membership on a day; it counts as a member until the day before."""
    ended = await members.change(uow, member, verb, implied=implied, out_on=on, **values)
    await tell(
        uow,
        events.ReservePoolMemberEnded(
            city=ended.city, division=ended.division, zones=list(ended.zones),
            organisation=ended.organisation or "", pool=ended.pool, rung=ended.rung, outcome=ended.state,
            ended_on=on, recognition=ended.recognition,
        ),
        aggregate=ended.id, version=ended.version,
    )  # fmt: skip
    return ended
