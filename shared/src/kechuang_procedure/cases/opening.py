"""How a case is opened, and how a campaign gets its targets."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, NotPermitted, invalid
from kechuang.text import Text
from kechuang_procedure.cases import schemas
from kechuang_procedure.cases.acts import CaseActs, step_values
from kechuang_procedure.cases.domain import LIVE, Case, offices
from kechuang_procedure.cases.due import earliest, last_day, numbered
from kechuang_procedure.cases.hooks import CasePlace
from kechuang_procedure.cases.kinds import Kind
from kechuang_procedure.parties import Party

MAX_TARGETS = 5000


class CaseOpening(CaseActs):
    """Opening, by the one served or by an officer."""

    async def request(self, uow: UnitOfWork, body: schemas.CaseCreate) -> Case:
        """Open a case as somebody asks for it: only who may assign it and add measures states them."""
        text = Text("由主管部门确定，请勿填写。", "The officers set it; leave it out.")
        stated = (
            ("owner", "assign", body.owner),
            ("due_on", "assign", body.due_on),
            ("steps", "add-step", body.steps),
        )
        errors = [
            FieldError(f"/{field}", "set_by_officers", text)
            for field, verb, value in stated
            if value and not uow.permissions.may_ever(uow.actor, self.records.resource.action(verb))
        ]
        if errors:
            raise Invalid(Text("事项填写有误。", "The case is not filled in rightly."), errors=errors)
        return await self.open(uow, body)

    async def open(self, uow: UnitOfWork, body: schemas.CaseCreate) -> Case:
        """Open a case of a kind of the city's pack, and assign it where an owner is named.

        409 `case_exists` where the kind allows one live case an organisation.
        """
        place, uscc = await self._place(uow, body)
        kind = self.kind(uow, place.city, body.kind)
        self._require_fit(uow, kind, body, uscc)
        await self.checked_action(uow, kind, uscc, body.action)
        targets = await self._targets(uow, place, body.targets, [])
        case = await self._create(
            uow, body, kind, place, uscc if kind.about == "organisation" else None, targets
        )
        await self.told(uow, case, "opened", to=(*access.person(*case.followers), *offices(case)))
        if body.owner is None:
            return case
        return await self._assigned(uow, case, body.owner, body.due_on, implied=True)

    async def _place(self, uow: UnitOfWork, body: schemas.CaseCreate) -> tuple[CasePlace, str | None]:
        """Find the place: of the organisation, or as stated; whoever acts for an organisation means its own."""
        uscc = body.organisation
        if uscc is None and body.city is None:
            uscc = uow.actor.organisation
        if uscc is None:
            if body.city is None:
                raise invalid(
                    "/organisation", "missing", "请指明单位或城市。", "Name the organisation or the city."
                )
            return self.place(uow, body.city, body.division or body.city), None
        if uow.actor.organisation not in (None, uscc):
            raise NotPermitted(Text("您不能代该单位办理。", "You cannot act for this organisation."))
        if uow.actor.organisation is not None:
            await self.parties.require_authority(uow, uscc, "submit")
        served = await self.parties.require_active(uow, uscc, "/organisation")
        return CasePlace(served.city, served.division, tuple(served.zones)), uscc

    def _require_fit(self, uow: UnitOfWork, kind: Kind, body: schemas.CaseCreate, uscc: str | None) -> None:
        errors = []
        if (kind.about == "organisation") != (uscc is not None):
            about = uscc is None
            errors.append(
                FieldError(
                    "/organisation", "organisation_missing" if about else "organisation_not_taken",
                    Text("该类事项针对一家单位，请指明。", "The kind is about one organisation; name it.") if about
                    else Text("该类事项不针对单一单位，请指明城市。", "The kind is about none; state the city."),
                )
            )  # fmt: skip
        if kind.about != "targets" and body.targets is not None:
            errors.append(
                FieldError(
                    "/targets",
                    "targets_not_taken",
                    Text("该类事项没有对象名单。", "The kind has no targets."),
                )
            )
        if body.due_on is not None and body.due_on < uow.today:
            errors.append(
                FieldError(
                    "/due_on", "due_in_past", Text("期限不能早于今天。", "The last day lies in the past.")
                )
            )
        for index, step in enumerate(body.steps):
            if step.due_on is not None and step.due_on < uow.today:
                late = Text("期限不能早于今天。", "The last day lies in the past.")
                errors.append(FieldError(f"/steps/{index}/due_on", "due_in_past", late))
        if errors:
            raise Invalid(Text("事项填写有误。", "The case is not filled in rightly."), errors=errors)
        if not uow.actor.is_system and uow.actor.roles.isdisjoint(kind.opened_by):
            raise NotPermitted(
                Text(f"您的角色不能发起“{kind.name.zh}”。", f"Your roles do not open “{kind.name.en}”."),
                code="kind_not_opened_by_you",
            )

    async def _create(
        self, uow: UnitOfWork, body: schemas.CaseCreate, kind: Kind, place: CasePlace, uscc: str | None,
        targets: list[str],
    ) -> Case:  # fmt: skip
        limits = kind.limits
        if kind.exclusive and uscc is not None:
            await self._require_alone(uow, kind, uscc)
        values: dict[str, Any] = {
            **body.model_dump(include={"title", "content", "action"}),
            "kind": kind.code, "pack": kind.pack, "organisation": uscc, "city": place.city,
            "division": place.division, "zones": list(place.zones), "confirmed_by": kind.confirmed_by,
            "exclusive": kind.exclusive, "contacts": kind.contacts, "targets": targets, "contacted": 0,
            "due_on": body.due_on or last_day(uow.today, limits.resolve),
            "stage_due_on": last_day(uow.today, limits.assign), "opened_on": uow.today, "escalations": [],
            "evidence": [each.model_dump() for each in body.evidence], "basis": list(body.basis),
            "warnings": await self.warned(uow, kind, body.basis),
            "followers": [] if kind.exclusive or uscc is None else await self._attached(uow, uscc),
            "external_ids": [each.model_dump() for each in body.external_ids],
            "steps": numbered([step_values(each) for each in body.steps]),
            "state": self.records.resource.machine.initial,
        }  # fmt: skip
        first = earliest(values["state"], values["stage_due_on"], values["due_on"], values["steps"])
        case = await self.records.create(uow, **values, next_due_on=first)
        await self._proven(uow, case, body.evidence)
        self.watch(uow, case)
        return case

    async def _require_alone(self, uow: UnitOfWork, kind: Kind, uscc: str) -> None:
        """Refuse a second live case of an exclusive kind, also when two are opened at once."""
        key = sa.func.hashtextextended(f"{self.records.resource.name}:{kind.code}:{uscc}", 0)
        await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        for each in await self.records.lookup(uow, organisation=uscc, kind=kind.code):
            if each.state in LIVE:
                raise Conflict(
                    Text(f"该单位已有办理中的“{kind.name.zh}”，请在原事项上变更。",
                         f"The organisation has a live “{kind.name.en}” already; change that one."),
                    code="case_exists",
                    extra={"existing": {"id": each.id, "number": each.number, "label": each.title}},
                )  # fmt: skip

    # -- targets -------------------------------------------------------------------------------

    async def add_targets(self, uow: UnitOfWork, record_id: str, body: schemas.CaseTargets) -> Case:
        """Add target organisations to those that are there; one that is there already stays once."""
        case = await self.records.load(uow, record_id, "add-targets")
        place = CasePlace(case.city, case.division, tuple(case.zones))
        targets = await self._targets(uow, place, body, case.targets)
        return await self._change(uow, case, "add-targets", targets=targets)

    async def _targets(
        self, uow: UnitOfWork, place: CasePlace, body: schemas.CaseTargets | None, known: Sequence[str]
    ) -> list[str]:
        if body is None:
            return list(known)
        named = list(dict.fromkeys(body.organisations))
        parties = await self.parties.find_many(uow, named)
        errors = [
            FieldError(
                f"/targets/organisations/{body.organisations.index(each)}", "organisation_unknown",
                Text("该单位未登记，或不在本事项所在地。", "Not registered, or not of this place."),
            )
            for each in named
            if each not in parties or not _within(parties[each], place)
        ]  # fmt: skip
        if errors:
            raise Invalid(Text("对象名单有误。", "The list of targets is wrong."), errors=errors)
        found = await self.selected(uow, place, body.select) if body.select is not None else ()
        if body.select is not None and not found:
            raise invalid(
                "/targets/select", "none_selected", "没有符合条件的单位，请调整条件。",
                "No organisation meets all that is said; change it.",
            )  # fmt: skip
        targets = list(dict.fromkeys([*known, *named, *found]))
        if len(targets) > MAX_TARGETS:
            raise invalid(
                "/targets", "too_many_targets", f"一次行动最多 {MAX_TARGETS} 家（现为 {len(targets)} 家），请分拆。",
                f"A campaign has at most {MAX_TARGETS} targets, these are {len(targets)}; split it.",
            )  # fmt: skip
        return targets


def _within(party: Party, place: CasePlace) -> bool:
    """Tell whether an organisation lies in the case's zone or county, or in its city when the case is the city's."""
    return (
        party.city == place.city
        and place.division in (place.city, None, party.division)
        and (not place.zones or not set(place.zones).isdisjoint(party.zones))
    )
