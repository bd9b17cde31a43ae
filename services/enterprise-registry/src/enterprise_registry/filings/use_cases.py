"""What can be done with a filing."""

from enterprise_registry.filings.checks import check_fields
from enterprise_registry.filings.classify import classify_after
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.periods import PeriodFormatError, is_over
from enterprise_registry.filings.schemas import FilingCreate, FilingPatch
from enterprise_registry.filings.store import filings
from enterprise_registry.messages import notify
from enterprise_registry.metadata import acting_for, alone, parties, tell
from enterprise_registry.policy.facts import vocabulary_of
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.procedure import filing_windows, is_due, reasons, with_due_day
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, invalid
from kechuang.http.attachments import attached
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_contracts import enterprise_registry as events
from kechuang_packs.models.content import FormDefinition
from kechuang_procedure import forms
from kechuang_procedure.returns import ReturnForCorrection, returned

LAPSE = "filings.lapse"
_NEXT = Text("等待县（市、区）核实。", "The county will verify it.")


async def draft(uow: UnitOfWork, body: FilingCreate) -> Filing:
    """Begin a filing; 409 with the existing one when the period is filed already."""
    uscc = acting_for(uow, body.organisation, "filings:create")
    await parties.require_authority(uow, uscc, "draft")
    owner = await parties.require_active(uow, uscc, "/organisation")
    shelf = library(uow)
    pack = shelf.require_city_pack(owner.city, uow.today, "/organisation")
    form = shelf.form(pack, body.form)
    _require_period(uow, form, body.period)
    if body.window is not None:
        window = await filing_windows.require_open(uow, body.window, "/window")
        if window.target != body.form:
            raise invalid(
                "/window", "other_form", "该填报通知不针对此表单。", "The window asks another form."
            )
    forms.require(form.fields, body.facts, pointer="/facts", complete=False)
    await alone(uow, "filing", uscc, body.form, body.period)
    live = [
        each
        for each in await filings.lookup(uow, organisation=uscc, form=body.form, period=body.period)
        if each.state not in ("withdrawn", "lapsed", "superseded")
    ]
    if live:
        raise Conflict(
            Text("本期该表单已填报；如需修改已核实的数据，请使用“更正”。",
                 "This form is filed for the period; use `correct` on a verified filing."),
            code="already_filed",
            extra={"existing": {"id": live[0].id, "number": live[0].number, "label": body.period}},
        )  # fmt: skip
    record_id = new_id()
    files = await attached(uow, "filings", record_id, body.attachments)
    return await filings.create(
        uow, record_id=record_id, **columns(body) | {"organisation": uscc, "attachments": files}, form_version=form.version, statistical=form.statistical,
        warnings=[], returns=[], pack=stamp(pack), city=owner.city, division=owner.division,
        zones=list(owner.zones),
    )  # fmt: skip


def _require_period(uow: UnitOfWork, form: FormDefinition, period: str) -> None:
    if form.purpose != "filing" or form.period == "none":
        raise invalid("/form", "not_a_filing", "该表单不用于定期填报。", "The form is no periodical filing.")
    try:
        over = is_over(period, form.period, uow.today)
    except PeriodFormatError:
        raise invalid(
            "/period", "period_format", f"期别格式应为{_PERIODS[form.period]}。",
            f"A period looks like {_PERIODS[form.period]}.",
        ) from None  # fmt: skip
    if not over:
        raise invalid("/period", "period_not_over", "该期尚未结束。", "The period is not over yet.")


_PERIODS = {"year": "2023", "quarter": "2023Q4", "month": "2023-12"}


def form_of(uow: UnitOfWork, filing: Filing) -> FormDefinition:
    """Give the form as the filing's pack version states it."""
    shelf = library(uow)
    return shelf.form(shelf.stamped(filing.pack or ""), filing.form)


async def update(uow: UnitOfWork, record_id: str, body: FilingPatch) -> Filing:
    """Change a draft or a returned filing; `facts` are merged by key, null takes one away."""
    filing = await filings.load(uow, record_id, "update")
    await parties.require_authority(uow, filing.organisation or "", "draft")
    values = columns(body, only_set=True)
    if "facts" in values:
        merged = {**filing.facts, **(values["facts"] or {})}
        values["facts"] = {key: each for key, each in merged.items() if each is not None}
        forms.require(form_of(uow, filing).fields, values["facts"], pointer="/facts", complete=False)
    if "attachments" in values:
        values["attachments"] = await attached(
            uow, "filings", filing.id, body.attachments, before=filing.attachments
        )
    return await filings.change(uow, filing, "update", **values)


