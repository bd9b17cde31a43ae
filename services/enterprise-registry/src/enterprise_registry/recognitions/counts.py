"""Counts of recognitions on a day, by kind, county and date: always a recount, never a counter."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from enterprise_registry.recognitions.store import recognitions, table
from kechuang.db.unit import ReadUnit, UnitOfWork

Axis = Literal["kind", "division"]


def held_on(day: date) -> sa.ColumnElement[bool]:
    """The condition that a recognition is held at the end of the day."""
    return sa.and_(
        table.c.valid_from <= day,
        sa.or_(table.c.valid_to.is_(None), table.c.valid_to >= day),
        sa.or_(table.c.ended_on.is_(None), table.c.ended_on >= day),
    )


async def count(
    unit: ReadUnit | UnitOfWork,
    as_of: date,
    by: Sequence[Axis],
    city: str | None,
    kinds: Sequence[str] | None,
) -> list[dict[str, Any]]:
    """Count organisations (each once a group) and recognitions held on the day."""
    axes = [table.c[name] for name in dict.fromkeys(by)]
    conditions = [held_on(as_of)]
    if city is not None:
        conditions.append(table.c.city == city)
    if kinds:
        conditions.append(table.c.kind.in_(kinds))
    statement = (
        sa.select(
            *axes,
            sa.func.count(sa.distinct(table.c.organisation)).label("organisations"),
            sa.func.count().label("recognitions"),
        )
        .where(*conditions)
        .group_by(*axes)
        .order_by(*axes)
    )
    blank: dict[str, Any] = {"kind": None, "division": None}
    return [blank | dict(row._mapping) for row in await unit.execute(statement)]  # noqa: SLF001  the Row's accessor


async def held_nodes(unit: ReadUnit | UnitOfWork, uscc: str, day: date) -> dict[str, list[Any]]:
    """Give what an organisation holds on a day: canonical node → its recognitions."""
    statement = sa.select(*recognitions.columns).where(table.c.organisation == uscc, held_on(day))
    found: dict[str, list[Any]] = {}
    for row in await unit.execute(statement.order_by(table.c.valid_from)):
        each = recognitions.row(row)
        found.setdefault(each.node, []).append(each)
    return found
