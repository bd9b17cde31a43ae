"""What a dispatch does to the need that it serves: consequences, never routes."""

from collections.abc import Sequence

from commissioner_matching.technical_needs.domain import Need
from commissioner_matching.technical_needs.store import needs
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text

_SERVABLE = ("routed", "in_service")


async def locked(uow: UnitOfWork, need_id: str) -> Need | None:
    """Lock a need for a consequence."""
    return await needs.lookup_one(uow, lock=True, id=need_id)


async def require_servable(uow: UnitOfWork, need_id: str, pointer: str) -> Need:
    """Give a need that was routed to matching, within the actor's sight, or refuse the field."""
    need = await locked(uow, need_id)
    if need is None or not uow.permissions.permits(uow.actor, "technical-needs:read", need.sight):
        raise invalid(pointer, "need_unknown", "未找到该技术需求。", "There is no such need for you.")
    if need.state not in _SERVABLE or need.route != "matching":
        raise Conflict(
            Text("该需求尚未分流到匹配派员。", "The need has not been routed to matching."),
            code="need_not_routed",
            extra={"state": need.state, "route": need.route},
        )
    return need


async def require_still_servable(uow: UnitOfWork, need_id: str) -> None:
    """Refuse to go on for a need that ended or took another way since the dispatch was proposed."""
    need = await needs.lookup_one(uow, id=need_id)
    if need is None or need.state not in _SERVABLE:
        raise Conflict(
            Text("该需求已结束或另行办理。", "The need has ended, or took another way."),
            code="need_not_servable",
            extra={"state": need.state if need else None},
        )


async def invite(uow: UnitOfWork, need: Need, persons: Sequence[str]) -> None:
    """Let those who are asked see the need, without its confidential part."""
    invited = sorted({*need.invited_persons, *persons})
    if invited != list(need.invited_persons):
        await needs.change(uow, need, "invite", implied=True, invited_persons=invited)


async def disclose(uow: UnitOfWork, need_id: str, persons: Sequence[str]) -> None:
    """All have accepted: those who will serve may read the confidential part."""
    need = await locked(uow, need_id)
    if need is not None and need.state in _SERVABLE:
        serving = sorted({*need.serving_persons, *persons})
        await needs.change(uow, need, "disclose", implied=True, serving_persons=serving)


async def begin(uow: UnitOfWork, need_id: str, dispatch: str) -> None:
    """The dispatch is active: the need is in service."""
    need = await locked(uow, need_id)
    if need is not None and need.state == "routed":
        await needs.change(uow, need, "serve", implied=True, dispatch=dispatch)


async def end(uow: UnitOfWork, need_id: str, dispatch: str, persons: Sequence[str]) -> None:
    """The dispatch came to nothing: its persons see the need no more, and the need is free again."""
    need = await locked(uow, need_id)
    if need is None or need.state not in _SERVABLE:
        return
    gone = set(persons)
    ours = need.dispatch == dispatch
    await needs.change(
        uow, need, "release", implied=True, to="routed" if ours else need.state,
        dispatch=None if ours else need.dispatch,
        invited_persons=[each for each in need.invited_persons if each not in gone],
        serving_persons=[each for each in need.serving_persons if each not in gone],
    )  # fmt: skip
