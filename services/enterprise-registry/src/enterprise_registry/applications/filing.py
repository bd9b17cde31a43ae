"""The applicant's side: draft, update, submit, withdraw."""

from typing import Any

from enterprise_registry.applications.domain import UNDER_WAY, Application
from enterprise_registry.applications.honours import require_honour_fits
from enterprise_registry.applications.schemas import ApplicationCreate, ApplicationPatch
from enterprise_registry.applications.store import applications
from enterprise_registry.assessments.standing import relation_faults
from enterprise_registry.assessments.use_cases import assessed
from enterprise_registry.filings.use_cases import missing_materials
from enterprise_registry.integrity import require_no_sanction
from enterprise_registry.messages import notify
from enterprise_registry.metadata import acting_for, alone, parties
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.policy_documents.store import basis_warnings
from enterprise_registry.procedure import application_windows
from enterprise_registry.recognitions.kinds import find_kind
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, invalid
from kechuang.http.attachments import attached
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.records import plain
from kechuang.text import Text
from kechuang_packs.models.content import FormDefinition
from kechuang_procedure import forms
from kechuang_procedure.windows import Window


async def draft(uow: UnitOfWork, body: ApplicationCreate) -> Application:
    """Begin an application; 409 with the one under way when the organisation has one in this window."""
    uscc = acting_for(uow, body.organisation, "applications:create")
    await parties.require_authority(uow, uscc, "draft")
    owner = await parties.require_active(uow, uscc, "/organisation")
    window = await _window(uow, body)
    _require_fitting(window, body.target, owner.city, owner.division, owner.zones)
    shelf = library(uow)
    pack = shelf.require_city_pack(window.city, uow.today, "/window")
    kind = find_kind(shelf, pack, window.target, "/target")
    if window.form is not None:
        form = shelf.form(pack, window.form)
        forms.require(form.fields, body.answers, pointer="/answers", complete=False)
    await alone(uow, "application", uscc, window.id)
    for each in await applications.lookup(uow, organisation=uscc, window=window.id):
        if each.state in (*UNDER_WAY, "draft"):
            raise Conflict(
                Text("本单位在该申报通知下已有申报。", "There is an application in this window already."),
                code="already_applied",
                extra={"existing": {"id": each.id, "number": each.number, "label": each.target}},
            )
    record_id = new_id()
    files = await attached(uow, "applications", record_id, body.attachments)
    return await applications.create(
        uow, record_id=record_id,
        **columns(body)
        | {"attachments": files}
        | {"organisation": uscc, "window": window.id, "round": window.details.get("round"), "target": window.target},
        node=kind.canonical, decided_by=kind.decided_by, form=window.form,
        form_version=window.form_version, returns=[], pack=stamp(pack),
        warnings=[], skips_recommendation=bool(window.details.get("skip_recommendation")),
        city=owner.city, division=owner.division, zones=list(owner.zones),
    )  # fmt: skip


async def _window(uow: UnitOfWork, body: ApplicationCreate) -> Window:
    """The open window that the body names, or the one of the selection round that it names."""
    if body.window is not None:
        return await application_windows.require_open(uow, body.window, "/window")
    found = await application_windows.of_round(uow, body.round or "")
    if found is None:
        raise invalid(
            "/round", "round_unknown", "没有这次评选，或其不接受申报。", "No such round takes applications."
        )
    return await application_windows.require_open(uow, found.id, "/round")


def _require_fitting(
    window: Window, target: str | None, city: str | None, division: str | None, zones: Any
) -> None:
    if target is not None and target != window.target:
        raise invalid(
            "/target", "other_target", "与申报通知的类别不符。", "The window is for another target."
        )
    areas = set(window.areas)
    if city != window.city or (areas and areas.isdisjoint({division, *zones})):
        raise invalid(
            "/window", "outside_the_area", "本单位不在该申报通知的适用区域。",
            "The organisation lies outside the window's areas.",
        )  # fmt: skip


def form_of(uow: UnitOfWork, application: Application) -> FormDefinition | None:
    """The form that the application answers, as its pack version states it."""
    if application.form is None:
        return None
    shelf = library(uow)
    return shelf.form(shelf.stamped(application.pack or ""), application.form)


async def update(uow: UnitOfWork, record_id: str, body: ApplicationPatch) -> Application:
    """Change a draft or a returned application."""
    application = await applications.load(uow, record_id, "update")
    await parties.require_authority(uow, application.organisation or "", "draft")
    values = columns(body, only_set=True)
    if "answers" in values:
        merged = {**application.answers, **(values["answers"] or {})}
        values["answers"] = {key: each for key, each in merged.items() if each is not None}
        form = form_of(uow, application)
        if form is not None:
            forms.require(form.fields, values["answers"], pointer="/answers", complete=False)
    if "attachments" in values:
        values["attachments"] = await attached(
            uow, "applications", application.id, body.attachments, before=application.attachments
        )
    return await applications.change(uow, application, "update", **values)


