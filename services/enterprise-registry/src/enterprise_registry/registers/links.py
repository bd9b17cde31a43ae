"""Who is served by a dispatch (指导专家、合作院校派驻), as commissioner-matching tells it.

A beginning and its end may arrive in either order: each fills its own columns of the dispatch's row.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from enterprise_registry.metadata import metadata
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import Handler
from kechuang_contracts.commissioner_matching import DispatchActivated, DispatchEnded

table = sa.Table(
    "service_link",
    metadata,
    sa.Column("dispatch", sa.Text, primary_key=True),
    sa.Column("programme", sa.Text),
    sa.Column("target", sa.Text, index=True, comment="USCC of who is served"),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Column("ended_on", sa.Date, comment="the day of the end: no longer served from here on"),
)


async def _activated(uow: UnitOfWork, event: Received[DispatchActivated]) -> None:
    data = event.data
    values = {
        "programme": data.programme, "target": data.target, "valid_from": data.valid_from,
        "valid_to": data.valid_to,
    }  # fmt: skip
    statement = insert(table).values(dispatch=event.aggregate, **values)
    await uow.execute(statement.on_conflict_do_update(index_elements=["dispatch"], set_=values))


async def _ended(uow: UnitOfWork, event: Received[DispatchEnded]) -> None:
    statement = insert(table).values(dispatch=event.aggregate, ended_on=event.data.ended_on)
    await uow.execute(
        statement.on_conflict_do_update(
            index_elements=["dispatch"], set_={"ended_on": statement.excluded.ended_on}
        )
    )


handlers = (
    Handler(DispatchActivated, _activated, name="service-links", derives=(table,)),
    Handler(DispatchEnded, _ended, name="service-links", derives=(table,)),
)