async def submit(uow: UnitOfWork, record_id: str) -> Filing:
    """Judge the form complete and hand it in; a dry run is the pre-flight. Keeps the first day of submission."""
    filing = await filings.load(uow, record_id, "submit")
    await parties.require_authority(uow, filing.organisation or "", "submit")
    form = form_of(uow, filing)
    shelf = library(uow)
    words = vocabulary_of(shelf.packs, shelf.stamped(filing.pack or ""))
    errors = forms.check(form.fields, filing.facts, pointer="/facts", complete=True)
    broken, warnings = check_fields(words, form, filing.period, filing.facts)
    kinds = {each["kind"] for each in filing.attachments}
    errors += [*broken, *missing_materials(form, kinds)]
    if errors:
        raise Invalid(
            Text(f"表单有 {len(errors)} 处需要更正。", f"{len(errors)} thing(s) need correction."),
            errors=errors, code="form_invalid",
        )  # fmt: skip
    receipt = forms.receipt(
        filing.number, dict(filing.facts), submitted_at=uow.now, received_at=uow.now, next_step=_NEXT
    )
    if filing.receipt is not None:
        receipt["submitted_at"] = filing.receipt["submitted_at"]
    return await filings.change(
        uow, filing, "submit", warnings=warnings, receipt=receipt,
        submitted_on=filing.submitted_on or uow.today,
    )  # fmt: skip


def missing_materials(form: FormDefinition, kinds: set[str]) -> list[FieldError]:
    """Faults for required materials that are not attached."""
    return [
        FieldError(f"/attachments/{each.code}", "material_missing",
                         Text(f"缺少材料“{each.name.zh}”。", f"“{each.name.en}” is not attached."))
        for each in form.materials if each.required and each.code not in kinds
    ]  # fmt: skip


async def return_(uow: UnitOfWork, record_id: str, body: ReturnForCorrection) -> Filing:
    """Return once, with everything that is to be corrected; it lapses at the due day."""
    filing = await filings.load(uow, record_id, "return")
    earlier = [dict(each) for each in filing.returns]
    body = with_due_day(uow, filing.pack, body)
    noted = returned(uow, filing, body, step="verify", earlier=earlier, timer=LAPSE)
    changed = await filings.change(uow, filing, "return", returns=noted)
    notify(
        uow, changed, "filings", "filing.returned", title=form_of(uow, filing).name.zh, period=filing.period,
        due_on=noted[-1]["due_on"], reasons=reasons(noted[-1]),
    )  # fmt: skip
    return changed


async def verify(uow: UnitOfWork, record_id: str, reason: str | None) -> Filing:
    """The county accepts the figures: from now on assessments rest on them; a corrected filing is superseded."""
    filing = await filings.load(uow, record_id, "verify")
    uow.reason = reason
    verified = await filings.change(uow, filing, "verify", verified_on=uow.today)
    if verified.supersedes is not None:
        wrong = await filings.lookup_one(uow, lock=True, id=verified.supersedes)
        if wrong is not None and wrong.state == "verified":
            await filings.change(uow, wrong, "supersede", implied=True)
    await tell(
        uow,
        events.FilingVerified(
            city=verified.city, division=verified.division, zones=list(verified.zones),
            organisation=verified.organisation or "", form=verified.form, period=verified.period,
            statistical=verified.statistical, supersedes=verified.supersedes, verified_on=uow.today,
        ),
        aggregate=verified.id, version=verified.version,
    )  # fmt: skip
    notify(
        uow, verified, "filings", "filing.verified", title=form_of(uow, filing).name.zh, period=filing.period
    )
    if not verified.statistical:
        await classify_after(uow, verified)
    return verified


async def correct(uow: UnitOfWork, record_id: str, reason: str) -> Filing:
    """Begin the correction of a verified filing: a new draft with the same facts, which stays until verified."""
    wrong = await filings.load(uow, record_id, "correct")
    await parties.require_authority(uow, wrong.organisation or "", "draft")
    uow.reason = reason
    pending = [
        each
        for each in await filings.lookup(uow, supersedes=wrong.id)
        if each.state not in ("withdrawn", "lapsed")
    ]
    if pending:
        raise Conflict(
            Text("已有一份更正正在办理。", "A correction is under way already."),
            code="correction_pending",
            extra={
                "existing": {"id": pending[0].id, "number": pending[0].number, "label": pending[0].period}
            },
        )
    await filings.change(uow, wrong, "correct")
    kept = (
        "organisation",
        "city",
        "division",
        "form",
        "form_version",
        "period",
        "statistical",
        "window",
        "pack",
    )
    return await filings.create(
        uow, verb="correct", **{name: getattr(wrong, name) for name in kept}, zones=list(wrong.zones),
        facts=dict(wrong.facts), rd_projects=list(wrong.rd_projects), attachments=list(wrong.attachments),
        supersedes=wrong.id, warnings=[], returns=[],
    )  # fmt: skip


async def withdraw(uow: UnitOfWork, record_id: str, reason: str | None) -> Filing:
    """Take back what was not verified."""
    filing = await filings.load(uow, record_id, "withdraw")
    await parties.require_authority(uow, filing.organisation or "", "submit")
    uow.reason = reason
    return await filings.change(uow, filing, "withdraw")


async def lapse(uow: UnitOfWork, timer: Timer) -> None:
    """The due day of a return has passed without resubmission."""
    filing = await filings.lookup_one(uow, lock=True, id=timer.record_id)
    if filing is not None and filing.state == "returned" and is_due(filing.returns, uow.today):
        await filings.change(uow, filing, "lapse")
