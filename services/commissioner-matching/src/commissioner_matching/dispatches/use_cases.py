"""What can be done with a dispatch: one function per intention, one transaction each."""

from datetime import date, timedelta
from typing import Any

from commissioner_matching.dispatches import ledger
from commissioner_matching.dispatches.domain import Dispatch, missing, organisation_of, roles_of
from commissioner_matching.dispatches.messages import tell_activated
from commissioner_matching.dispatches.proposing import propose, same_target
from commissioner_matching.dispatches.standing import find_commissioner, find_team
from commissioner_matching.dispatches.store import dispatches
from commissioner_matching.enrolments.domain import months_later
from commissioner_matching.integrity import barred
from commissioner_matching.metadata import parties
from commissioner_matching.packs import Programme, find_programme
from commissioner_matching.persons.use_cases import contacts
from commissioner_matching.technical_needs import service as needs_service
from kechuang.clock import end_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts import commissioner_matching as events

EXPIRY_TIMER = "dispatches.expiry"
_IN_CONTACT = ("accepted", "agreement_signed", "active", "completed")


async def accept(uow: UnitOfWork, dispatch_id: str, asked_as: str | None) -> Dispatch:
    """One party accepts; the server's acceptance takes a place of its capacity.

    Raises NotPermitted `nothing_to_accept`, `authorisation_missing`, Conflict `over_capacity`, `server_not_active`.
    """
    dispatch = await dispatches.load(uow, dispatch_id, "accept")
    dispatches.resource.machine.require("accept", dispatch.state)
    role = _accepting_as(dispatch, roles_of(dispatch, uow.actor), asked_as)
    await _require_signature(uow, dispatch, role)
    if dispatch.need:
        await needs_service.require_still_servable(uow, dispatch.need)
    capacity = await _require_active_server(uow, dispatch)
    if role == "server":
        await _take_places(uow, dispatch, capacity)
    entry = {
        "by": role, "subject": uow.actor.subject, "person": uow.actor.person, "at": uow.now.isoformat(),
    }  # fmt: skip
    acceptances = [*dispatch.acceptances, entry]
    complete = missing(dispatch) == [role]
    accepted = await dispatches.change(
        uow, dispatch, "accept", to="accepted" if complete else None, acceptances=acceptances
    )
    if complete and accepted.need:
        await needs_service.disclose(uow, accepted.need, accepted.persons)
    return accepted


def _accepting_as(dispatch: Dispatch, can: list[str], asked_as: str | None) -> str:
    if asked_as is not None and asked_as in can:
        return asked_as
    if asked_as is not None or not can:
        raise NotPermitted(
            Text(
                f"没有需要您接受的事项；尚待：{'、'.join(missing(dispatch))}。",
                f"There is nothing for you to accept; it waits for: {', '.join(missing(dispatch))}.",
            ),
            code="nothing_to_accept",
            extra={"missing": missing(dispatch)},
        )
    return can[0]


async def _require_signature(uow: UnitOfWork, dispatch: Dispatch, role: str) -> None:
    if organisation := organisation_of(dispatch, role):
        await parties.require_authority(uow, organisation, "sign")


async def _require_active_server(uow: UnitOfWork, dispatch: Dispatch) -> int | None:
    """Refuse where the server left or was suspended meanwhile; gives a commissioner's own capacity."""
    if dispatch.server_kind == "team":
        await find_team(uow, dispatch.server, dispatch.city, lock=True)
    elif dispatch.server_kind == "commissioner":
        server = await find_commissioner(uow, dispatch.server, dispatch.city, lock=True)
        return server.capacity if server else None
    return None


async def _take_places(uow: UnitOfWork, dispatch: Dispatch, capacity: int | None) -> None:
    programme = find_programme(uow, dispatch.city, dispatch.programme)
    places = programme.targets_per_server if capacity is None and programme else capacity
    if await barred(uow, [dispatch.server, *dispatch.persons], uow.today):
        raise Conflict(
            Text("存在有效的失信记录，不得选派。", "An integrity record is in force: no dispatch."),
            code="integrity_record",
        )
    await ledger.take(
        uow, dispatch.id,
        {
            ledger.server_key(dispatch.server_kind, dispatch.server): places,
            ledger.target_key(dispatch.programme, dispatch.target_kind, dispatch.target):
                programme.servers_per_target if programme else None,
        },
    )  # fmt: skip


