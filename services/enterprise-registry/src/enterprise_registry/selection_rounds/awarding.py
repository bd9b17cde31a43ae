"""The notice of a round, the decision that awards, and what the decision does to each item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from enterprise_registry.applications import by_round
from enterprise_registry.applications.handling import tell_rejected
from enterprise_registry.applications.honours import require_honour_fits, require_in_being
from enterprise_registry.assessments.standing import require_fitting
from enterprise_registry.integrity import require_no_sanction
from enterprise_registry.metadata import tell
from enterprise_registry.policy.library import library
from enterprise_registry.procedure import notices, require_day_of_decision
from enterprise_registry.quotas import store as quotas
from enterprise_registry.quotas.domain import Quota
from enterprise_registry.recognitions import ending
from enterprise_registry.recognitions import use_cases as recognitions
from enterprise_registry.recognitions.kinds import find_kind
from enterprise_registry.selection_rounds.domain import MACHINE, SelectionRound
from enterprise_registry.selection_rounds.schemas import RoundAward, RoundNotice
from enterprise_registry.selection_rounds.store import Entry, entries, rounds, settle_entry
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events
from kechuang_procedure.notices import Notice
from kechuang_procedure.notices.domain import item as item_of

_PROPOSED = ("award", "remove", "keep")
_UPHELD = "对该项的异议成立。"


async def open_notice(uow: UnitOfWork, record_id: str, body: RoundNotice) -> SelectionRound:
    """Put the proposed list on public notice: those to be awarded, and under review those kept and removed."""
    found = await rounds.load(uow, record_id, "open-notice")
    MACHINE.require("open-notice", found.state)
    listed = [each for each in await entries(uow, found.id) if each.proposal in _PROPOSED]
    if not listed:
        raise Conflict(
            Text("名单为空，无可公示的对象；可重新拟定名单或取消本轮。",
                 "The list is empty; shortlist again or cancel the round."),
            code="nothing_to_notice",
        )  # fmt: skip
    shelf = library(uow)
    pack = shelf.stamped(found.pack or "")
    period, clause = shelf.notice_period(pack, found.target)
    name = find_kind(shelf, pack, found.honour, "/honour").name.zh
    notice = await notices.open(
        uow, title=body.title or f"关于{found.title}拟定名单的公示", subject="selection",
        items=[
            {
                "record": each.item, "number": each.number, "label": each.label,
                "organisation": each.organisation,
                "details": {"honour": name, "proposal": each.proposal, "rank": each.rank,
                            "reason": each.reason if each.proposal == "remove" else None},
            }
            for each in listed
        ],
        period=period, contact=body.contact, city=found.city, division=found.city, clause=clause,
        pack=found.pack,
    )  # fmt: skip
    awards = [each.item for each in listed if each.proposal == "award"]
    await by_round.put_on_notice(uow, awards, notice.id)
    return await rounds.change(uow, found, "open-notice", notice=notice.id)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one decision does: awards by rank, removals, what is kept, what is declined with its reason."""

    award: list[Entry]
    remove: list[Entry]
    keep: list[Entry]
    decline: list[tuple[Entry, str]]

    @property
    def items(self) -> list[str]:
        return [
            each.item for each in (*self.award, *self.remove, *self.keep, *(one for one, _ in self.decline))
        ]


