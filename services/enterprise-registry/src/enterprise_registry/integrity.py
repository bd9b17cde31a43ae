"""Integrity records in force (科研诚信), as project-bidding tells them: no recognition or benefit meanwhile.

A read model where the newest version of a record wins; a record's end is a state, never a removal.
"""

from datetime import date

import sqlalchemy as sa

from enterprise_registry.metadata import metadata
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import Handler, latest_wins
from kechuang.text import Text
from kechuang_contracts.project_bidding import IntegrityRecordChanged

table = sa.Table(
    "sanction",
    metadata,
    sa.Column("record", sa.Text, primary_key=True),
    sa.Column("seen_version", sa.Integer, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("state", sa.Text, nullable=False),
)


async def _heard(uow: UnitOfWork, event: Received[IntegrityRecordChanged]) -> None:
    data = event.data
    if data.subject_kind != "organisation":
        return
    await latest_wins(
        uow, table, key={"record": event.aggregate}, version=event.version,
        values={"subject": data.subject_id, "valid_from": data.valid_from, "valid_to": data.valid_to,
                "state": data.state},
    )  # fmt: skip


handler = Handler(IntegrityRecordChanged, _heard, name="sanctions", derives=(table,))


async def sanction(unit: ReadUnit | UnitOfWork, uscc: str) -> sa.Row[tuple[date | None]] | None:
    """Give the record in force against an organisation, with its last day `valid_to`; None where there is none."""
    found = await unit.execute(
        sa.select(table.c.valid_to).where(
            table.c.subject == uscc,
            table.c.state == "in_force",
            table.c.valid_from <= unit.today,
            sa.or_(table.c.valid_to.is_(None), table.c.valid_to >= unit.today),
        )
    )
    return found.first()


async def require_no_sanction(uow: UnitOfWork, uscc: str) -> None:
    """Refuse while an integrity record of the organisation is in force."""
    row = await sanction(uow, uscc)
    if row is not None:
        until = row.valid_to.isoformat() if row.valid_to else None
        raise Conflict(
            Text(
                "该单位有生效中的科研失信处理，期间不予认定和奖补。",
                "An integrity record of the organisation is in force; no recognition or benefit meanwhile.",
            ),
            code="integrity_record_in_force",
            extra={"until": until},
        )
