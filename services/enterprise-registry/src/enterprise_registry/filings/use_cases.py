"""What can be done with a filing."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from enterprise_registry.filing_windows.feature import filing_windows
from enterprise_registry.filings.checks import Checked, check_fields
from enterprise_registry.filings.domain import MACHINE, Filing
from enterprise_registry.filings.periods import PERIODS, PeriodFormatError, before, is_over
from enterprise_registry.filings.projects import check as check_projects
from enterprise_registry.filings.projects import kept, shown
from enterprise_registry.filings.schemas import FilingCreate, FilingPatch
from enterprise_registry.filings.store import filings
from enterprise_registry.filings.values import answers
from enterprise_registry.metadata import acting_for, alone, parties
from enterprise_registry.policy.library import library, stamp
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, invalid
from kechuang.http.attachments import attached
from kechuang.http.schemas import columns
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang_packs.models.content import FormDefinition
from kechuang_packs.scalar import Value
from kechuang_procedure import forms
from kechuang_procedure.parties import Party

_NEXT = Text("等待县（市、区）核实。", "The county will verify it.")


async def draft(uow: UnitOfWork, body: FilingCreate) -> Filing:
    """Begin a filing; 409 with the existing one when the period is filed already."""
    uscc = acting_for(uow, body.organisation, "filings:create")
    await parties.require_authority(uow, uscc, "draft")
    owner = await parties.require_active(uow, uscc, "/organisation")
    shelf = library(uow)
    pack = shelf.require_city_pack(owner.city, uow.today, "/organisation")
    form = shelf.form(pack, body.form)
    require_period(form, body.period, uow.today)
    window_id = await _window(uow, body, owner)
    projects = kept(body.rd_projects)
    refuse_faults(faults(form, body.facts, projects, complete=False))
    await alone(uow, "filing", uscc, body.form, body.period)
    live = [
        each
        for each in await filings.lookup(uow, organisation=uscc, form=body.form, period=body.period)
        if each.state not in ("withdrawn", "lapsed", "superseded")
    ]
    if live:
        raise already_filed(live[0])
    record_id = new_id()
    files = await attached(uow, "filings", record_id, body.attachments)
    return await filings.create(
        uow, record_id=record_id,
        **columns(body) | {"organisation": uscc, "attachments": files, "window": window_id, "rd_projects": projects},
        form_version=form.version, statistical=form.statistical, late=False, warnings=[], returns=[],
        pack=stamp(pack), city=owner.city, division=owner.division, zones=list(owner.zones),
    )  # fmt: skip


def already_filed(live: Filing) -> Conflict:
    """The refusal of a second filing of a period; names the first."""
    return Conflict(
        Text("本期该表单已填报；如需修改已核实的数据，请使用“更正”。",
             "This form is filed for the period; use `correct` on a verified filing."),
        code="already_filed",
        extra={"existing": {"id": live.id, "number": live.number, "label": live.period}},
    )  # fmt: skip


async def _window(uow: UnitOfWork, body: FilingCreate, owner: Party) -> str | None:
    """The window that a filing answers: the one named, else one that has the organisation on its roster."""
    if body.window is None:
        return await filing_windows.asking(uow, owner.uscc, body.form, body.period)
    window = await filing_windows.require_takes(uow, body.window, body.form, body.period)
    if window.city != owner.city or not {owner.city, owner.division, *owner.zones} & set(window.areas):
        raise invalid(
            "/window", "not_addressed", "该填报通知不面向贵单位所在地区。",
            "The window does not address the organisation's area.",
        )  # fmt: skip
    return window.id


def faults(
    form: FormDefinition, facts: Mapping[str, Any], projects: Sequence[Mapping[str, Any]], *, complete: bool
) -> list[FieldError]:
    """Faults of the answers by the form's schemas; without `complete`, missing ones are none."""
    return [
        *forms.check(form.fields, facts, pointer="/facts", complete=complete),
        *check_projects(form, projects, complete=complete),
    ]


def refuse_faults(errors: list[FieldError]) -> None:
    """Refuse answers that have faults, naming all of them."""
    if errors:
        raise Invalid(
            Text(f"表单有 {len(errors)} 处需要更正。", f"{len(errors)} thing(s) need correction."),
            errors=errors, code="form_invalid",
        )  # fmt: skip


