"""What happened: one record's history, and the change feed of a resource."""

from collections.abc import Sequence
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query

from kechuang.db.tables import feed, history
from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.http.route import Read
from kechuang.http.schemas import Change, Changes, HistoryEntry, Page
from kechuang.http.view import Endpoint, RecordId, View

_Limit = Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)]
_Cursor = Annotated[str | None, Query(max_length=1000)]


def history_endpoint(view: View[Any, Any]) -> Endpoint:
    """`GET /<resource>/{id}/history`."""

    async def history_(
        record_id: RecordId, unit: Read, limit: _Limit = paging.DEFAULT_LIMIT, cursor: _Cursor = None
    ) -> Page[HistoryEntry]:
        await view.records.get(unit, record_id)
        binding = paging.binding_of(record_id)
        statement = sa.select(history).where(
            history.c.record_id == record_id, history.c.resource == view.resource.name
        )
        if cursor is not None:
            after = paging.decode(cursor, binding, history.c.seq)
            statement = statement.where(history.c.seq > after.value)
        rows = list(await unit.execute(statement.order_by(history.c.seq).limit(limit + 1)))
        more = len(rows) > limit
        return Page[HistoryEntry](
            items=[_entry(view, each, unit) for each in rows[:limit]],
            next_cursor=paging.Cursor(rows[limit - 1].seq, "").encode(binding) if more else None,
        )

    history_.__doc__ = "Every change of the record, oldest first."
    return history_


def _entry(view: View[Any, Any], row: Any, unit: ReadUnit) -> HistoryEntry:
    entry = HistoryEntry.model_validate(row)
    if not view.resource.hides_actors or row.subject == unit.actor.subject:
        return entry
    hidden: dict[str, Any] = {"subject": "***", "person": None, "organisation": None, "roles": []}
    return entry.model_copy(update=hidden)


def changes_endpoint(view: View[Any, Any]) -> Endpoint:
    """`GET /<resource>/changes`."""
    model, change = Changes[view.out], Change[view.out]  # type: ignore[name-defined]

    async def changes(unit: Read, limit: _Limit = paging.DEFAULT_LIMIT, cursor: _Cursor = None) -> Any:
        after = paging.decode_position(cursor)
        rows = await _feed(view, unit, after, limit)
        items = []
        for row in rows:
            gone = not row._mapping["kechuang_visible"]  # noqa: SLF001  a row's public, oddly named view
            items.append(
                change(
                    op="removed" if gone else "upsert",
                    id=row.record_id,
                    version=row.feed_version,
                    record=None if gone else view.show(_record_of(view, row), unit),
                )
            )
        last = rows[-1].feed_position if rows else after
        return model(items=items, next_cursor=paging.encode_position(last))

    changes.__doc__ = "Every change of state in sealed order, gap-free; a cursor is good for ever."
    return changes


async def _feed(view: View[Any, Any], unit: ReadUnit, after: int, limit: int) -> Sequence[Any]:
    table, resource = view.records.table, view.resource
    held = unit.permissions.tokens(unit.actor, resource.action("read"))
    statement = (
        sa.select(
            feed.c.record_id,
            feed.c.version.label("feed_version"),
            feed.c.position.label("feed_position"),
            view.records.visible(unit).label("kechuang_visible"),
            *view.records.columns,
        )
        .select_from(feed.join(table, table.c.id == feed.c.record_id))
        .where(feed.c.resource == resource.name, feed.c.position > after)
    )
    if held is not None:
        statement = statement.where(
            feed.c.ever_sight.bool_op("&&")(sa.cast(sorted(held), feed.c.ever_sight.type))
        )
    return list(await unit.execute(statement.order_by(feed.c.position).limit(limit)))


def _record_of(view: View[Any, Any], row: Any) -> Any:
    mapping = row._mapping  # noqa: SLF001  a row's public, oddly named view
    return view.resource.record(**{column.name: mapping[column] for column in view.records.columns})