async def read_contacts(uow: UnitOfWork, dispatch_id: str, reason: str) -> list[dict[str, Any]]:
    """Give names and telephone numbers of who serves to the host, once all have accepted; audited."""
    dispatch = await dispatches.load(uow, dispatch_id, "contacts")
    if dispatch.state not in _IN_CONTACT:
        raise Conflict(
            Text("各方接受后方可查看联系方式。", "Contacts are given once all have accepted."),
            code="not_accepted_by_all",
            extra={"state": dispatch.state},
        )
    uow.audit(
        "dispatches:contacts", resource="dispatches", record_id=dispatch.id, version=dispatch.version,
        reason=reason,
    )  # fmt: skip
    clear = await contacts(uow, list(dispatch.persons))
    return [{"person": each, **clear[each]} for each in dispatch.persons]


async def decline(uow: UnitOfWork, dispatch_id: str, reason: str) -> Dispatch:
    """One of the parties says no; places that were taken are free again."""
    uow.reason = reason
    dispatch = await dispatches.load(uow, dispatch_id, "decline")
    if uow.actor.organisation:
        await parties.require_authority(uow, uow.actor.organisation, "sign")
    declined = await dispatches.change(uow, dispatch, "decline", ended_on=uow.today)
    await _undo(uow, declined)
    return declined


async def sign(uow: UnitOfWork, dispatch_id: str, agreement_no: str, signed_on: date | None) -> Dispatch:
    """Record the agreement that all parties signed."""
    dispatch = await dispatches.load(uow, dispatch_id, "sign")
    day = signed_on or uow.today
    if day > uow.today:
        raise invalid("/signed_on", "in_future", "签订日期不能晚于今天。", "The day lies in the future.")
    return await dispatches.change(uow, dispatch, "sign", agreement_no=agreement_no, signed_on=day)


async def activate(uow: UnitOfWork, dispatch_id: str, values: dict[str, Any]) -> Dispatch:
    """The dispatch begins; its need is in service, and it is counted from now on."""
    dispatch = await dispatches.load(uow, dispatch_id, "activate")
    if dispatch.notice_required and not values["notice"]:
        raise invalid(
            "/notice", "notice_missing", "该计划要求先公示，请填写公示文号。",
            "The programme demands a public notice first; give its number.",
        )  # fmt: skip
    if dispatch.need:
        await needs_service.require_still_servable(uow, dispatch.need)
    begins = values["valid_from"] or uow.today
    programme = find_programme(uow, dispatch.city, dispatch.programme)
    ends = values["valid_to"] or _term_end(programme, begins)
    if ends is not None and ends < begins:
        raise invalid("/valid_to", "ends_before_start", "结束日早于开始日。", "It ends before it begins.")
    active = await dispatches.change(
        uow, dispatch, "activate", notice=values["notice"], valid_from=begins, valid_to=ends
    )
    if ends is not None:
        uow.schedule(EXPIRY_TIMER, end_of_day(ends), active.id, active.version)
    if active.need:
        await needs_service.begin(uow, active.need, active.id)
    uow.emit(
        events.DispatchActivated(
            **_placed(active), server_kind=active.server_kind, persons=list(active.persons),
            team=active.server if active.server_kind == "team" else None,
            programme=active.programme, level=active.level, target_kind=active.target_kind,
            target=active.target, host=active.host, need=active.need, valid_from=begins, valid_to=ends,
        ),
        aggregate=active.id,
        version=active.version,
    )  # fmt: skip
    await tell_activated(uow, active)
    return active


def _term_end(programme: Programme | None, begins: date) -> date | None:
    """The last day of the term: it starts the day after the beginning and ends on the same day of a month."""
    months = programme.rules.term_months if programme else None
    return months_later(begins, months) if months else None


async def recall(uow: UnitOfWork, dispatch_id: str, reason: str) -> Dispatch:
    """An officer calls the server back."""
    uow.reason = reason
    dispatch = await dispatches.load(uow, dispatch_id, "recall")
    recalled = await dispatches.change(uow, dispatch, "recall", ended_on=uow.today)
    await _stop(uow, dispatch, recalled)
    return recalled


