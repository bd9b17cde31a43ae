"""Counts of recognitions as of any day: always a recount of the dated recognitions, never a counter.

| measure | what is counted |
|---|---|
| `stock` | held at the end of the day |
| `flow` | decided from `first` to the day |
| `first_time` | the same, of organisations that never held the kind before |
| `expired` | validity ran out from `first` on and before the day, and nothing of the kind is held on the day |
| `expiring` | held on the day, ends within so many days after it, and no other one of the kind goes on |

A recognition counts in the county and the zones in which its organisation was when it was decided, on every day:
an organisation that moves takes its next recognition along and not the figures of the past. Counties add up to the
city; zones lie over them and are never added.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from enterprise_registry.recognitions.domain import EXPIRING_DAYS
from enterprise_registry.recognitions.store import last_day, recognitions, table
from kechuang.db.unit import ReadUnit, UnitOfWork

Axis = Literal["kind", "division", "zone", "year"]
Measure = Literal["stock", "flow", "first_time", "expired", "expiring"]
OVER_A_SPAN: frozenset[Measure] = frozenset({"flow", "first_time", "expired"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be counted: `first` and `as_of` inclusive; `kinds` city codes, `nodes` names across packs."""

    measure: Measure
    as_of: date
    first: date
    by: tuple[Axis, ...]
    city: str | None = None
    kinds: Collection[str] | None = None
    nodes: Collection[str] | None = None
    divisions: Collection[str] | None = None
    zones: Collection[str] | None = None
    within_days: int = EXPIRING_DAYS


def held_on(day: date, held: Any = table) -> sa.ColumnElement[bool]:
    """The condition that a recognition is held at the end of the day."""
    return sa.and_(
        held.c.valid_from <= day,
        sa.or_(held.c.valid_to.is_(None), held.c.valid_to >= day),
        sa.or_(held.c.ended_on.is_(None), held.c.ended_on >= day),
    )


def _ran_out(asked: Asked) -> Iterator[Any]:
    yield table.c.valid_to >= asked.first
    yield table.c.valid_to < asked.as_of
    yield sa.or_(table.c.ended_on.is_(None), table.c.ended_on >= table.c.valid_to)
    other = table.alias("other")
    yield ~sa.exists().where(
        other.c.organisation == table.c.organisation,
        other.c.node == table.c.node,
        held_on(asked.as_of, other),
    )


def _ends_soon(asked: Asked) -> Iterator[Any]:
    yield held_on(asked.as_of)
    yield last_day() <= asked.as_of + timedelta(days=asked.within_days)
    other = table.alias("other")
    ends = sa.func.least(other.c.valid_to, other.c.ended_on)
    yield ~sa.exists().where(
        other.c.organisation == table.c.organisation, other.c.node == table.c.node, other.c.id != table.c.id,
        other.c.valid_from <= last_day() + 1, sa.or_(ends.is_(None), ends > last_day()),
    )  # fmt: skip


def conditions(asked: Asked) -> list[Any]:
    """What makes a recognition count."""
    found: list[Any] = []
    if asked.city is not None:
        found.append(table.c.city == asked.city)
    if asked.kinds:
        found.append(table.c.kind.in_(sorted(asked.kinds)))
    if asked.nodes is not None:
        found.append(table.c.node.in_(sorted(asked.nodes)))
    if asked.divisions:
        found.append(table.c.division.in_(sorted(asked.divisions)))
    if asked.zones:
        found.append(table.c.zones.overlap(sorted(asked.zones)))
    if asked.measure == "stock":
        return [*found, held_on(asked.as_of)]
    if asked.measure == "expired":
        return [*found, *_ran_out(asked)]
    if asked.measure == "expiring":
        return [*found, *_ends_soon(asked)]
    found.append(table.c.issued_on.between(asked.first, asked.as_of))
    return [*found, table.c.first_time] if asked.measure == "first_time" else found


def _year(measure: Measure) -> sa.ColumnElement[int]:
    day: Any = {"flow": table.c.issued_on, "first_time": table.c.issued_on, "expired": table.c.valid_to}.get(
        measure, last_day()
    )
    return sa.cast(sa.func.extract("year", day), sa.Integer)


def _axis(name: Axis, measure: Measure) -> Any:
    """A column to group by. Of zones each one counts by itself, so that they are no parts of a whole."""
    match name:
        case "year":
            return _year(measure).label("year")
        case "zone":
            return sa.func.unnest(table.c.zones).label("zone")
        case _:
            return table.c[name]


async def count(unit: ReadUnit | UnitOfWork, asked: Asked) -> list[dict[str, Any]]:
    """Count organisations (each once a group) and recognitions; a stock by year is that of each year's end."""
    if asked.measure == "stock" and "year" in asked.by:
        return [each async for each in _stock_by_year(unit, asked)]
    axes = [_axis(name, asked.measure) for name in dict.fromkeys(asked.by)]
    statement = (
        sa.select(
            *axes,
            sa.func.count(sa.distinct(table.c.organisation)).label("organisations"),
            sa.func.count().label("recognitions"),
        )
        .where(*conditions(asked))
        .group_by(*axes)
        .order_by(*axes)
    )
    blank: dict[str, Any] = {"kind": None, "division": None, "zone": None, "year": None}
    return [blank | dict(row._mapping) for row in await unit.execute(statement)]  # noqa: SLF001  the Row's accessor


async def _stock_by_year(unit: ReadUnit | UnitOfWork, asked: Asked) -> AsyncIterator[dict[str, Any]]:
    rest: Sequence[Axis] = [each for each in asked.by if each != "year"]
    for year in range(asked.first.year, asked.as_of.year + 1):
        day = min(date(year, 12, 31), asked.as_of)
        for each in await count(unit, replace(asked, as_of=day, first=day, by=tuple(rest))):
            yield each | {"year": year}


async def held_nodes(unit: ReadUnit | UnitOfWork, uscc: str, day: date) -> dict[str, list[Any]]:
    """Give what an organisation holds on a day: canonical node → its recognitions."""
    statement = sa.select(*recognitions.columns).where(table.c.organisation == uscc, held_on(day))
    found: dict[str, list[Any]] = {}
    for row in await unit.execute(statement.order_by(table.c.valid_from)):
        each = recognitions.row(row)
        found.setdefault(each.node, []).append(each)
    return found
