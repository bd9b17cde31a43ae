"""The table of facts, and how an event becomes one."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from indicators.facts.domain import Fact, ended_by, ending_of, no_longer_from, read
from indicators.metadata import metadata
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Event, Received

fact = sa.Table(
    "fact",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True, comment="aggregate and event: recognition.decided"),
    sa.Column("record", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, comment="of the record, after the change"),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("city", sa.Text),
    sa.Column("division", sa.Text),
    sa.Column("zones", ARRAY(sa.Text), nullable=False),
    sa.Column("organisation", sa.Text),
    sa.Column("persons", ARRAY(sa.Text), nullable=False),
    sa.Column("quantity", sa.BigInteger, nullable=False, comment="fen, or one"),
    sa.Column("data", JSONB, nullable=False, comment="the event's payload: the dimensions"),
    sa.Column("ended_on", sa.Date, comment="first day on which it no longer holds"),
    sa.Column("ended_known_at", sa.DateTime(timezone=True)),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_version", sa.Integer),
    sa.Index("fact_city", "city", "kind", "day"),
    sa.Index("fact_record", "record", "version"),
    sa.Index("fact_organisation", "organisation", postgresql_where=sa.text("organisation IS NOT NULL")),
)


def kind_of(event_type: str) -> str:
    """`recognition.decided` of `kechuang.enterprise-registry.recognition.decided.v1`."""
    return ".".join(event_type.split(".")[2:4])


async def write_fact(uow: UnitOfWork, received: Received[Event]) -> None:
    """Write the fact that an event tells of, and end or be ended by what is there already.

    Idempotent: the key is kind, record and version. Order-tolerant: both the beginning and the ending look
    for each other, one after the other under the record's lock, so either may come first.
    """
    found = read(
        service=received.source.rpartition("/")[2],
        kind=kind_of(received.type),
        record=received.aggregate,
        version=received.version,
        event=received.id,
        time=received.time.astimezone(UTC),
        data=received.data.model_dump(mode="json"),
    )
    await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(found.record, 0))))
    values = {column.name: getattr(found, column.name) for column in fact.columns}
    await uow.execute(insert(fact).values(values).on_conflict_do_nothing())
    await _end_earlier(uow, found)
    await _be_ended(uow, found)


async def _end_earlier(uow: UnitOfWork, ending: Fact) -> None:
    begun = ended_by(ending.kind)
    if not begun:
        return
    earlier = (
        fact.c.record == ending.record,
        fact.c.kind.in_(begun),
        fact.c.version < ending.version,
        sa.or_(fact.c.ended_version.is_(None), fact.c.ended_version > ending.version),
    )
    await uow.execute(sa.update(fact).where(*earlier).values(_ending(no_longer_from(ending.kind, ending.day), ending.known_at, ending.event, ending.version)))  # fmt: skip


async def _be_ended(uow: UnitOfWork, begun: Fact) -> None:
    ending = ending_of(begun.kind)
    if ending is None:
        return
    earliest = (
        sa.select(fact.c.day, fact.c.known_at, fact.c.event, fact.c.version)
        .where(fact.c.record == begun.record, fact.c.kind == ending, fact.c.version > begun.version)
        .order_by(fact.c.version)
        .limit(1)
    )
    row = (await uow.execute(earliest)).first()
    if row is not None:
        this = (fact.c.record == begun.record, fact.c.kind == begun.kind, fact.c.version == begun.version)
        await uow.execute(
            sa.update(fact)
            .where(*this)
            .values(_ending(no_longer_from(ending, row.day), row.known_at, row.event, row.version))
        )


def _ending(day: Any, known_at: datetime, event: str, version: int) -> dict[str, Any]:
    return {"ended_on": day, "ended_known_at": known_at, "ended_by": event, "ended_version": version}


def of_row(row: Any) -> Fact:
    """Make a fact of a row that selected the whole table."""
    return Fact(**row._mapping)  # noqa: SLF001  the documented accessor of a Row