async def award(uow: UnitOfWork, record_id: str, body: RoundAward) -> SelectionRound:
    """Decide, with a document, by somebody who neither scored nor handled; all of it or nothing.

    Takes the quota's places first, in one conditional update: award number 101 of 100 is refused, whichever
    round asks for it. Items that an objection holds stay undecided and keep the round open.
    """
    found = await rounds.load(uow, record_id, "award")
    MACHINE.require("award", found.state)
    quota = await quotas.read(uow, found.quota)
    require_day_of_decision(uow.today, body.decided_on)
    notice = await notices.require_over(uow, found.notice or "")
    require_day_of_decision(uow.today, body.decided_on, notice)
    _require_in_period(body.decided_on, quota)
    listed = await entries(uow, found.id)
    plan = _planned(body, listed, notice)
    await _require_fit(uow, found, plan.award, body.decided_on)
    granted = [(each, new_id()) for each in plan.award]
    quota = await quotas.take(
        uow, found.quota, found.id, [(recognition, each.organisation) for each, recognition in granted]
    )
    # One organisation after the other in one order everywhere: two decisions never wait for each other in a ring.
    for each, recognition in sorted(granted, key=lambda pair: pair[0].organisation):
        await _grant(uow, found, each, recognition, body)
    for each in sorted(plan.remove, key=lambda one: one.organisation):
        grounds = each.reason or ""
        await ending.remove(
            uow, each.item, document_no=body.document_no, reason=grounds, heard_on=notice.ends_on,
            on=body.decided_on, round_id=found.id,
        )  # fmt: skip
        await settle_entry(uow, each, "removed", decided_on=body.decided_on, outcome_reason=grounds)
    for each in plan.keep:
        await settle_entry(uow, each, "kept", decided_on=body.decided_on)
    for each, reason in plan.decline:
        await _pass_over(uow, each, body, reason)
    await notices.settle_all(uow, notice, plan.items)
    decision = {
        "document_no": body.document_no, "decided_on": body.decided_on.isoformat(), "awarded": len(plan.award),
        "removed": len(plan.remove), "kept": len(plan.keep), "declined": len(plan.decline),
    }  # fmt: skip
    left = {each.item for each in listed if each.proposal in _PROPOSED and each.outcome is None}
    if left - set(plan.items):
        return await rounds.change(
            uow, found, "award", to="public_notice", decisions=[*found.decisions, decision]
        )
    for each in listed:
        if each.proposal == "pass_over" and each.outcome is None:
            await _pass_over(uow, each, body, each.reason or "未入围。")
    done = await rounds.change(uow, found, "award", to="awarded", decisions=[*found.decisions, decision])
    await _awarded(uow, done, body, quota)
    return done


def _require_in_period(decided_on: date, quota: Quota) -> None:
    if quota.kind != "none" and not quota.first <= decided_on <= quota.last:
        raise invalid(
            "/decided_on", "outside_the_period", f"应在该荣誉的评选期内（{quota.first} 至 {quota.last}）。",
            f"It lies outside the honour's period ({quota.first} to {quota.last}).",
        )  # fmt: skip


def _planned(body: RoundAward, listed: Sequence[Entry], notice: Notice) -> _Plan:
    """Sort the named items (or all that are free) by what was proposed; refuse what cannot be decided now."""
    by_item = {each.item: each for each in listed}
    states = {each["record"]: each["state"] for each in notice.items}
    declined = {each.item: each.reason for each in body.decline}
    free = [
        each.item
        for each in listed
        if each.proposal in _PROPOSED and each.outcome is None and states.get(each.item) == "listed"
    ]
    named = body.items if body.items is not None else [each for each in free if each not in declined]
    for pointer, items in (("/items", named), ("/decline", list(declined))):
        for index, each in enumerate(items):
            _require_open(f"{pointer}/{index}", by_item.get(each), notice, each)
    wanted = set(named)
    take = [each for each in listed if each.item in wanted]
    upheld = [
        (each, _UPHELD) for each in listed if each.outcome is None and states.get(each.item) == "upheld"
    ]
    return _Plan(
        award=[each for each in take if each.proposal == "award"],
        remove=[each for each in take if each.proposal == "remove"],
        keep=[each for each in take if each.proposal == "keep"],
        decline=[*((by_item[item], reason) for item, reason in declined.items()), *upheld],
    )


