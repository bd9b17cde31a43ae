"""What other services tell of an organisation's innovation: needs resolved, calls awarded, contracts signed.

Facts that are added and never changed: an event is one row for each organisation it concerns, keyed by record,
version and organisation, so a repeated delivery changes nothing and the order does not matter. The latest version
known on a day says whether it counts.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from enterprise_registry.metadata import metadata
from kechuang.clock import end_of_day
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.messaging.events import Event, Received
from kechuang.messaging.handlers import AnyHandler, Handler
from kechuang_contracts.commissioner_matching import TechnicalNeedConfirmed, TechnicalNeedReopened
from kechuang_contracts.project_bidding import AwardDecided, ContractSigned

table = sa.Table(
    "innovation_event",
    metadata,
    sa.Column("record", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("organisation", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("happened_on", sa.Date, nullable=False),
    sa.Column("counts", sa.Boolean, nullable=False),
    sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("innovation_event_organisation", "organisation", "kind", "happened_on"),
)


async def note(
    uow: UnitOfWork,
    event: Received[Event],
    kind: str,
    organisations: Sequence[str],
    on: date,
    *,
    counts: bool,
) -> None:
    """Keep an event for each organisation that it concerns."""
    rows = [
        {
            "record": event.aggregate, "version": event.version, "organisation": each, "kind": kind,
            "happened_on": on, "counts": counts, "known_at": event.time,
        }
        for each in sorted(set(organisations))
    ]  # fmt: skip
    if rows:
        await uow.execute(insert(table).on_conflict_do_nothing(), rows)


async def confirmed(uow: UnitOfWork, event: Received[TechnicalNeedConfirmed]) -> None:
    """An enterprise confirmed that its need is resolved."""
    data = event.data
    await note(uow, event, "need_resolved", [data.organisation], data.confirmed_on, counts=True)


async def reopened(uow: UnitOfWork, event: Received[TechnicalNeedReopened]) -> None:
    """It is not resolved after all."""
    data = event.data
    await note(uow, event, "need_resolved", [data.organisation], data.reopened_on, counts=False)


async def awarded(uow: UnitOfWork, event: Received[AwardDecided]) -> None:
    """A call was awarded to a lead and its members."""
    data = event.data
    await note(uow, event, "project_awarded", [data.lead, *data.members], data.decided_on, counts=True)


async def signed(uow: UnitOfWork, event: Received[ContractSigned]) -> None:
    """All parties signed."""
    data = event.data
    await note(uow, event, "contract_signed", data.parties, data.signed_on, counts=True)


def handlers() -> list[AnyHandler]:
    """Give the handlers to put into the service; they alone fill the table, so it can be made anew by replay."""
    heard: list[tuple[type[Event], Any]] = [
        (TechnicalNeedConfirmed, confirmed),
        (TechnicalNeedReopened, reopened),
        (AwardDecided, awarded),
        (ContractSigned, signed),
    ]
    return [Handler(event, handle, name="innovation-events", derives=(table,)) for event, handle in heard]


async def counted(
    unit: ReadUnit | UnitOfWork, organisations: Sequence[str], on: date
) -> dict[str, list[tuple[str, str, date]]]:
    """Give by organisation what counts as known at the end of a day: (kind, record, day)."""
    known: datetime = end_of_day(on)
    latest = (
        sa.select(table)
        .ext(distinct_on(table.c.organisation, table.c.record))
        .where(table.c.organisation.in_(organisations), table.c.known_at < known, table.c.happened_on <= on)
        .order_by(table.c.organisation, table.c.record, table.c.version.desc())
        .subquery()
    )
    rows = await unit.execute(
        sa.select(latest).where(latest.c.counts).order_by(latest.c.happened_on, latest.c.record)
    )
    found: dict[str, list[tuple[str, str, date]]] = {}
    for row in rows:
        found.setdefault(row.organisation, []).append((row.kind, row.record, row.happened_on))
    return found
