"""The read model of work items: one row for a record and the verb it awaits.

Opening and closing may arrive in either order, and the same verb may be awaited again later. The row keeps
the newest version of each; it waits while the newest opening is not older than the newest closing (a change
from one awaiting state to another closes and opens with one version).
"""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from indicators.metadata import metadata
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Received
from kechuang.messaging.handlers import AnyHandler, Handler
from kechuang.work_items import WorkItemClosed, WorkItemOpened, closed_in, opened_in

NEVER_DUE = date(9999, 12, 31)

work_item = sa.Table(
    "work_item",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="<record>:<verb>"),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False, comment="<resource>:<verb>, as in the permission table"),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False, server_default=""),
    sa.Column("verb_label_zh", sa.Text, nullable=False, server_default=""),
    sa.Column("verb_label_en", sa.Text, nullable=False, server_default=""),
    sa.Column("sight", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("city", sa.Text),
    sa.Column("due_on", sa.Date, nullable=False, server_default="9999-12-31"),
    sa.Column("opened_at", sa.DateTime(timezone=True)),
    sa.Column("opened_version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("closed_version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waits", sa.Boolean, sa.Computed("opened_version > 0 AND opened_version >= closed_version", persisted=True), nullable=False),
    sa.Index("work_item_due", "due_on", "id", postgresql_where=sa.text("waits")),
    sa.Index("work_item_sight", "sight", postgresql_using="gin", postgresql_where=sa.text("waits")),
)  # fmt: skip


def _key(data: WorkItemOpened | WorkItemClosed) -> dict[str, Any]:
    return {
        "id": f"{data.record}:{data.verb}",
        "record": data.record,
        "verb": data.verb,
        "action": f"{data.resource}:{data.verb}",
        "origin": data.origin,
        "resource": data.resource,
        "number": data.number,
    }


_SHOWN = (
    "number", "label", "verb_label_zh", "verb_label_en", "sight", "city", "due_on", "opened_at",
    "opened_version",
)  # fmt: skip


def _newest(version: str, names: tuple[str, ...]) -> sa.Insert:
    """Write a row, or these columns of it when its version is newer than the one kept. Made once."""
    statement = insert(work_item)
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: statement.excluded[name] for name in names},
        where=work_item.c[version] < statement.excluded[version],
    )


_OPEN = _newest("opened_version", _SHOWN)
_CLOSE = _newest("closed_version", ("closed_version",))


async def open_item(uow: UnitOfWork, received: Received[WorkItemOpened]) -> None:
    """Note an opening; an older one changes nothing (newest version wins)."""
    data = received.data
    shown = {
        "number": data.number,
        "label": data.label,
        "verb_label_zh": data.verb_label_zh,
        "verb_label_en": data.verb_label_en,
        "sight": data.sight,
        "city": data.city,
        "due_on": data.due_on or NEVER_DUE,
        "opened_at": data.opened_at,
        "opened_version": received.version,
    }
    await uow.execute(_OPEN, {**_key(data), **shown})


async def close_item(uow: UnitOfWork, received: Received[WorkItemClosed]) -> None:
    """Note a closing, also of what is not known to be open yet (newest version wins)."""
    await uow.execute(_CLOSE, {**_key(received.data), "closed_version": received.version})


def handlers(*services: str) -> tuple[AnyHandler, ...]:
    """Give the handlers of the services' work items."""
    return tuple(
        handler
        for service in services
        for handler in (
            Handler(opened_in(service), open_item, name="work-items", derives=(work_item,)),
            Handler(closed_in(service), close_item, name="work-items", derives=(work_item,)),
        )
    )