def require_period(form: FormDefinition, period: str, today: date) -> None:
    """Refuse a form that is no filing, and a period that is none of the form's kind or not over yet."""
    if form.purpose != "filing" or form.period == "none":
        raise invalid("/form", "not_a_filing", "该表单不用于定期填报。", "The form is no periodical filing.")
    try:
        over = is_over(period, form.period, today)
    except PeriodFormatError:
        raise invalid(
            "/period", "period_format", f"期别格式应为{PERIODS[form.period]}。",
            f"A period looks like {PERIODS[form.period]}.",
        ) from None  # fmt: skip
    if not over:
        raise invalid("/period", "period_not_over", "该期尚未结束。", "The period is not over yet.")


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
    if "rd_projects" in values:
        values["rd_projects"] = kept(body.rd_projects or [])
    told = {"facts": filing.facts, "rd_projects": filing.rd_projects} | values
    refuse_faults(faults(form_of(uow, filing), told["facts"], told["rd_projects"], complete=False))
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
    errors = faults(form, filing.facts, filing.rd_projects, complete=True)
    broken, warnings = check_fields(await _checked(uow, filing, form))
    if form.beside is not None and await _beside(uow, filing, form.beside) is None:
        warnings.append(not_beside(uow, filing.pack, form.beside))
    kinds = {each["kind"] for each in filing.attachments}
    refuse_faults([*errors, *broken, *missing_materials(form, kinds)])
    content = {"facts": dict(filing.facts), "rd_projects": shown(filing.rd_projects)}
    receipt = forms.receipt(
        filing.number, content, submitted_at=uow.now, received_at=uow.now, next_step=_NEXT
    )
    if filing.receipt is not None:
        receipt["submitted_at"] = filing.receipt["submitted_at"]
    first = filing.submitted_on is None
    window = filing.window or await filing_windows.asking(
        uow, filing.organisation or "", filing.form, filing.period
    )
    late = filing.supersedes is None and await filing_windows.is_late(uow, window) if first else filing.late
    submitted = await filings.change(
        uow, filing, "submit", warnings=warnings, receipt=receipt, window=window, late=late,
        submitted_on=filing.submitted_on or uow.today,
    )  # fmt: skip
    await filing_windows.follow(uow, submitted)
    return submitted


async def _checked(uow: UnitOfWork, filing: Filing, form: FormDefinition) -> Checked:
    """A filing with what its checks compare it with: the period before, the form beside it."""
    earlier = [
        each
        for each in await filings.lookup(
            uow, organisation=filing.organisation, form=form.code, period=before(filing.period, form.period)
        )
        if each.state == "verified"
    ]
    beside = await _beside(uow, filing, form.beside) if form.beside else None
    return Checked(
        form, filing.period, filing.facts, filing.rd_projects,
        before=values_of(uow, earlier[0]) if earlier else {}, beside=values_of(uow, beside) if beside else {},
    )  # fmt: skip


async def _beside(uow: UnitOfWork, filing: Filing, form: str) -> Filing | None:
    """The other form of the organisation and period as it was handed in last."""
    found = await filings.lookup(uow, organisation=filing.organisation, form=form, period=filing.period)
    handed_in = [each for each in found if each.state in ("submitted", "verified")]
    return max(handed_in, key=lambda each: each.id, default=None)


def values_of(uow: UnitOfWork, filing: Filing) -> dict[str, Value]:
    """The numbers that a filing states."""
    return answers(form_of(uow, filing), filing.period, filing.facts, filing.rd_projects)


def not_beside(uow: UnitOfWork, pack: str | None, code: str) -> dict[str, str]:
    """The warning that the form beside was not filed, so that nothing was compared with it."""
    shelf = library(uow)
    other = shelf.form(shelf.stamped(pack or ""), code).name
    return {
        "code": "beside_not_filed",
        "detail_zh": f"本期尚未报送《{other.zh}》，未作表间审核。",
        "detail_en": f"“{other.en}” is not filed for the period: the two were not compared.",
    }


def missing_materials(form: FormDefinition, kinds: set[str]) -> list[FieldError]:
    """Faults for required materials that are not attached."""
    return [
        FieldError(f"/attachments/{each.code}", "material_missing",
                         Text(f"缺少材料“{each.name.zh}”。", f"“{each.name.en}” is not attached."))
        for each in form.materials if each.required and each.code not in kinds
    ]  # fmt: skip


def correction_pending(pending: Filing) -> Conflict:
    """The refusal of a second correction at a time; names the first."""
    return Conflict(
        Text("已有一份更正正在办理。", "A correction is under way already."),
        code="correction_pending",
        extra={"existing": {"id": pending.id, "number": pending.number, "label": pending.period}},
    )


async def correct(uow: UnitOfWork, record_id: str, reason: str) -> Filing:
    """Begin the correction of a verified filing: a new draft with the same facts, which stays until verified."""
    wrong = await filings.load(uow, record_id, "correct")
    await parties.require_authority(uow, wrong.organisation or "", "draft")
    MACHINE.require("correct", wrong.state)
    uow.reason = reason
    pending = [
        each
        for each in await filings.lookup(uow, supersedes=wrong.id)
        if each.state not in ("withdrawn", "lapsed")
    ]
    if pending:
        raise correction_pending(pending[0])
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
        supersedes=wrong.id, late=False, warnings=[], returns=[],
    )  # fmt: skip


async def withdraw(uow: UnitOfWork, record_id: str, reason: str | None) -> Filing:
    """Take back what was not verified."""
    filing = await filings.load(uow, record_id, "withdraw")
    await parties.require_authority(uow, filing.organisation or "", "submit")
    uow.reason = reason
    withdrawn = await filings.change(uow, filing, "withdraw")
    await filing_windows.follow(uow, withdrawn)
    return withdrawn
