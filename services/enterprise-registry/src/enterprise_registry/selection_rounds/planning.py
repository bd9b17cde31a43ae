"""From the draft of a round to its announcement, and its cancellation."""

from typing import Any

from enterprise_registry.applications.domain import UNDER_WAY
from enterprise_registry.applications.store import applications
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.procedure import application_windows, notices
from enterprise_registry.quotas import store as quotas
from enterprise_registry.quotas.domain import Quota, QuotaKey, QuotaTerms, span
from enterprise_registry.recognitions.kinds import Kind, find_kind, honour_of
from enterprise_registry.selection_rounds.domain import SelectionRound
from enterprise_registry.selection_rounds.schemas import SelectionRoundCreate, SelectionRoundPatch
from enterprise_registry.selection_rounds.store import rounds
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models.ladder import Honour
from kechuang_packs.models.scoring import ScoringModel
from kechuang_procedure.windows import WindowCreate

_PLAN = ("areas", "opens_at", "closes_at", "guide", "form", "materials")
_DEFAULT_TIES = "earlier_submission"


async def draft(uow: UnitOfWork, body: SelectionRoundCreate) -> SelectionRound:
    """Draft a round for an honour of the city's pack, or for a node that is gained by selection."""
    shelf = library(uow)
    pack = shelf.require_city_pack(body.city, uow.today, "/city")
    honour = honour_of(pack, body.honour)
    kind = find_kind(shelf, pack, body.honour, "/honour")
    _require_ours(honour, kind)
    if body.form is not None:
        shelf.form(pack, body.form)
    terms = _terms(uow, body, honour)
    key = QuotaKey(body.city, kind.canonical, terms.first, terms.last)
    quota = await quotas.declare(uow, key, terms)
    if body.quota is not None and (quota.kind, quota.value) != (terms.kind, terms.value):
        raise _other_terms(quota)
    plan = {name: getattr(body, name) for name in _PLAN} | {"skip_recommendation": body.skip_recommendation}
    return await rounds.create(
        uow, title=body.title, kind=body.kind, honour=body.honour, target=kind.code, node=kind.canonical,
        scheme=_scheme(pack, body, honour), tie_rule=body.tie_rule or (honour.tie_rule if honour else _DEFAULT_TIES),
        pass_mark=str(body.pass_mark) if body.pass_mark is not None else None,
        sheets_needed=body.sheets_needed, scorers=body.scorers, quota=quota.id,
        plan=None if body.opens_at is None else _json(plan), decisions=[], city=body.city, division=body.city,
        pack=stamp(pack), external_ids=[each.model_dump() for each in body.external_ids],
    )  # fmt: skip


def _require_ours(honour: Honour | None, kind: Kind) -> None:
    if honour is not None and honour.granted_by != "city":
        raise invalid(
            "/honour", "granted_elsewhere", "该荣誉不由本市授予。", "The city does not grant this honour."
        )
    if kind.gained_by != "selection" or kind.decided_by != "city":
        raise invalid(
            "/honour", "not_by_selection", "该梯次不是由本市评选取得。",
            "This node is not gained by a selection of the city.",
        )  # fmt: skip


def _terms(uow: UnitOfWork, body: SelectionRoundCreate, honour: Honour | None) -> QuotaTerms:
    """The pack's quota binds; a round states its own only where the pack states none."""
    stated = honour.quota if honour else None
    if stated is not None and stated.kind != "none" and body.quota is not None:
        raise invalid(
            "/quota", "quota_stated", "政策已规定名额，不能另设。", "The policy states the quota already."
        )
    if body.quota is not None:
        first, last = span(uow.today, first=body.quota.first, last=body.quota.last, years=None)
        if last < first:
            raise invalid(
                "/quota/last", "period_ends_early", "止日不能早于起日。", "It ends before it begins."
            )
        return QuotaTerms(body.quota.kind, body.quota.value, first, last, stated_by="round")
    period = stated.period if stated else None
    first, last = span(
        uow.today, first=period.from_ if period else None, last=period.to if period else None,
        years=stated.years if stated else None,
    )  # fmt: skip
    if last < uow.today:
        raise invalid(
            "/honour", "period_over", f"该荣誉的评选期已于 {last} 结束。",
            f"The honour's period ended on {last}.",
        )  # fmt: skip
    if stated is None or stated.kind == "none":
        return QuotaTerms("none", None, first, last)
    return QuotaTerms(stated.kind, stated.value, first, last, stated_by="pack")


