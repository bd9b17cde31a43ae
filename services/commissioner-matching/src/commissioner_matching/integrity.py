"""Integrity records in force (科研失信), told by project-bidding: no dispatch and no review meanwhile."""

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa

from commissioner_matching.metadata import metadata
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import Handler, latest_wins
from kechuang_contracts.project_bidding import IntegrityRecordChanged

_table = sa.Table(
    "integrity_seen",
    metadata,
    sa.Column("record", sa.Text, primary_key=True),
    sa.Column("seen_version", sa.Integer, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("state", sa.Text, nullable=False),
)


async def _changed(uow: UnitOfWork, event: Received[IntegrityRecordChanged]) -> None:
    data = event.data
    await latest_wins(
        uow, _table, key={"record": event.aggregate}, version=event.version,
        values={"subject": data.subject_id, "valid_from": data.valid_from, "valid_to": data.valid_to,
                "state": data.state},
    )  # fmt: skip


HANDLER = Handler(IntegrityRecordChanged, _changed, name="integrity-seen", derives=(_table,))


async def barred(unit: ReadUnit | UnitOfWork, subjects: Collection[str], on: date) -> dict[str, str]:
    """Give those of the persons and organisations against whom a record is in force: subject → record."""
    rows = await unit.execute(
        sa.select(_table.c.subject, _table.c.record)
        .where(
            _table.c.subject.in_(sorted(subjects)),
            _table.c.state == "in_force",
            _table.c.valid_from <= on,
            sa.or_(_table.c.valid_to.is_(None), _table.c.valid_to >= on),
        )
        .order_by(_table.c.record)
    )
    return {row.subject: row.record for row in rows}
