"""What can be done with a technical need: one function per intention, one transaction each."""

from datetime import timedelta
from typing import Any

from commissioner_matching.dispatches.store import dispatches
from commissioner_matching.metadata import parties
from commissioner_matching.need_campaigns import need_campaigns
from commissioner_matching.technical_needs.domain import CONFIRM_DAYS, ROUTES, Need, way_of_solving
from commissioner_matching.technical_needs.messages import tell_owner
from commissioner_matching.technical_needs.schemas import TechnicalNeedCreate, TechnicalNeedPatch
from commissioner_matching.technical_needs.store import needs
from kechuang.db.unit import UnitOfWork
from kechuang.errors import NotPermitted
from kechuang.http.attachments import attached
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.messaging.events import Received
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts import commissioner_matching as events
from kechuang_contracts.project_bidding import ContractAccepted
from kechuang_procedure.returns import ReturnForCorrection, in_one_line, is_due, returned

RETURN_TIMER = "technical-needs.return-due"


async def file_need(uow: UnitOfWork, body: TechnicalNeedCreate) -> Need:
    """An enterprise drafts a need; it takes its place from the organisation's registration."""
    uscc = uow.actor.organisation
    if uscc is None:
        raise NotPermitted(Text("令牌未指明单位。", "The token names no organisation."))
    await parties.require_authority(uow, uscc, "draft")
    owner = await parties.require_active(uow, uscc, "/organisation")
    record_id = new_id()
    files = await attached(uow, "technical-needs", record_id, body.attachments)
    return await needs.create(
        uow, record_id=record_id, organisation=uscc, city=owner.city, division=owner.division,
        zones=list(owner.zones), invited_persons=[], serving_persons=[], returns=[],
        **columns(body) | {"attachments": files},
    )  # fmt: skip


async def correct_need(uow: UnitOfWork, need_id: str, body: TechnicalNeedPatch) -> Need:
    """The owner changes a draft or a returned need."""
    need = await _of_owner(uow, need_id, "update", "draft")
    values = columns(body, only_set=True)
    if "attachments" in values:
        values["attachments"] = await attached(
            uow, "technical-needs", need.id, body.attachments, before=need.attachments
        )
    return await needs.change(uow, need, "update", **values)


async def submit_need(uow: UnitOfWork, need_id: str) -> Need:
    """The owner submits; a resubmission keeps the first submission's day and is told once."""
    need = await _of_owner(uow, need_id, "submit", "submit")
    first = need.submitted_on is None
    if first and need.campaign is not None:
        await need_campaigns.require_open(uow, need.campaign, "/campaign")
    submitted = await needs.change(uow, need, "submit", submitted_on=need.submitted_on or uow.today)
    if first:
        uow.emit(
            events.TechnicalNeedSubmitted(
                **_placed(submitted), organisation=submitted.organisation or "", chain=submitted.chain,
                fields=list(submitted.fields), submitted_on=uow.today,
            ),
            aggregate=submitted.id,
            version=submitted.version,
        )  # fmt: skip
    return submitted


async def withdraw_need(uow: UnitOfWork, need_id: str, reason: str | None) -> Need:
    """The owner takes the need back before it is routed."""
    uow.reason = reason
    need = await _of_owner(uow, need_id, "withdraw", "submit")
    return await needs.change(uow, need, "withdraw")


async def accept_need(uow: UnitOfWork, need_id: str, reason: str | None) -> Need:
    """An officer of the place takes the need on."""
    uow.reason = reason
    accepted = await needs.change(uow, await needs.load(uow, need_id, "accept"), "accept")
    tell_owner(uow, accepted, "accepted")
    return accepted


async def return_need(uow: UnitOfWork, need_id: str, body: ReturnForCorrection) -> Need:
    """An officer returns the need with everything that is to be corrected; once, with a due date."""
    need = await needs.load(uow, need_id, "return")
    entries = returned(uow, need, body, step="acceptance", earlier=list(need.returns), timer=RETURN_TIMER)
    changed = await needs.change(uow, need, "return", returns=entries)
    tell_owner(uow, changed, "returned", due_on=entries[-1]["due_on"], reasons=in_one_line(entries[-1]))
    return changed


async def lapse_return(uow: UnitOfWork, timer: Timer) -> None:
    """The due date of a return has passed: the matter lapses, unless it was resubmitted meanwhile."""
    need = await needs.load(uow, timer.record_id, "lapse")
    if need.state == "returned" and is_due(need.returns, uow.today):
        await needs.change(uow, need, "lapse")


async def route_need(uow: UnitOfWork, need_id: str, route: str) -> Need:
    """An officer decides whether advice, a commissioner or an open call is the way."""
    routed = await needs.change(uow, await needs.load(uow, need_id, "route"), "route", route=route)
    tell_owner(uow, routed, "routed", kind=ROUTES[route].zh)
    return routed


async def advise_need(uow: UnitOfWork, need_id: str, answer: str) -> Need:
    """An officer answers a need that needs no commissioner."""
    advised = await needs.change(uow, await needs.load(uow, need_id, "advise"), "advise", answer=answer)
    tell_owner(uow, advised, "advised")
    return advised


