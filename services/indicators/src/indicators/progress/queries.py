"""The same counts in the database: one statement for many indicators. `counting.recount` is the definition."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array

from indicators.facts.domain import MONEY_FIELDS, NEVER_HELD
from indicators.facts.store import fact
from indicators.progress.counting import Counted, Span, Where
from kechuang.db.unit import ReadUnit, UnitOfWork

Asked = tuple[Counted, Span, Where]


def reporting_area(instead: Sequence[str]) -> Any:
    """The column expression of the area whose figure a fact belongs to."""
    if not instead:
        return fact.c.division
    zone = sa.func.unnest(fact.c.zones).table_valued("zone").render_derived()
    own = sa.select(sa.func.min(zone.c.zone)).where(zone.c.zone.in_(list(instead))).scalar_subquery()
    return sa.func.coalesce(own, fact.c.division)


def conditions(counted: Counted, span: Span, where: Where) -> list[Any]:
    """What makes a fact count; the provenance lists exactly these."""
    found: list[Any] = [
        fact.c.kind == counted.kind,
        fact.c.city == where.city,
        fact.c.known_at < span.known_before,
    ]
    if where.level == "zone":
        found.append(fact.c.zones.contains([where.area]))
    elif where.level == "division":
        found.append(reporting_area(where.instead) == where.area)
    found += [fact.c.data[name].astext.in_(sorted(allowed)) for name, allowed in counted.filters.items()]
    last = span.last
    if counted.stock:
        found += [fact.c.valid_from <= last, sa.or_(fact.c.valid_to.is_(None), fact.c.valid_to >= last)]
    else:
        found.append(fact.c.day <= last)
        if span.first is not None:
            found.append(fact.c.day >= span.first)
    if counted.kind in NEVER_HELD:
        never = sa.and_(fact.c.ended_known_at < span.known_before, fact.c.ended_on <= fact.c.valid_from)
        found.append(sa.func.coalesce(never, sa.false()).is_(False))
    if counted.ends:
        ended = sa.and_(
            fact.c.ended_known_at < span.known_before,
            fact.c.ended_on <= (last if counted.stock else span.today),
        )
        found.append(sa.func.coalesce(ended, sa.false()).is_(False))
    return found


def _members(field: str) -> Any:
    """The values of a subject field as a table: the members of a list, or the one value."""
    if field in ("persons", "person"):
        values = sa.func.unnest(fact.c.persons)
    elif field == "organisation":
        values = sa.func.unnest(array([fact.c.organisation]))
    else:
        value = fact.c.data[field]
        listed = sa.case(
            (sa.func.jsonb_typeof(value) == "array", value), else_=sa.func.jsonb_build_array(value)
        )
        values = sa.func.jsonb_array_elements_text(listed)
    return values.table_valued("value", name="member").render_derived().lateral()


def _summed(field: str) -> Any:
    if field == "persons":
        return sa.func.cardinality(fact.c.persons)
    if field in MONEY_FIELDS:
        return fact.c.quantity
    value = fact.c.data[field]
    number = sa.cast(fact.c.data[field].astext, sa.BigInteger)
    return sa.case((sa.func.jsonb_typeof(value) == "array", sa.func.jsonb_array_length(value)), else_=number)


def count_of(counted: Counted, *columns: Any) -> sa.Select[Any]:
    """Select `columns` and the count named `value`, without conditions."""
    if counted.subject is not None:
        members = _members(counted.subject)
        value = sa.func.count(sa.distinct(members.c.value)).label("value")
        return sa.select(*columns, value).select_from(fact.join(members, sa.true()))
    if counted.quantity is not None:
        total = sa.func.coalesce(sa.func.sum(_summed(counted.quantity)), 0)
        return sa.select(*columns, sa.cast(total, sa.BigInteger).label("value")).select_from(fact)
    return sa.select(*columns, sa.func.count().label("value")).select_from(fact)


async def counts(unit: ReadUnit | UnitOfWork, asked: Mapping[str, Asked]) -> dict[str, int]:
    """Count many things in one round trip; gives the count by the key it was asked under."""
    if not asked:
        return {}
    parts = [
        count_of(counted, sa.literal(key).label("key")).where(*conditions(counted, span, where))
        for key, (counted, span, where) in asked.items()
    ]
    return {row.key: row.value for row in await unit.execute(sa.union_all(*parts))}


async def counts_by_area(
    unit: ReadUnit | UnitOfWork, asked: Mapping[str, Asked]
) -> dict[str, dict[str, int]]:
    """Count by reporting area: what lies in no county is under `` (the empty text)."""
    if not asked:
        return {}
    parts = []
    for key, (counted, span, where) in asked.items():
        area = sa.func.coalesce(reporting_area(where.instead), "").label("area")
        part = count_of(counted, sa.literal(key).label("key"), area)
        parts.append(part.where(*conditions(counted, span, where)).group_by(area))
    found: dict[str, dict[str, int]] = {key: {} for key in asked}
    for row in await unit.execute(sa.union_all(*parts)):
        found[row.key][row.area] = row.value
    return found
