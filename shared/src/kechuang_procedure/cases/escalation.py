"""What happens when a day is missed: the case is marked, its owner told, and it goes up the chain (升级督办)."""

from typing import Any

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text
from kechuang.timers import Timer
from kechuang_procedure.calendar import end_of
from kechuang_procedure.cases.acts import CaseActs
from kechuang_procedure.cases.domain import UNRESOLVED, Case, offices, owners
from kechuang_procedure.cases.due import reckoned, superior, waits
from kechuang_procedure.cases.kinds import Level

_MISSED = Text("逾期未办", "The last day was missed")


class CaseEscalation(CaseActs):
    """By hand with a reason, or by itself when a day is missed and stays missed."""

    goes_up: str

    async def escalate(self, uow: UnitOfWork, record_id: str, reason: str) -> Case:
        """Turn to the next level of the chain; 409 `no_higher_level` at its end."""
        case = await self.records.load(uow, record_id, "escalate")
        await self._require_authority(uow, case)
        uow.reason = reason
        chain = self.stamped(uow, case).escalation
        if len(case.escalations) >= len(chain):
            raise Conflict(
                Text("已升级至最高层级。", "It has reached the highest level of its chain."),
                code="no_higher_level",
            )
        return await self._up(uow, case, chain[len(case.escalations)], reason, by=uow.actor.subject)

    async def _up(self, uow: UnitOfWork, case: Case, level: Level, reason: str, *, by: str | None) -> Case:
        entry: dict[str, Any] = {
            "level": len(case.escalations) + 1, "to": level.to, "unit": level.unit, "at": uow.now.isoformat(),
            "by": by, "reason": reason, "answered": False,
        }  # fmt: skip
        changed = await self._change(
            uow, case, "escalate", implied=by is None, escalations=[*case.escalations, entry]
        )
        to = (*superior(changed, level), *(owners(changed) or offices(changed)))
        await self.told(uow, changed, "escalated", to=to, details={"reason": reason})
        return changed

    async def on_day(self, uow: UnitOfWork, timer: Timer) -> None:
        """A day has passed: mark the case when it still binds, and set the timers that take it up the chain."""
        case = await self.records.lookup_one(uow, lock=True, id=timer.record_id)
        if case is None:
            return
        now = reckoned(case, uow.today)
        since = now["overdue_since"]
        if since is None or since == case.overdue_since or now["next_due_on"] is None:
            return
        late = await self._change(uow, case, "fall-due")
        awaited = {token for wait in waits(late).values() for token in wait.sight}
        await self.told(uow, late, "overdue", to=sorted(awaited))
        if late.state not in UNRESOLVED:
            return
        for number, level in enumerate(self.stamped(uow, late).escalation):
            if number < len(late.escalations):
                continue
            if level.after is None and number == len(late.escalations):
                late = await self._up(uow, late, level, _MISSED.zh, by=None)
            elif level.after is not None:
                uow.schedule(
                    self.goes_up, end_of(now["next_due_on"], level.after).ends_at, late.id, late.version,
                    {"level": number, "since": since.isoformat()},
                )  # fmt: skip

    async def on_still_late(self, uow: UnitOfWork, timer: Timer) -> None:
        """It is still overdue by the same day, and nobody took it to this level by hand."""
        case = await self.records.lookup_one(uow, lock=True, id=timer.record_id)
        if case is None or case.state not in UNRESOLVED or case.overdue_since is None:
            return
        chain, number = self.stamped(uow, case).escalation, int(timer.payload["level"])
        same = case.overdue_since.isoformat() == timer.payload["since"]
        if same and number == len(case.escalations) and number < len(chain):
            await self._up(uow, case, chain[number], _MISSED.zh, by=None)