def _require_open(pointer: str, entry: Entry | None, notice: Notice, item: str) -> None:
    shown = item_of(notice, item)
    if entry is None or shown is None:
        raise invalid(
            pointer, "not_on_the_notice", "该对象不在已公示的名单中。", "It was not on the public notice."
        )
    if entry.outcome is not None:
        raise Conflict(
            Text(f"{entry.label}已作出决定。", f"{entry.number} is decided already."), code="already_decided",
            extra={"item": item, "outcome": entry.outcome},
        )  # fmt: skip
    if shown["state"] == "held":
        raise Conflict(
            Text(f"{entry.label}有异议正在处理。", f"An objection holds {entry.number}."), code="item_held",
            extra={"item": item},
        )  # fmt: skip
    if shown["state"] == "upheld":
        raise Conflict(
            Text(f"对{entry.label}的异议成立，不能按公示内容决定。", f"An objection to {entry.number} was upheld."),
            code="objection_upheld", extra={"item": item},
        )  # fmt: skip


async def _require_fit(uow: UnitOfWork, found: SelectionRound, awards: Sequence[Entry], on: date) -> None:
    """Refuse the whole decision when one of them may not be given the honour, and say which."""
    shelf = library(uow)
    pack = shelf.stamped(found.pack or "")
    for each in awards:
        try:
            await require_in_being(uow, each.organisation)
            await require_no_sanction(uow, each.organisation)
            await require_honour_fits(uow, pack, found.honour, each.organisation, on)
            if find_kind(shelf, pack, found.honour).on_ladder:
                await require_fitting(uow, pack, found.target, each.organisation, on)
        except Conflict as refusal:
            raise Conflict(
                Text(f"{each.label}：{refusal.detail.zh}", f"{each.number}: {refusal.detail.en}"),
                code=refusal.code, extra={**refusal.extra, "item": each.item},
            ) from refusal  # fmt: skip


async def _grant(
    uow: UnitOfWork, found: SelectionRound, entry: Entry, recognition: str, body: RoundAward
) -> None:
    """Write the honour on the enterprise's file and close its application."""
    decision = _decision(uow, body, "recognised", None, entry)
    application = await by_round.close(
        uow, entry.item, "award", to="recognised", decision=decision, recognition=recognition
    )
    grant = recognitions.Grant(
        record_id=recognition, organisation=entry.organisation, kind=found.honour, source="selection",
        issued_on=body.decided_on, document_no=body.document_no, application=application.id, pack=found.pack,
        round=found.id,
    )  # fmt: skip
    await recognitions.record(uow, grant, verb="record")
    await settle_entry(uow, entry, "awarded", decided_on=body.decided_on, recognition=recognition)


async def _pass_over(uow: UnitOfWork, entry: Entry, body: RoundAward, reason: str) -> None:
    if entry.holder:
        await settle_entry(uow, entry, "kept", decided_on=body.decided_on, outcome_reason=reason)
        return
    decision = _decision(uow, body, "rejected", reason, entry)
    application = await by_round.close(uow, entry.item, "pass-over", to="rejected", decision=decision)
    tell_rejected(uow, application, reason)
    await settle_entry(uow, entry, "passed_over", decided_on=body.decided_on, outcome_reason=reason)


def _decision(
    uow: UnitOfWork, body: RoundAward, outcome: str, grounds: str | None, entry: Entry
) -> dict[str, Any]:
    return {
        "outcome": outcome, "document_no": body.document_no, "decided_on": body.decided_on.isoformat(),
        "grounds": grounds, "decided_by": uow.actor.subject, "rank": entry.rank,
        "total": entry.score["total"] if entry.score else None,
    }  # fmt: skip


async def _awarded(uow: UnitOfWork, done: SelectionRound, body: RoundAward, quota: Quota) -> None:
    counted = {name: sum(each[name] for each in done.decisions) for name in ("awarded", "removed", "kept")}
    await tell(
        uow,
        events.SelectionRoundAwarded(
            city=done.city, division=done.division, zones=list(done.zones), kind=done.kind, honour=done.honour,
            target=done.target, node=done.node, document_no=body.document_no, awarded_on=body.decided_on,
            quota_kind=quota.kind, quota_value=quota.value, quota_taken=quota.taken, pack=done.pack, **counted,
        ),
        aggregate=done.id, version=done.version,
    )  # fmt: skip
