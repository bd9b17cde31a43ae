"""What cases tell: events for the services, messages by the pack's templates for those concerned."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from enterprise_registry.messages import notify_to
from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import library
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Event
from kechuang_contracts import enterprise_registry as events
from kechuang_procedure.cases import Case, Kind
from kechuang_procedure.cases.hooks import Happened


async def tell_cases(
    uow: UnitOfWork, case: Case, kind: Kind, happened: Happened, to: Sequence[str], details: Mapping[str, Any]
) -> None:
    """Publish the event, if there is one, and send the messages, if the pack has some."""
    event = _event(case, happened, uow.today, details)
    if event is not None:
        uow.emit(event, aggregate=case.id, version=case.version)
    served = await parties.find(uow, case.organisation) if case.organisation else None
    area = library(uow).areas().get(case.division or case.city or "")
    place = area[1].name.zh if area else ""
    notify_to(
        uow, case, "enterprise-cases", f"case.{happened}",
        {"officer": tuple(to), "organisation": access.owner(case.organisation)[:1]},
        title=case.title, kind=kind.name.zh, organisation_name=served.title if served else place,
        owner=case.owner_post or case.owner_unit or "", due_on=case.next_due_on or "",
        overdue_since=case.overdue_since or "", result=case.result or "",
        reason=details.get("reason") or uow.reason or "",
    )  # fmt: skip


def _event(case: Case, happened: Happened, today: date, details: Mapping[str, Any]) -> Event | None:
    placed: dict[str, Any] = {
        "city": case.city, "division": case.division, "zones": list(case.zones),
        "organisation": case.organisation, "kind": case.kind, "action": case.action,
    }  # fmt: skip
    event: Event | None = None
    match happened:
        case "opened":
            event = events.EnterpriseCaseOpened(
                **placed, opened_on=case.opened_on, due_on=case.due_on, targets=len(case.targets)
            )
        case "resolved":
            on_time = case.due_on is None or today <= case.due_on
            event = events.EnterpriseCaseResolved(**placed, resolved_on=today, on_time=on_time)
        case "confirmed":
            event = events.EnterpriseCaseConfirmed(
                **placed, confirmed_on=today, satisfaction=case.satisfaction
            )
        case "reopened":
            event = events.EnterpriseCaseReopened(**placed, reopened_on=today)
        case "closed":
            event = events.EnterpriseCaseClosed(**placed, closed_on=today, from_state=details["from_state"])
        case "contact_logged":
            event = events.EnterpriseCaseContactLogged(
                **placed | {"organisation": details["organisation"]}, contacted_on=details["on"],
                way=details["way"], first=details["first"], led_to=details["led_to"],
            )  # fmt: skip
    return event
