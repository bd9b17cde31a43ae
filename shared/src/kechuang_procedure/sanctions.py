"""Integrity records in force (科研失信), as project-bidding tells them: what every service obeys.

A read model where the newest version of a record wins; a record's end is a state, never a removal.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import Handler, latest_wins
from kechuang_contracts.project_bidding import IntegrityRecordChanged


@dataclass(frozen=True, slots=True)
class Sanction:
    """A record in force against a person or an organisation, with its last day if it has one."""

    record: str
    subject: str
    valid_to: date | None


class Sanctions:
    """The table, its handler, and the one question."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self.table = sa.Table(
            "sanction",
            metadata,
            sa.Column("record", sa.Text, primary_key=True),
            sa.Column("seen_version", sa.Integer, nullable=False),
            sa.Column("subject", sa.Text, nullable=False, index=True),
            sa.Column("valid_from", sa.Date, nullable=False),
            sa.Column("valid_to", sa.Date),
            sa.Column("state", sa.Text, nullable=False),
        )
        self.handler = Handler(IntegrityRecordChanged, self._heard, name="sanctions", derives=(self.table,))

    async def _heard(self, uow: UnitOfWork, event: Received[IntegrityRecordChanged]) -> None:
        data = event.data
        values = {
            "subject": data.subject_id,
            "valid_from": data.valid_from,
            "valid_to": data.valid_to,
            "state": data.state,
        }
        await latest_wins(
            uow, self.table, key={"record": event.aggregate}, version=event.version, values=values
        )

    async def in_force(
        self, unit: ReadUnit | UnitOfWork, subjects: Collection[str], on: date
    ) -> dict[str, Sanction]:
        """Give those of the persons (by id) and organisations (by credit code) with a record in force on a day."""
        seen = self.table.c
        rows = await unit.execute(
            sa.select(seen.record, seen.subject, seen.valid_to)
            .where(
                seen.subject.in_(sorted(subjects)),
                seen.state == "in_force",
                seen.valid_from <= on,
                sa.or_(seen.valid_to.is_(None), seen.valid_to >= on),
            )
            .order_by(seen.record)
        )
        return {row.subject: Sanction(row.record, row.subject, row.valid_to) for row in rows}