def _other_terms(quota: Quota) -> Conflict:
    """Why a round cannot state its own quota: one is set already, or more was awarded than it would allow."""
    extra = {"quota": quota.shown()}
    if quota.kind == "none":
        return Conflict(
            Text(
                f"该荣誉本期已授予 {quota.taken} 个，名额不能低于此数。",
                f"{quota.taken} were awarded in this period already; the quota cannot be below that.",
            ),
            code="quota_below_taken",
            extra=extra,
        )
    word = {"cap": Text("上限", "cap"), "floor": Text("下限", "floor")}[quota.kind]
    return Conflict(
        Text(
            f"该荣誉本期名额已由其他轮次确定（{word.zh} {quota.value}），各轮次共用；请留空 quota。",
            f"Another round of this honour and period has set the quota ({word.en} {quota.value}), which they share; "
            "leave `quota` out.",
        ),
        code="quota_differs",
        extra=extra,
    )


def _scheme(pack: Pack, body: SelectionRoundCreate, honour: Honour | None) -> dict[str, Any]:
    """The criteria: the round's own, or a judged scoring model of the pack."""
    if body.lines is not None:
        lines = [
            {"code": each.code, "zh": each.name_zh, "en": each.name_en, "weight": str(each.weight)}
            for each in body.lines
        ]
        return {"code": None, "version": None, "lines": lines}
    code = body.scheme or (honour.scheme if honour else None)
    model = _model(pack, code)
    if model is None:
        raise invalid(
            "/scheme", "scheme_unknown", "请指定政策包中的评选评分模型，或自行列出评分项（lines）。",
            "Name a scoring model of purpose `selection` with weights, or give `lines`.",
        )  # fmt: skip
    lines = [
        {"code": each.code, "zh": each.name.zh, "en": each.name.en, "weight": str(each.weight)}
        for each in model.weights
    ]
    return {"code": model.code, "version": model.version, "lines": lines}


def _model(pack: Pack, code: str | None) -> ScoringModel | None:
    return next(
        (
            each
            for each in pack.scoring.models
            if each.code == code and each.purpose == "selection" and each.weights
        ),
        None,
    )


def _json(plan: dict[str, Any]) -> dict[str, Any]:
    return {**plan, "opens_at": plan["opens_at"].isoformat(), "closes_at": plan["closes_at"].isoformat()}


async def update(uow: UnitOfWork, record_id: str, body: SelectionRoundPatch) -> SelectionRound:
    """Change a round that is not announced yet."""
    found = await rounds.load(uow, record_id, "update")
    values = {
        name: getattr(body, name)
        for name in body.model_fields_set
        if getattr(body, name) is not None or name == "pass_mark"
    }
    if values.get("pass_mark") is not None:
        values["pass_mark"] = str(values["pass_mark"])
    return await rounds.change(uow, found, "update", **values)


async def announce(uow: UnitOfWork, record_id: str) -> SelectionRound:
    """Announce it: its application window is planned, opens and closes by itself."""
    found = await rounds.load(uow, record_id, "announce")
    window = None
    if found.plan is not None:
        plan = dict(found.plan)
        details = {
            "skip_recommendation": plan.pop("skip_recommendation"), "decided_by": "city", "round": found.id,
            "honour": found.honour,
        }  # fmt: skip
        window = await application_windows.plan_round(
            uow,
            WindowCreate(
                title=found.title, target=found.target, city=found.city or "", details=details, **plan
            ),
        )  # fmt: skip
    return await rounds.change(uow, found, "announce", window=window.id if window else None)


async def cancel(uow: UnitOfWork, record_id: str, reason: str | None) -> SelectionRound:
    """Cancel it; its window closes and what was handed in lapses."""
    found = await rounds.load(uow, record_id, "cancel")
    uow.reason = reason
    cancelled = await rounds.change(uow, found, "cancel")
    if found.notice is not None:
        await _close_notice(uow, found.notice)
    if found.window is not None:
        window = await application_windows.records.lookup_one(uow, lock=True, id=found.window)
        ending = {"planned": "call-off", "open": "close"}
        if window is not None and window.state in ending:
            await application_windows.records.change(
                uow, window, ending[window.state], implied=True, closes_at=uow.now
            )
        for each in await applications.lookup(uow, lock=True, window=found.window):
            if each.state in UNDER_WAY:
                await applications.change(uow, each, "lapse", implied=True)
    return cancelled


async def _close_notice(uow: UnitOfWork, notice_id: str) -> None:
    notice = await notices.records.lookup_one(uow, lock=True, id=notice_id)
    ending = {"drafted": "withdraw", "published": "withdraw", "ended": "conclude"}
    if notice is not None and notice.state in ending:
        await notices.records.change(uow, notice, ending[notice.state], implied=True)
