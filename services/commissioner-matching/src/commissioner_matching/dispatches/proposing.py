"""Proposing a dispatch: the checks that come before anybody is asked."""

from dataclasses import dataclass
from typing import Any

from commissioner_matching.dispatches.domain import OPEN, Dispatch
from commissioner_matching.dispatches.messages import tell_proposed
from commissioner_matching.dispatches.standing import find_commissioner, find_team
from commissioner_matching.dispatches.store import dispatches
from commissioner_matching.integrity import barred
from commissioner_matching.metadata import parties
from commissioner_matching.packs import Programme, require_programme
from commissioner_matching.persons.domain import conflicts_on
from commissioner_matching.persons.use_cases import require_person
from commissioner_matching.technical_needs import service as needs_service
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text

_ORGANISATIONS = ("enterprise", "organisation")


@dataclass(frozen=True, slots=True)
class Server:
    """Who would be sent."""

    kind: str
    id: str
    label: str
    persons: tuple[str, ...]
    sending_unit: str | None
    programme: str
    city: str | None
    level: str | None
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the server would serve, and where."""

    kind: str
    id: str
    host: str | None
    need: str | None
    city: str | None
    division: str | None
    zones: tuple[str, ...] = ()

    @property
    def organisation(self) -> str | None:
        """The organisation served: the host, or the target itself."""
        return self.host or (self.id if self.kind in _ORGANISATIONS else None)


async def propose(uow: UnitOfWork, values: dict[str, Any], **links: Any) -> Dispatch:
    """Propose a dispatch and ask its parties.

    Raises Conflict `server_not_active`, `conflict_of_interest`, `integrity_record`, `proposed_already`,
    `need_not_routed`, and Invalid for what is unknown or not in the programme.
    """
    target = await _target(uow, values)
    server = await find_server(uow, values, target.city)
    programme = require_programme(uow, server.city, server.programme, "/programme")
    _fits(programme, server, target)
    await refuse_unsuitable(uow, server, target)
    required = _required(programme, server, target)
    dispatch = await dispatches.create(
        uow, city=target.city, division=target.division, zones=list(target.zones),
        organisation=target.organisation, pack=programme.made_under, handlers=[uow.actor.subject],
        server_kind=server.kind, server=server.id, server_label=server.label,
        persons=list(server.persons), sending_unit=server.sending_unit, target_kind=target.kind,
        target=target.id, host=target.host, need=target.need, programme=server.programme,
        level=values.get("level") or server.level, required=required, acceptances=[],
        agreement_required=programme.rules.agreement_required,
        notice_required=programme.rules.public_notice is not None, **links,
    )  # fmt: skip
    if target.need:
        need = await needs_service.locked(uow, target.need)
        if need is not None:
            await needs_service.invite(uow, need, server.persons)
    await tell_proposed(uow, dispatch)
    return dispatch


async def _target(uow: UnitOfWork, values: dict[str, Any]) -> Target:
    kind, target = values["target_kind"], values["target"]
    if kind == "need":
        need = await needs_service.require_servable(uow, target, "/target")
        return Target(kind, need.id, need.organisation, need.id, need.city, need.division, tuple(need.zones))
    host = values.get("host") or (target if kind in _ORGANISATIONS else None)
    if host is None:
        raise invalid(
            "/host", "host_missing", "该类服务对象须指明接收单位。", "This kind of target needs a host."
        )
    party = await parties.require_active(uow, host, "/host")
    return Target(
        kind, target, host, None, values.get("city") or party.city,
        values.get("division") or party.division, tuple(party.zones),
    )  # fmt: skip


async def find_server(uow: UnitOfWork, values: dict[str, Any], city: str | None) -> Server:
    """Give the server that a proposal names, or refuse the field."""
    if values["server_kind"] == "organisation":
        party = await parties.require_active(uow, values["server"], "/server")
        if not values.get("programme"):
            raise invalid(
                "/programme", "programme_missing", "以单位派出须指明计划。",
                "An organisation as server needs a programme.",
            )  # fmt: skip
        return Server(
            "organisation", party.uscc, party.title, (), None, values["programme"], city, None, None
        )
    if values["server_kind"] == "team":
        return await _team(uow, values["server"], city)
    # The city has one base of commissioners: a county may send anybody of it, whoever keeps the file.
    found = await find_commissioner(uow, values["server"], city)
    if found is None:
        raise invalid("/server", "server_unknown", "未找到该科技特派员。", "There is no such commissioner.")
    return Server(
        "commissioner", found.id, found.label, (found.person,), found.organisation, found.programme,
        found.city, found.level, found.capacity,
    )  # fmt: skip


async def _team(uow: UnitOfWork, team_id: str, city: str | None) -> Server:
    team = await find_team(uow, team_id, city)
    if team is None:
        raise invalid("/server", "server_unknown", "未找到该特派团。", "There is no such team.")
    return Server(
        "team", team.id, team.name, tuple(team.persons), None, team.programme, team.city, None, None
    )


def _fits(programme: Programme, server: Server, target: Target) -> None:
    kinds = {"commissioner": "person", "team": "team", "organisation": "organisation"}
    if kinds[server.kind] not in programme.rules.servers:
        raise invalid(
            "/server_kind", "server_kind_not_in_programme", "该计划不派出此类对象。",
            "The programme does not send this kind of server.",
        )  # fmt: skip
    # A need is always an enterprise's: a programme for enterprises serves it too.
    served = set(programme.rules.targets) | ({"need"} if "enterprise" in programme.rules.targets else set())
    if target.kind not in served:
        raise invalid(
            "/target_kind", "target_kind_not_in_programme", "该计划不服务此类对象。",
            "The programme does not serve this kind of target.",
        )  # fmt: skip


async def refuse_unsuitable(uow: UnitOfWork, server: Server, target: Target) -> None:
    """Refuse a server who is tied to whom it would serve, barred, or asked already."""
    organisation = target.organisation or ""
    for person_id in server.persons:
        person = await require_person(uow, person_id, "/server")
        if ties := conflicts_on(person, organisation, uow.today):
            raise Conflict(
                Text("与服务对象存在利益关联，须回避。", "There is a conflict of interest with the target."),
                code="conflict_of_interest",
                extra={"kinds": sorted({each["kind"] for each in ties})},
            )
    if found := await barred(uow, [*server.persons, server.id], uow.today):
        raise Conflict(
            Text("存在有效的失信记录，不得选派。", "An integrity record is in force: no dispatch."),
            code="integrity_record",
            extra={"records": sorted(found.values())},
        )
    for other in await dispatches.lookup(uow, server=server.id, target=target.id):
        if other.state in OPEN:
            raise Conflict(
                Text(f"已有未结束的选派（{other.number}）。", f"There is one already ({other.number})."),
                code="proposed_already",
            )


def _required(programme: Programme, server: Server, target: Target) -> list[str]:
    asked = ["server"]
    for each in programme.rules.acceptances:
        possible = {
            "sending_unit": server.sending_unit is not None,
            "host": target.host is not None,
            "target": target.kind in _ORGANISATIONS and target.id != target.host,
            "county": target.division is not None,
        }.get(each, False)
        if possible and each not in asked:
            asked.append(each)
    if target.host is not None and "host" not in asked:
        asked.append("host")  # nobody is sent to a host that has not agreed
    return asked


def same_target(dispatch: Dispatch, server: str) -> dict[str, Any]:
    """Give the proposal that sends another server to the same target."""
    return {
        "server_kind": "commissioner", "server": server, "target_kind": dispatch.target_kind,
        "target": dispatch.target, "host": dispatch.host, "city": dispatch.city,
        "division": dispatch.division, "level": dispatch.level,
    }  # fmt: skip


__all__ = ["Server", "Target", "find_server", "propose", "same_target"]
