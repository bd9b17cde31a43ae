"""Counts of register records: stock on a day, added and ended in a period; always a recount, never a counter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_procedure.registers.domain import HELD_STATES, LEVELS

Measure = Literal["stock", "added", "ended"]
COLUMNS = ("register", "kind", "level", "division", "chain", "parent", "organisation", "standing")
"""Columns that counts may be split by; beside them the kinds' dimensions and `zone`."""
ZONE = "zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is counted: on the day `as_of`, and in the period from `first` to `last`.

    `min_level` lets the named level and the higher ones count; None where everything does.
    """

    as_of: date
    first: date
    last: date
    registers: Sequence[str] = ()
    kinds: Sequence[str] = ()
    levels: Sequence[str] = ()
    min_level: str | None = None
    city: str | None = None
    divisions: Sequence[str] = ()
    zone: str | None = None
    chain: str | None = None
    parent: str | None = None
    organisation: str | None = None
    standing: str | None = "counted"


class Counting:
    """The counts of one register table."""

    def __init__(self, table: sa.Table) -> None:
        self.table = table
        self.last = sa.func.least(table.c.valid_to, table.c.ended_on)

    def measured(self, measure: Measure, asked: Asked) -> sa.ColumnElement[bool]:
        """The condition that a record is one of the stock, of those added, or of those ended."""
        first, last = self.table.c.valid_from, self.last
        if measure == "stock":
            return sa.and_(first <= asked.as_of, sa.or_(last.is_(None), last >= asked.as_of))
        if measure == "added":
            return sa.and_(first.between(asked.first, asked.last), sa.or_(last.is_(None), last >= first))
        eve = timedelta(days=1)
        return sa.and_(last.between(asked.first - eve, asked.last - eve), last >= first)

    def conditions(self, asked: Asked) -> list[sa.ColumnElement[bool]]:
        """What a record must be to take part, whatever is measured."""
        table = self.table
        found: list[sa.ColumnElement[bool]] = [table.c.state.in_(HELD_STATES)]
        for name, values in (
            ("register", asked.registers), ("kind", asked.kinds), ("level", asked.levels),
            ("division", asked.divisions),
        ):  # fmt: skip
            if values:
                found.append(table.c[name].in_(values))
        for name, value in (
            ("city", asked.city), ("chain", asked.chain), ("parent", asked.parent),
            ("organisation", asked.organisation), ("standing", asked.standing),
        ):  # fmt: skip
            if value is not None:
                found.append(table.c[name] == value)
        if asked.min_level is not None:
            found.append(table.c.level.in_(LEVELS[: LEVELS.index(asked.min_level) + 1]))
        if asked.zone is not None:
            found.append(table.c.zones.contains([asked.zone]))
        return found

    async def count(
        self,
        unit: ReadUnit | UnitOfWork,
        asked: Asked,
        by: Sequence[str],
        *within: sa.ColumnElement[bool],
    ) -> list[dict[str, Any]]:
        """Count within the caller's sight; `by` names columns, `zone`, or fields that are dimensions.

        A record in two zones is counted in each: zones are an overlay and do not add up.
        """
        source: Any = self.table
        axes: list[Any] = []
        for name in by:
            if name == ZONE:
                zone = sa.func.unnest(self.table.c.zones).table_valued("value", name="zone").render_derived()
                source = source.outerjoin(zone.lateral(), sa.true())
                axes.append(zone.c.value.label(name))
            elif name in COLUMNS:
                axes.append(self.table.c[name].label(name))
            else:
                axes.append(self.table.c.fields[name].astext.label(name))
        stock = self.measured("stock", asked)
        statement = (
            sa.select(
                *axes,
                sa.func.count().filter(stock).label("stock"),
                sa.func.count(sa.distinct(self.table.c.organisation)).filter(stock).label("organisations"),
                sa.func.count().filter(self.measured("added", asked)).label("added"),
                sa.func.count().filter(self.measured("ended", asked)).label("ended"),
            )
            .select_from(source)
            .where(*self.conditions(asked), *within)
        )
        if axes:
            numbers: list[Any] = [sa.literal_column(str(index)) for index in range(1, len(axes) + 1)]
            statement = statement.group_by(*numbers).order_by(*numbers)
        rows = [dict(row._mapping) for row in await unit.execute(statement)]  # noqa: SLF001  the Row's accessor
        numbers_of = ("stock", "organisations", "added", "ended")
        return [
            {"group": {name: row[name] for name in by}, **{name: row[name] for name in numbers_of}}
            for row in rows
            if not by or row["stock"] or row["added"] or row["ended"]
        ]
