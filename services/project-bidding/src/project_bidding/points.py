"""Innovation points (企业创新积分) of organisations, as enterprise-registry tells them: what calls judge and rank by.

A ledger of its own: each entry told is one row, so a repeated or late one changes nothing. A counter-entry is an entry
below zero that is told by itself. The balance of a day is the sum of what was booked up to it.
"""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import Handler
from kechuang_contracts.enterprise_registry import PointEntryRecorded
from project_bidding.metadata import metadata

table = sa.Table(
    "point_entry",
    metadata,
    sa.Column("entry", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("points", sa.BigInteger, nullable=False, comment="hundredths"),
    sa.Column("booked_on", sa.Date, nullable=False),
    sa.Index("point_entry_balance", "organisation", "booked_on"),
)


async def _heard(uow: UnitOfWork, event: Received[PointEntryRecorded]) -> None:
    data = event.data
    row = {
        "entry": event.aggregate, "organisation": data.organisation, "points": data.points,
        "booked_on": data.booked_on,
    }  # fmt: skip
    await uow.execute(insert(table).on_conflict_do_nothing(), row)


handler = Handler(PointEntryRecorded, _heard, name="points", derives=(table,))


async def balances(unit: ReadUnit | UnitOfWork, organisations: Iterable[str], on: date) -> dict[str, int]:
    """The balance of each organisation at the end of a day, in hundredths; 0 for one of which nothing was told."""
    wanted = sorted(set(organisations))
    statement = (
        sa.select(table.c.organisation, sa.func.sum(table.c.points).label("balance"))
        .where(table.c.organisation.in_(wanted), table.c.booked_on <= on)
        .group_by(table.c.organisation)
    )
    found = {row.organisation: int(row.balance) for row in await unit.execute(statement)}
    return {each: found.get(each, 0) for each in wanted}