async def consent_to_text(uow: UnitOfWork, need_id: str, public_title: str, public_text: str) -> Need:
    """The owner's signatory consents to exactly this text being published in a call."""
    need = await _of_owner(uow, need_id, "consent", "sign")
    return await needs.change(
        uow, need, "consent", public_title=public_title, public_text=public_text,
        consented_by=uow.actor.person or uow.actor.subject, consented_at=uow.now,
    )  # fmt: skip


async def escalate_need(uow: UnitOfWork, need_id: str, reason: str | None) -> Need:
    """The city turns the need into a draft call; only the consented text leaves this service."""
    uow.reason = reason
    need = await needs.load(uow, need_id, "escalate")
    escalated = await needs.change(uow, need, "escalate", route="call")
    uow.emit(
        events.TechnicalNeedEscalated(
            **_placed(escalated), organisation=escalated.organisation or "",
            need_number=escalated.number, public_title=escalated.public_title or "",
            public_text=escalated.public_text or "", fields=list(escalated.fields),
            chain=escalated.chain, budget_fen=escalated.budget_fen,
            consented_by=escalated.consented_by or "",
            consented_at=escalated.consented_at.isoformat() if escalated.consented_at else "",
        ),
        aggregate=escalated.id,
        version=escalated.version,
    )  # fmt: skip
    return escalated


async def resolve_need(uow: UnitOfWork, need_id: str, reason: str | None) -> Need:
    """Who serves or handles the need says that it is solved; only the owner can confirm it."""
    uow.reason = reason
    need = await needs.load(uow, need_id, "resolve")
    if uow.actor.person in need.invited_persons and uow.actor.person not in need.serving_persons:
        raise NotPermitted(
            Text("您尚未承接该需求的服务。", "You were asked, but do not serve this need yet."),
            code="not_serving",
        )
    return _to_be_confirmed(uow, await needs.change(uow, need, "resolve"))


def _to_be_confirmed(uow: UnitOfWork, need: Need) -> Need:
    tell_owner(uow, need, "resolved", due_on=(uow.today + timedelta(days=CONFIRM_DAYS)).isoformat())
    return need


async def fulfil_by_contract(uow: UnitOfWork, event: Received[ContractAccepted]) -> None:
    """An accepted contract of the need's call resolves it.

    Idempotent and order-tolerant: the contract's id is kept with the need, and one that was counted, or
    that comes while the need is no longer with the call, changes nothing.
    """
    if event.data.need is None or event.data.outcome != "accepted":
        return
    need = await needs.lookup_one(uow, lock=True, id=event.data.need)
    if need is None or need.contract == event.aggregate or need.state != "escalated_to_call":
        return
    _to_be_confirmed(uow, await needs.change(uow, need, "fulfil", contract=event.aggregate))


async def confirm_need(uow: UnitOfWork, need_id: str, reason: str | None) -> Need:
    """The enterprise alone confirms; only this counts as a problem solved."""
    uow.reason = reason
    need = await _of_owner(uow, need_id, "confirm", "submit")
    confirmed = await needs.change(uow, need, "confirm")
    uow.emit(
        events.TechnicalNeedConfirmed(
            **_placed(confirmed), organisation=confirmed.organisation or "", chain=confirmed.chain,
            way=way_of_solving(confirmed), dispatch=confirmed.dispatch, contract=confirmed.contract,
            confirmed_on=uow.today,
        ),
        aggregate=confirmed.id,
        version=confirmed.version,
    )  # fmt: skip
    return confirmed


async def reopen_need(uow: UnitOfWork, need_id: str, reason: str) -> Need:
    """The enterprise says that it is not solved; a confirmed one no longer counts.

    While its dispatch goes on it is in service again; otherwise an officer decides anew which way it takes.
    """
    uow.reason = reason
    need = await _of_owner(uow, need_id, "reopen", "submit")
    dispatch = await dispatches.lookup_one(uow, id=need.dispatch) if need.dispatch else None
    if dispatch is not None and dispatch.state == "active":
        reopened = await needs.change(uow, need, "reopen", to="in_service", contract=None)
    else:
        reopened = await needs.change(
            uow, need, "reopen", to="routed", route=None, dispatch=None, contract=None
        )
    if need.state == "confirmed":
        uow.emit(
            events.TechnicalNeedReopened(
                **_placed(reopened), organisation=reopened.organisation or "", reopened_on=uow.today
            ),
            aggregate=reopened.id,
            version=reopened.version,
        )
    return reopened


async def close_need(uow: UnitOfWork, need_id: str, reason: str | None) -> Need:
    """The city closes a need that could not be solved."""
    uow.reason = reason
    return await needs.change(uow, await needs.load(uow, need_id, "close"), "close")


async def _of_owner(uow: UnitOfWork, need_id: str, verb: str, scope: str) -> Need:
    need = await needs.load(uow, need_id, verb)
    await parties.require_authority(uow, need.organisation or "", scope)
    return need


def _placed(need: Need) -> dict[str, Any]:
    return {"city": need.city, "division": need.division, "zones": list(need.zones)}
