"""The offices' side: accept, return, recommend, review, forward, notice, decision, result from elsewhere."""

from typing import Any

from enterprise_registry.applications.domain import Application
from enterprise_registry.applications.honours import require_in_being
from enterprise_registry.applications.schemas import (
    ApplicationDecide,
    ApplicationForward,
    ApplicationNotice,
    ApplicationReject,
    ApplicationResult,
)
from enterprise_registry.applications.store import applications
from enterprise_registry.assessments.standing import require_fitting
from enterprise_registry.integrity import require_no_sanction
from enterprise_registry.messages import notify
from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import library
from enterprise_registry.policy_documents.store import basis_warnings
from enterprise_registry.procedure import notices, require_day_of_decision, with_due_day
from enterprise_registry.recognitions import use_cases as recognitions
from enterprise_registry.recognitions.kinds import find_kind
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_procedure.returns import ReturnForCorrection, in_one_line, is_due, returned

LAPSE = "applications.lapse"


async def accept(uow: UnitOfWork, record_id: str) -> Application:
    """Note that it was accepted for handling."""
    application = await applications.load(uow, record_id, "accept")
    return await applications.change(
        uow, application, "accept", accepted_on=application.accepted_on or uow.today
    )


async def return_(uow: UnitOfWork, record_id: str, body: ReturnForCorrection) -> Application:
    """Return once a step, with everything that is to be corrected; it lapses at the due day."""
    application = await applications.load(uow, record_id, "return")
    earlier = [dict(each) for each in application.returns]
    body = with_due_day(uow, application.pack, body)
    noted = returned(uow, application, body, step=application.state, earlier=earlier, timer=LAPSE)
    changed = await applications.change(uow, application, "return", returns=noted)
    notify(
        uow, changed, "applications", "application.returned", kind=_kind(uow, changed),
        due_on=noted[-1]["due_on"], reasons=in_one_line(noted[-1]),
    )  # fmt: skip
    return changed


async def expedite(uow: UnitOfWork, record_id: str, reason: str) -> Application:
    """Put it into the fast lane with the pack's shorter time limit."""
    application = await applications.load(uow, record_id, "expedite")
    shelf = library(uow)
    within = shelf.period(shelf.stamped(application.pack or ""), "fast_lane")
    return await applications.expedite(uow, application, reason, within)


async def lapse(uow: UnitOfWork, timer: Timer) -> None:
    """The due day of a return has passed without resubmission."""
    application = await applications.lookup_one(uow, lock=True, id=timer.record_id)
    if application is not None and application.state == "returned" and is_due(application.returns, uow.today):
        await applications.change(uow, application, "lapse")


async def recommend(uow: UnitOfWork, record_id: str, opinion: str | None) -> Application:
    """The county, zone or department recommends it."""
    application = await applications.load(uow, record_id, "recommend")
    return await applications.change(
        uow, application, "recommend", recommendation=opinion, recommender=uow.actor.unit,
        accepted_on=application.accepted_on or uow.today,
    )  # fmt: skip


async def review(uow: UnitOfWork, record_id: str, opinion: str | None) -> Application:
    """The city reviews it."""
    application = await applications.load(uow, record_id, "review")
    return await applications.change(uow, application, "review", review_opinion=opinion)


async def forward(uow: UnitOfWork, record_id: str, body: ApplicationForward) -> Application:
    """Forward it to whoever decides elsewhere."""
    application = await applications.load(uow, record_id, "forward")
    uow.reason = body.document_no
    return await applications.change(
        uow, application, "forward", forwarded_on=uow.today,
        forwarded_to=body.forwarded_to or application.decided_by,
    )  # fmt: skip


async def open_notice(uow: UnitOfWork, record_id: str, body: ApplicationNotice) -> Application:
    """Put reviewed applications of one window on public notice together."""
    first = await applications.load(uow, record_id, "open-notice")
    await _require_no_running_notice(uow, first)
    together = [first]
    for index, other in enumerate(sorted(set(body.others) - {first.id})):
        each = await applications.load(uow, other, "open-notice")
        if each.window != first.window or each.city != first.city:
            raise invalid(
                f"/others/{index}", "other_window", "应为同一申报通知下的申报。", "Of another window."
            )
        await _require_no_running_notice(uow, each)
        together.append(each)
    shelf = library(uow)
    pack = shelf.stamped(first.pack or "")
    kind = find_kind(shelf, pack, first.target, "/target")
    names = await parties.find_many(uow, [each.organisation or "" for each in together])
    period, clause = shelf.notice_period(pack, first.target)
    notice = await notices.open(
        uow,
        title=body.title or f"关于拟认定{kind.name.zh}的公示",
        subject="recognition",
        items=[
            {
                "record": each.id,
                "number": each.number,
                "label": names[each.organisation or ""].title,
                "organisation": each.organisation,
                "details": {"target": each.target},
            }
            for each in together
        ],
        period=period, contact=body.contact, city=first.city, division=first.city, clause=clause,
        pack=first.pack,
    )  # fmt: skip
    changed = [
        await applications.change(uow, each, "open-notice", implied=each.id != first.id, notice=notice.id)
        for each in together
    ]
    return changed[0]


