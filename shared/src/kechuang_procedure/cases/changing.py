"""How a case changes: its days are reckoned anew, its timer is set, and the work of an attached official moves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kechuang.clock import end_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.records import Records
from kechuang_procedure.cases.domain import LIVE, UNRESOLVED, Case, owners
from kechuang_procedure.cases.due import reckoned, with_steps_moved
from kechuang_procedure.cases.hooks import CaseHooks

FALL_DUE = "fall-due"


class CaseChanges(CaseHooks):
    """What every intention does in the end."""

    records: Records[Case]
    falls_due: str

    async def _change(
        self,
        uow: UnitOfWork,
        case: Case,
        verb: str,
        *,
        to: str | None = None,
        implied: bool = False,
        **values: Any,
    ) -> Case:
        """Change a case, reckon its days anew, and set the timer for the day that binds next.

        A day that was missed is marked by its timer alone, which tells those concerned and takes the case up
        the chain: an act that comes between midnight and the timer must not hide it.
        """
        state = to or self.records.resource.machine.verb(verb).to or case.state
        days = reckoned(replace(case, **values, state=state), uow.today)
        if verb != FALL_DUE and days["overdue_since"] != case.overdue_since:
            days["overdue_since"] = None
        changed = await self.records.change(uow, case, verb, to=to, implied=implied, **values, **days)
        self.watch(uow, changed)
        return changed

    def watch(self, uow: UnitOfWork, case: Case) -> None:
        """Set the timer for the day that binds next; one that was set before finds nothing to do."""
        if case.next_due_on is not None and case.overdue_since is None:
            uow.schedule(self.falls_due, end_of_day(case.next_due_on), case.id, case.version)

    # -- officials attached to an enterprise (挂点联系) --------------------------------------------

    async def _attached(self, uow: UnitOfWork, uscc: str) -> list[str]:
        """Give the persons attached to the organisation: they see what is opened for it."""
        found = await self.records.lookup(uow, organisation=uscc, exclusive=True)
        return sorted({each.owner_person for each in found if each.state in LIVE and each.owner_person})

    async def _hand_over(self, uow: UnitOfWork, before: Case, attached: Case) -> None:
        """The enterprise's live cases and measures of the former official go to the new one, who follows all.

        With an attachment that was closed nobody takes over: what was owned stays, the view of the rest ends.
        """
        followers = await self._attached(uow, attached.organisation or "")
        for each in await self.records.lookup(uow, lock=True, organisation=attached.organisation):
            if each.id == attached.id or each.exclusive or each.state not in LIVE:
                continue
            values: dict[str, Any] = {}
            if attached.state in LIVE and owners(before) and each.state in UNRESOLVED:
                values = _moved(each, before, attached)
            owned = "owner_unit" in values
            if followers != list(each.followers):
                values["followers"] = followers
            if not values:
                continue
            moved = await self._change(
                uow, each, "assign" if owned else "follow", to=each.state, implied=True, **values
            )
            if owned or "steps" in values:
                await self.told(uow, moved, "handed_over", to=(*owners(before), *owners(attached)))


def _moved(case: Case, before: Case, attached: Case) -> dict[str, Any]:
    """Give what of a case changes hands: the case itself, single measures, both or nothing."""
    new = {"owner_person": attached.owner_person, "owner_unit": attached.owner_unit}
    values: dict[str, Any] = {}
    if owners(case) == owners(before):
        answered: list[Mapping[str, Any]] = [{**each, "answered": True} for each in case.escalations]
        values |= {**new, "owner_post": attached.owner_post, "escalations": answered}
    steps = with_steps_moved(case, owners(before), new)
    return values | ({"steps": steps} if steps != list(case.steps) else {})
