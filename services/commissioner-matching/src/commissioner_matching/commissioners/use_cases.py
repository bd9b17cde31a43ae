"""Commissioners: enrolment in a programme, with the counter of what they serve."""

from typing import Any

from commissioner_matching.commissioners.domain import Commissioner, capacity_of
from commissioner_matching.commissioners.store import commissioners
from commissioner_matching.dispatches import ledger
from commissioner_matching.enrolments.desk import Desk
from commissioner_matching.packs import find_programme, require_programme
from commissioner_matching.teams.store import active_teams_of
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text
from kechuang_contracts import commissioner_matching as events


async def _announce(uow: UnitOfWork, each: Commissioner, outcome: str) -> None:
    placed: dict[str, Any] = {"city": each.city, "division": each.division, "zones": list(each.zones)}
    event: events.CommissionerActivated | events.CommissionerEnded
    if outcome == "active":
        await ledger.set_limit(uow, ledger.server_key("commissioner", each.id), each.capacity)
        event = events.CommissionerActivated(
            **placed, person=each.person, programme=each.programme, level=each.level,
            activated_on=uow.today,
        )  # fmt: skip
    else:
        if outcome == "exited":
            await _refuse_while_serving(uow, each)
        event = events.CommissionerEnded(
            **placed, person=each.person, programme=each.programme, outcome=outcome, ended_on=uow.today
        )
    uow.emit(event, aggregate=each.id, version=each.version)


async def _refuse_while_serving(uow: UnitOfWork, each: Commissioner) -> None:
    """What they serve by themself, and what the teams serve that they are a member of."""
    keys = [ledger.server_key("commissioner", each.id)]
    keys += [ledger.server_key("team", team) for team in await active_teams_of(uow, each.id)]
    if taken := sum((await ledger.loads(uow, keys)).values()):
        raise Conflict(
            Text(
                f"本人及所在特派团尚有 {taken} 项未结束的选派，请先完成、召回或更换。",
                f"{taken} dispatches of the person and their teams are still open; "
                "complete, recall or replace them first.",
            ),
            code="dispatches_open",
            extra={"open": taken},
        )


def _rules(uow: UnitOfWork, each: Commissioner) -> tuple[int | None, int | None]:
    programme = find_programme(uow, each.city, each.programme)
    review = programme.rules.review if programme else None
    return (review.warned_lasts_months, review.cooling_months) if review else (None, None)


desk: Desk[Commissioner] = Desk(
    commissioners, once_in=("programme", "city"), announce=_announce, rules=_rules
)


async def enrol(uow: UnitOfWork, values: dict[str, Any]) -> Commissioner:
    """Enrol a person in a programme of the city's pack; the record keeps the pack's version."""
    programme = require_programme(uow, values["city"], values["programme"], "/programme")
    values["capacity"] = capacity_of(values["capacity"], programme.targets_per_server)
    values["pack"] = programme.made_under
    return await desk.enrol(uow, values)


async def change(uow: UnitOfWork, record_id: str, values: dict[str, Any]) -> Commissioner:
    """Change level or capacity; the capacity stays within the programme and above what runs."""
    each = await commissioners.load(uow, record_id, "update")
    if "capacity" in values:
        programme = find_programme(uow, each.city, each.programme)
        values["capacity"] = capacity_of(
            values["capacity"], programme.targets_per_server if programme else None
        )
        await ledger.set_limit(uow, ledger.server_key("commissioner", each.id), values["capacity"])
    return await commissioners.change(uow, each, "update", **values)
