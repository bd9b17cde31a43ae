"""Counts of pools as of any day, recounted from the dated memberships: members, joined, converted, left."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from enterprise_registry.reserve_pools.store import table
from kechuang.db.unit import ReadUnit

Axis = Literal["pool", "rung", "division"]


async def count(
    unit: ReadUnit, *, first: date | None, as_of: date, by: Sequence[Axis], city: str | None
) -> list[dict[str, Any]]:
    """Count at the end of `as_of`; flows from `first` (inclusive) or from the beginning."""
    axes = [table.c[name] for name in dict.fromkeys(by)]
    member = sa.and_(table.c.joined_on <= as_of, sa.or_(table.c.out_on.is_(None), table.c.out_on > as_of))

    def within(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
        return column.between(first, as_of) if first is not None else column <= as_of

    def counted(condition: sa.ColumnElement[bool], name: str) -> Any:
        return sa.func.count().filter(condition).label(name)

    statement = (
        sa.select(
            *axes,
            sa.func.count(sa.distinct(table.c.organisation)).filter(member).label("members"),
            counted(within(table.c.joined_on), "joined"),
            counted(sa.and_(table.c.state == "graduated", within(table.c.out_on)), "converted"),
            counted(sa.and_(table.c.state == "left", within(table.c.out_on)), "left"),
        )
        .where(table.c.joined_on <= as_of, *([table.c.city == city] if city is not None else []))
        .group_by(*axes)
        .order_by(*axes)
    )
    blank: dict[str, Any] = {"pool": None, "rung": None, "division": None}
    return [blank | dict(row._mapping) for row in await unit.execute(statement)]  # noqa: SLF001  the Row's accessor
