"""The fast lane (绿色通道): a matter marked with a reason goes first in its list, and what it waits for is due sooner.

A feature takes it in with `FastLaned` as its record's base, `fast_lane_columns` in its table, `FastLaneRecords`
as its store, `queue` among its sorts, a verb `expedite`, and `expedite` here for its use case.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from kechuang.calendar import Period
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.records import Records
from kechuang.resources import Record
from kechuang.text import Text
from kechuang_procedure.calendar import end_of
from kechuang_procedure.waiting import Wait, follow


@dataclass(frozen=True, slots=True, kw_only=True)
class FastLaned(Record):
    """A record that may be in the fast lane; `queue` is 0 there and 1 elsewhere."""

    fast_lane_reason: str | None
    fast_lane_due_on: date | None
    queue: int


F = TypeVar("F", bound=FastLaned)


def fast_lane_columns() -> list[sa.Column[Any]]:
    """Columns for the table."""
    first = "CASE WHEN fast_lane_reason IS NULL THEN 1 ELSE 0 END"
    return [
        sa.Column("fast_lane_reason", sa.Text),
        sa.Column("fast_lane_due_on", sa.Date),
        sa.Column("queue", sa.Integer, sa.Computed(first, persisted=True), nullable=False),
    ]


class FastLaneRecords(Records[F]):
    """Records whose work items are due sooner in the fast lane."""

    def _waits(self, record: F, today: date) -> dict[str, Wait]:
        found = {}
        for each in self.resource.machine.awaits:
            if each.state == record.state:
                usual = today + timedelta(days=each.days) if each.days else None
                days = [day for day in (usual, record.fast_lane_due_on) if day is not None]
                found[each.verb] = Wait(tuple(record.sight), min(days, default=None))
        return found

    def _work_items(self, uow: UnitOfWork, before: F | None, after: F) -> None:
        if after.fast_lane_reason is None:
            super()._work_items(uow, before, after)
            return
        earlier = self._waits(before, uow.today) if before is not None else {}
        if before is not None and before.state != after.state:  # the same verb of another state waits anew
            earlier = {verb: Wait((), None) for verb in earlier}
        follow(uow, self.resource, after, earlier, self._waits(after, uow.today))

    async def expedite(self, uow: UnitOfWork, record: F, reason: str, within: Period | None) -> F:
        """Put a locked record into the fast lane; 409 `fast_already` when it is there.

        `within` is the shorter time limit; None moves it up the queue alone.
        """
        if record.fast_lane_reason is not None:
            raise Conflict(Text("已列入绿色通道。", "It is in the fast lane already."), code="fast_already")
        uow.reason = reason
        due = end_of(uow.today, within).last_day if within is not None else None
        changed = await self.change(uow, record, "expedite", fast_lane_reason=reason, fast_lane_due_on=due)
        self._work_items(uow, record, changed)
        return changed