async def submit(uow: UnitOfWork, record_id: str) -> Application:
    """Judge completeness and hand in, with the assessment of the day; a dry run is the pre-flight.

    A resubmission goes back to whoever returned it and keeps the first submission's time.
    """
    application = await applications.load(uow, record_id, "submit")
    uscc = application.organisation or ""
    await parties.require_authority(uow, uscc, "submit")
    await parties.require_active(uow, uscc, "/organisation")
    await require_no_sanction(uow, uscc)
    if application.state == "draft":
        await application_windows.require_open(uow, application.window, "/window")
    await _require_complete(uow, application)
    await _require_honour_fits(uow, application)
    assessment = await _assessment(uow, application)
    back_to = application.returns[-1]["from_state"] if application.state == "returned" else "submitted"
    step = _NEXT_CITY if back_to == "county_recommended" or application.skips_recommendation else _NEXT_COUNTY
    receipt = forms.receipt(
        application.number,
        dict(application.answers),
        submitted_at=uow.now,
        received_at=uow.now,
        next_step=step,
    )
    if application.receipt is not None:
        receipt["submitted_at"] = application.receipt["submitted_at"]
    handed_in = await applications.change(
        uow, application, "submit", to=back_to, receipt=receipt, assessment=assessment,
        assessment_result=assessment["result"] if assessment else None,
        submitted_on=application.submitted_on or uow.today,
        warnings=await basis_warnings(uow, application.pack),
    )  # fmt: skip
    notify(
        uow, handed_in, "applications", "application.submitted", kind=_kind(uow, handed_in),
        received_at=receipt["received_at"], digest=receipt["digest"],
    )  # fmt: skip
    return handed_in


def _kind(uow: UnitOfWork, application: Application) -> str:
    shelf = library(uow)
    return find_kind(shelf, shelf.stamped(application.pack or ""), application.target, "/target").name.zh


async def _require_honour_fits(uow: UnitOfWork, application: Application) -> None:
    if application.round is None:
        return
    window = await application_windows.records.lookup_one(uow, id=application.window)
    honour = str(window.details["honour"]) if window else application.target
    pack = library(uow).stamped(application.pack or "")
    await require_honour_fits(uow, pack, honour, application.organisation or "", uow.today)


_NEXT_COUNTY = Text("等待县（市、区）推荐。", "The county will recommend it.")
_NEXT_CITY = Text("等待市级审核。", "The city will review it.")


async def _require_complete(uow: UnitOfWork, application: Application) -> None:
    form = form_of(uow, application)
    errors: list[FieldError] = []
    if form is not None:
        errors += forms.check(form.fields, application.answers, pointer="/answers", complete=True)
        errors += missing_materials(form, {each["kind"] for each in application.attachments})
    pack = library(uow).stamped(application.pack or "")
    if _on_ladder(uow, application):
        errors += await relation_faults(
            uow, pack, application.target, application.organisation or "", uow.today
        )
    if errors:
        raise Invalid(
            Text(f"申报材料有 {len(errors)} 处需要更正。", f"{len(errors)} thing(s) need correction."),
            errors=errors, code="form_invalid",
        )  # fmt: skip


def _on_ladder(uow: UnitOfWork, application: Application) -> bool:
    """Whether the target is a node, with rules and relations, and not an honour beside the ladder."""
    shelf = library(uow)
    return find_kind(shelf, shelf.stamped(application.pack or ""), application.target, "/target").on_ladder


async def _assessment(uow: UnitOfWork, application: Application) -> dict[str, Any] | None:
    """The engine's answer to keep with the application; None where the node has no machine-readable rule."""
    shelf = library(uow)
    pack = shelf.stamped(application.pack or "")
    if not _on_ladder(uow, application) or shelf.packs.rule(pack, application.target, uow.today) is None:
        return None
    answer = await assessed(uow, pack, application.organisation or "", application.target, uow.today)
    kept: dict[str, Any] = plain(answer)
    return kept


async def withdraw(uow: UnitOfWork, record_id: str, reason: str | None) -> Application:
    """Take it back before the notice."""
    application = await applications.load(uow, record_id, "withdraw")
    await parties.require_authority(uow, application.organisation or "", "submit")
    uow.reason = reason
    return await applications.change(uow, application, "withdraw")
