"""The read model of messages, and who has acknowledged which.

A message stands for itself: its key is its event's id, so a repeat changes nothing and order is indifferent.
Acknowledging is an act of its own and survives a rebuild of the messages.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from indicators.metadata import metadata
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import AnyHandler, Handler
from kechuang_procedure.messages import MessageSent, sent_by

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="the event's id"),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("recipients", ARRAY(sa.Text), nullable=False),
    sa.Column("subject_zh", sa.Text, nullable=False),
    sa.Column("subject_en", sa.Text, nullable=False),
    sa.Column("body_zh", sa.Text, nullable=False),
    sa.Column("body_en", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("city", sa.Text),
    sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("message_recipients", "recipients", postgresql_using="gin"),
    sa.Index("message_sent", "sent_at", "id"),
)
acknowledgement = sa.Table(
    "message_acknowledgement",
    metadata,
    sa.Column("message", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)


async def keep(uow: UnitOfWork, received: Received[MessageSent]) -> None:
    """Put a message into the inboxes of its recipients."""
    values = {"id": received.id, **received.data.model_dump()}
    await uow.execute(insert(message).values(values).on_conflict_do_nothing())


def handlers(*services: str) -> tuple[AnyHandler, ...]:
    """Give the handlers of the services' messages."""
    return tuple(Handler(sent_by(each), keep, name="messages", derives=(message,)) for each in services)