async def replace(uow: UnitOfWork, dispatch_id: str, server: str, reason: str) -> Dispatch:
    """Another commissioner takes over: this dispatch ends, a linked proposal begins. Gives the new one."""
    uow.reason = reason
    dispatch = await dispatches.load(uow, dispatch_id, "replace")
    replaced = await dispatches.change(uow, dispatch, "replace", ended_on=uow.today)
    await _stop(uow, dispatch, replaced)
    return await propose(uow, same_target(replaced, server), replaces=replaced.id)


async def complete(uow: UnitOfWork, dispatch_id: str, reason: str | None) -> Dispatch:
    """The service is done; what was served stays in service until its owner confirms."""
    uow.reason = reason
    dispatch = await dispatches.load(uow, dispatch_id, "complete")
    return await _complete(uow, dispatch, "complete", uow.today, ended_from=uow.today)


async def expire(uow: UnitOfWork, timer: Timer) -> None:
    """The last day has passed: the term ends by itself, unless the dispatch ended before.

    The record keeps that day as its last one; the event names the day after, from which nobody serves any more.
    """
    dispatch = await dispatches.load(uow, timer.record_id, "expire")
    last = dispatch.valid_to
    if dispatch.state == "active" and last and end_of_day(last) == timer.due_at:
        await _complete(uow, dispatch, "expire", last, ended_from=last + timedelta(days=1))


async def _complete(
    uow: UnitOfWork, dispatch: Dispatch, verb: str, day: date, *, ended_from: date
) -> Dispatch:
    completed = await dispatches.change(uow, dispatch, verb, ended_on=day)
    await ledger.release(uow, completed.id)
    _tell_end(uow, completed, ended_from)
    return completed


async def assess(uow: UnitOfWork, dispatch_id: str, grade: str, remarks: str | None) -> Dispatch:
    """Record the result of the assessment; grades are the programme's, where it names any."""
    dispatch = await dispatches.load(uow, dispatch_id, "assess")
    programme = find_programme(uow, dispatch.city, dispatch.programme)
    review = programme.rules.review if programme else None
    grades = [each.code for each in review.grades] if review else []
    if grades and grade not in grades:
        raise invalid(
            "/grade", "grade_unknown", f"考核等次应为：{'、'.join(grades)}。",
            f"The programme's grades are: {', '.join(grades)}.",
        )  # fmt: skip
    return await dispatches.change(uow, dispatch, "assess", grade=grade, remarks=remarks)


async def renew(uow: UnitOfWork, dispatch_id: str) -> Dispatch:
    """Propose the same server for the same target again, as a new linked dispatch. Gives the new one."""
    dispatch = await dispatches.load(uow, dispatch_id, "renew")
    programme = find_programme(uow, dispatch.city, dispatch.programme)
    if programme is not None and not programme.rules.renewable:
        raise Conflict(Text("该计划不可续派。", "The programme allows no renewal."), code="not_renewable")
    await dispatches.change(uow, dispatch, "renew")
    values = {**same_target(dispatch, dispatch.server), "server_kind": dispatch.server_kind,
              "programme": dispatch.programme}  # fmt: skip
    return await propose(uow, values, renews=dispatch.id)


async def _stop(uow: UnitOfWork, before: Dispatch, after: Dispatch) -> None:
    """Undo what a dispatch holds; tell its end if it had begun."""
    await _undo(uow, after)
    if before.state == "active":
        _tell_end(uow, after, uow.today)


async def _undo(uow: UnitOfWork, dispatch: Dispatch) -> None:
    await ledger.release(uow, dispatch.id)
    if dispatch.need:
        await needs_service.end(uow, dispatch.need, dispatch.id, dispatch.persons)


def _tell_end(uow: UnitOfWork, dispatch: Dispatch, day: date) -> None:
    uow.emit(
        events.DispatchEnded(**_placed(dispatch), outcome=dispatch.state, ended_on=day),
        aggregate=dispatch.id,
        version=dispatch.version,
    )


def _placed(dispatch: Dispatch) -> dict[str, Any]:
    return {"city": dispatch.city, "division": dispatch.division, "zones": list(dispatch.zones)}