async def _require_no_running_notice(uow: UnitOfWork, application: Application) -> None:
    """After a withdrawn notice the corrected list is a new notice with a new period."""
    if application.notice is None:
        return
    notice = await notices.records.lookup_one(uow, lock=True, id=application.notice)
    if notice is not None and notice.state != "withdrawn":
        raise Conflict(
            Text("该申报已公示；更正名单应先撤回原公示。", "It is on notice; withdraw that notice first."),
            code="already_on_notice",
        )


async def decide(uow: UnitOfWork, record_id: str, body: ApplicationDecide) -> Application:
    """Decide after the notice: never by who handled it, never while an objection holds it."""
    application = await applications.load(uow, record_id, "decide")
    require_day_of_decision(uow.today, body.decided_on)
    notice = application.notice or ""
    if body.outcome == "recognised":
        passed = await notices.require_passed(uow, notice, application.id)
        require_day_of_decision(uow.today, body.decided_on, passed)
        await require_in_being(uow, application.organisation or "")
        await require_no_sanction(uow, application.organisation or "")
        pack = library(uow).stamped(application.pack or "")
        await require_fitting(uow, pack, application.target, application.organisation or "", body.decided_on)
    decided = await _conclude(uow, application, "decide", body, source="application")
    await notices.settle(uow, notice, application.id)
    return decided


async def record_result(uow: UnitOfWork, record_id: str, body: ApplicationResult) -> Application:
    """Record what was decided elsewhere."""
    application = await applications.load(uow, record_id, "record-result")
    require_day_of_decision(uow.today, body.decided_on)
    return await _conclude(uow, application, "record-result", body, source="forwarded")


async def _conclude(
    uow: UnitOfWork,
    application: Application,
    verb: str,
    body: ApplicationDecide | ApplicationResult,
    *,
    source: str,
) -> Application:
    """Write the outcome and, where it is a recognition, record that under the application's pack version."""
    recognised = body.outcome == "recognised"
    recognition = new_id() if recognised else None
    said: dict[str, Any] = body.model_dump(mode="json") | {"decided_by": uow.actor.subject}
    concluded = await applications.change(
        uow, application, verb, to=body.outcome, decision=said, recognition=recognition,
        warnings=await basis_warnings(uow, application.pack),
    )  # fmt: skip
    if recognised:
        result = body if isinstance(body, ApplicationResult) else None
        grant = recognitions.Grant(
            record_id=recognition, organisation=application.organisation or "", kind=application.target,
            source=source, issued_on=body.decided_on, document_no=body.document_no,
            application=application.id, pack=application.pack, renews_held=True,
            certificate_no=result.certificate_no if result else None,
            valid_from=result.valid_from if result else None,
            valid_to=result.valid_to if result else None,
        )  # fmt: skip
        await recognitions.record(uow, grant, verb="record")
    if not recognised:
        tell_rejected(uow, concluded, body.grounds)
    return concluded


async def reject(uow: UnitOfWork, record_id: str, body: ApplicationReject) -> Application:
    """Reject before or after the notice, with grounds; never by who handled it."""
    application = await applications.load(uow, record_id, "reject")
    uow.reason = body.grounds
    decision = {
        "outcome": "rejected", "document_no": body.document_no, "decided_on": uow.today.isoformat(),
        "grounds": body.grounds, "decided_by": uow.actor.subject,
    }  # fmt: skip
    rejected = await applications.change(uow, application, "reject", decision=decision)
    if rejected.notice is not None:
        await notices.settle(uow, rejected.notice, rejected.id)
    tell_rejected(uow, rejected, body.grounds)
    return rejected


def _kind(uow: UnitOfWork, application: Application) -> str:
    shelf = library(uow)
    return find_kind(shelf, shelf.stamped(application.pack or ""), application.target, "/target").name.zh


def tell_rejected(uow: UnitOfWork, application: Application, grounds: str | None) -> None:
    """Send the pack's message of a rejection, with its grounds."""
    notify(
        uow, application, "applications", "application.rejected", kind=_kind(uow, application), reasons=grounds,
    )  # fmt: skip
