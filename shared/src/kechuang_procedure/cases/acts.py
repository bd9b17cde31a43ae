"""What can be done with a case: one function for one intention, for every service alike."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from kechuang.calendar import Period
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, invalid
from kechuang.http.files import attach
from kechuang.http.schemas import columns
from kechuang.text import Text
from kechuang_procedure.cases import schemas
from kechuang_procedure.cases.changing import CaseChanges
from kechuang_procedure.cases.contacts import Contacts, contact_faults
from kechuang_procedure.cases.domain import (
    Case,
    answers_for,
    is_served,
    offices,
    owners,
    owns_step,
)
from kechuang_procedure.cases.due import last_day, numbered, step_owner, with_step_ended
from kechuang_procedure.cases.kinds import Kind


class CaseActs(CaseChanges):
    """The intentions."""

    contacts: Contacts

    def _limit(self, case: Case, kind: Kind, today: date, period: Period | None) -> date | None:
        """Give a stage's last day; in the fast lane the shorter period holds."""
        return last_day(today, period, kind.limits.fast_lane if case.fast_lane_reason and period else None)

    # -- owner and days ------------------------------------------------------------------------

    async def assign(self, uow: UnitOfWork, record_id: str, body: schemas.CaseAssign) -> Case:
        """Give it an owner; one under way goes on with the new one, an attachment hands over the enterprise."""
        case = await self.records.load(uow, record_id, "assign")
        uow.reason = body.reason
        return await self._assigned(uow, case, body.owner, body.due_on)

    async def _assigned(
        self,
        uow: UnitOfWork,
        case: Case,
        owner: schemas.CaseOwner,
        due_on: date | None,
        *,
        implied: bool = False,
    ) -> Case:
        _not_past(uow, due_on, "/due_on")
        under_way = case.state == "in_progress"
        values: dict[str, Any] = {
            "owner_person": owner.person, "owner_unit": owner.unit, "owner_post": owner.post,
            "due_on": due_on or case.due_on, "escalations": _answered(case),
            "warnings": await self.warned(uow, self.stamped(uow, case), case.basis),
        }  # fmt: skip
        if not under_way:
            kind = self.stamped(uow, case)
            values["stage_due_on"] = self._limit(case, kind, uow.today, kind.limits.start)
        changed = await self._change(
            uow, case, "assign", to="in_progress" if under_way else "assigned", implied=implied, **values
        )
        await self.told(uow, changed, "assigned", to=owners(changed))
        if case.exclusive:
            await self._hand_over(uow, case, changed)
        return changed

    async def start(self, uow: UnitOfWork, record_id: str) -> Case:
        """Begin the work; some kinds ask for a measure first."""
        case = await self.records.load(uow, record_id, "start")
        if self.stamped(uow, case).measures_first and not case.steps:
            raise Conflict(
                Text(
                    "请先列出至少一项措施（含责任人和期限）。",
                    "List at least one measure with owner and day first.",
                ),
                code="measures_first",
            )
        return await self._change(uow, case, "start", stage_due_on=None)

    async def extend(self, uow: UnitOfWork, record_id: str, body: schemas.CaseExtend) -> Case:
        """Move the last day of the case or of one measure to a later one."""
        case = await self.records.load(uow, record_id, "extend")
        uow.reason = body.reason
        held = case.due_on
        if body.step is not None:
            step = self._open_step(case, body.step)
            held = date.fromisoformat(step["due_on"]) if step["due_on"] else None
        if body.due_on < uow.today or (held is not None and body.due_on <= held):
            raise invalid(
                "/due_on", "not_later", "只能延至更晚的日期。", "A last day is only moved to a later one."
            )
        if body.step is None:
            return await self._change(uow, case, "extend", due_on=body.due_on)
        steps = with_step_ended(case, body.step, due_on=body.due_on.isoformat())
        return await self._change(uow, case, "extend", steps=steps)

    async def expedite(self, uow: UnitOfWork, record_id: str, reason: str) -> Case:
        """Put it into the fast lane (绿色通道): ahead in the queue, with the shorter time limit."""
        case = await self.records.load(uow, record_id, "expedite")
        uow.reason = reason
        fast = last_day(uow.today, self.stamped(uow, case).limits.fast_lane)
        values: dict[str, Any] = {
            name: min(each for each in (getattr(case, name), fast) if each is not None)
            for name in ("due_on", "stage_due_on")
            if fast is not None and (name == "due_on" or case.stage_due_on is not None)
        }
        changed = await self._change(uow, case, "expedite", fast_lane_reason=reason, **values)
        await self.told(uow, changed, "expedited", to=owners(changed) or offices(changed))
        return changed

    # -- measures ------------------------------------------------------------------------------

    async def add_step(self, uow: UnitOfWork, record_id: str, body: schemas.CaseStepCreate) -> Case:
        """Add a measure with its own owner and last day."""
        case = await self.records.load(uow, record_id, "add-step")
        _not_past(uow, body.due_on, "/due_on")
        changed = await self._change(uow, case, "add-step", steps=numbered([*case.steps, step_values(body)]))
        await self.told(uow, changed, "assigned", to=step_owner(step_values(body)))
        return changed

    async def complete_step(self, uow: UnitOfWork, record_id: str, body: schemas.CaseStepComplete) -> Case:
        """Say what came of a measure, or why it is dropped."""
        case = await self.records.load(uow, record_id, "complete-step")
        self.records.resource.machine.require("complete-step", case.state)
        step = self._open_step(case, body.step)
        if not answers_for(case, uow.actor) and not owns_step(step, uow.actor):
            raise Conflict(
                Text(
                    "这项措施由其责任人或事项承办人办结。", "Its own owner or the case's completes a measure."
                ),
                code="not_the_owner",
            )
        steps = with_step_ended(
            case, body.step, state=body.outcome, done_on=uow.today.isoformat(), result=body.result,
            evidence=[each.model_dump() for each in body.evidence],
        )  # fmt: skip
        await self._proven(uow, case, body.evidence)
        return await self._change(uow, case, "complete-step", steps=steps)

    @staticmethod
    def _open_step(case: Case, step_id: str) -> Mapping[str, Any]:
        found = next((each for each in case.steps if each["id"] == step_id), None)
        if found is None:
            raise invalid("/step", "step_unknown", "该事项没有这项措施。", "The case has no such measure.")
        if found["state"] != "open":
            raise Conflict(
                Text("这项措施已办结或不再办理。", "The measure was completed or dropped already."),
                code="step_ended", extra={"step": dict(found)},
            )  # fmt: skip
        return found

    async def _proven(self, uow: UnitOfWork, case: Case, evidence: Sequence[schemas.CaseEvidence]) -> None:
        """Attach the files, so that whoever sees the case reads them."""
        await attach(uow, self.records.resource.name, case.id, [each.file for each in evidence], "/evidence")

    # -- contacts ------------------------------------------------------------------------------

    async def log_contact(self, uow: UnitOfWork, record_id: str, body: schemas.CaseContactCreate) -> Case:
        """Log a visit, a call or a meeting."""
        case = await self.records.load(uow, record_id, "log-contact")
        if case.contacts == "none":  # let the verb's own guard say so
            return await self._change(uow, case, "log-contact")
        self.records.resource.machine.require("log-contact", case.state)
        organisation = body.organisation or case.organisation or ""
        errors = contact_faults(case, body, uow.today)
        led_to = [] if errors else await self._linked(uow, body.led_to, organisation, errors)
        if errors:
            raise Invalid(Text("联系登记填写有误。", "The contact is not filled in rightly."), errors=errors)
        first = await self.contacts.log(uow, case, body, led_to)
        changed = await self._change(uow, case, "log-contact", contacted=case.contacted + int(first))
        details = {
            "organisation": organisation,
            "on": body.on or uow.today,
            "way": body.way,
            "first": first,
            "led_to": [each["resource"] for each in led_to],
        }
        await self.told(uow, changed, "contact_logged", details=details)
        return changed

    async def link_contact(self, uow: UnitOfWork, record_id: str, body: schemas.CaseContactLink) -> Case:
        """Say what a contact led to."""
        case = await self.records.load(uow, record_id, "link-contact")
        organisation = await self.contacts.organisation(uow, case, body.contact)
        errors: list[FieldError] = []
        led_to = await self._linked(uow, body.led_to, organisation, errors)
        if errors:
            raise Invalid(Text("关联的记录有误。", "A linked record is wrong."), errors=errors)
        await self.contacts.link(uow, case, body.contact, led_to)
        return await self._change(uow, case, "link-contact")

    async def _linked(
        self, uow: UnitOfWork, links: Sequence[schemas.CaseLink], organisation: str, errors: list[FieldError]
    ) -> list[dict[str, Any]]:
        """Check what a contact led to; every fault is added to `errors`, by its place in the list."""
        found = []
        for index, link in enumerate(links):
            try:
                found.append(await self.linked(uow, link, organisation))
            except Invalid as fault:
                errors += [replace(each, pointer=f"/led_to/{index}{each.pointer}") for each in fault.errors]
        return found

    # -- the end -------------------------------------------------------------------------------

    async def resolve(self, uow: UnitOfWork, record_id: str, body: schemas.CaseResolve) -> Case:
        """Say what was achieved; the one served confirms it or sends it back."""
        case = await self.records.load(uow, record_id, "resolve")
        kind = self.stamped(uow, case)
        confirm = kind.limits.confirm if case.confirmed_by != "nobody" else None
        await self._proven(uow, case, body.evidence)
        changed = await self._change(
            uow, case, "resolve", result=body.result, resolved_on=uow.today,
            stage_due_on=last_day(uow.today, confirm), escalations=_answered(case),
            warnings=await self.warned(uow, kind, case.basis),
            evidence=[*case.evidence, *(each.model_dump() for each in body.evidence)],
        )  # fmt: skip
        await self.told(uow, changed, "resolved")
        return changed

    async def confirm(self, uow: UnitOfWork, record_id: str, body: schemas.CaseConfirm) -> Case:
        """The one served agrees that it is resolved."""
        case = await self.records.load(uow, record_id, "confirm")
        await self._require_authority(uow, case)
        uow.reason = body.reason
        changed = await self._change(uow, case, "confirm", satisfaction=body.satisfaction, stage_due_on=None)
        await self.told(uow, changed, "confirmed", to=owners(changed))
        return changed

    async def reopen(self, uow: UnitOfWork, record_id: str, reason: str) -> Case:
        """The one served sends it back; the time limit runs anew."""
        case = await self.records.load(uow, record_id, "reopen")
        await self._require_authority(uow, case)
        uow.reason = reason
        kind = self.stamped(uow, case)
        changed = await self._change(
            uow, case, "reopen", resolved_on=None, satisfaction=None,
            due_on=self._limit(case, kind, uow.today, kind.limits.resolve),
            stage_due_on=self._limit(case, kind, uow.today, kind.limits.start),
        )  # fmt: skip
        await self.told(uow, changed, "reopened", to=owners(changed) or offices(changed))
        return changed

    async def close(self, uow: UnitOfWork, record_id: str, reason: str) -> Case:
        """Close it, resolved or not; the state before and the reason stay in its history."""
        case = await self.records.load(uow, record_id, "close")
        uow.reason = reason
        changed = await self._change(uow, case, "close", stage_due_on=None)
        if case.exclusive:
            await self._hand_over(uow, case, changed)
        await self.told(uow, changed, "closed", details={"from_state": case.state, "reason": reason})
        return changed

    async def update(self, uow: UnitOfWork, record_id: str, body: schemas.CasePatch) -> Case:
        """Change its words."""
        case = await self.records.load(uow, record_id, "update")
        await self._require_authority(uow, case, "draft")
        changed = await self._change(uow, case, "update", **columns(body, only_set=True))
        known = {each["file"] for each in case.evidence}
        await self._proven(uow, case, [each for each in body.evidence or () if each.file not in known])
        return changed

    async def _require_authority(self, uow: UnitOfWork, case: Case, scope: str = "submit") -> None:
        if case.organisation is not None and is_served(case, uow.actor):
            await self.parties.require_authority(uow, case.organisation, scope)


def _answered(case: Case) -> list[dict[str, Any]]:
    return [{**each, "answered": True} for each in case.escalations]


def _not_past(uow: UnitOfWork, day: date | None, pointer: str) -> None:
    if day is not None and day < uow.today:
        raise invalid(pointer, "due_in_past", "期限不能早于今天。", "The last day does not lie in the past.")


def step_values(body: schemas.CaseStepCreate) -> dict[str, Any]:
    """Give a measure as it is stored."""
    return {
        "title": body.title,
        "owner_person": body.owner.person if body.owner else None,
        "owner_unit": body.owner.unit if body.owner else None,
        "due_on": body.due_on.isoformat() if body.due_on else None,
    }
