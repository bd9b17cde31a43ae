"""What is behind one value: the facts that were counted, the row that was reported, or a formula's inputs."""

from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from indicators.catalogue.domain import Indicator, where
from indicators.facts.handlers import KINDS
from indicators.facts.store import fact
from indicators.observations.store import observation
from indicators.packs import CityPack
from indicators.progress.counting import Where
from indicators.progress.figures import AsOf, figures, needs, observed_rows, span_of
from indicators.progress.queries import conditions
from indicators.progress.schemas import (
    ProvenanceFact,
    ProvenanceInput,
    ProvenanceObservation,
    ProvenanceOut,
    number,
)
from indicators.progress.use_cases import provenance_link
from kechuang.db.unit import ReadUnit
from kechuang.http import paging

# What the answer says by fields of its own, or not at all: who they are their own service tells.
_LEFT_OUT = frozenset({"city", "division", "zones", "organisation", "persons", "person", "uscc"})


async def provenance(
    unit: ReadUnit,
    pack: CityPack,
    indicator: Indicator,
    area: str,
    as_of: AsOf,
    limit: int,
    cursor: str | None,
) -> ProvenanceOut:
    """List what is behind a value, facts page by page in the order in which they became known."""
    placed = where(pack.pack, area)
    assert placed is not None, "the caller has looked it up"
    definition = indicator.definition
    code = definition.code
    inputs = sorted(needs(indicator.formula)) if indicator.formula is not None else []
    found = await figures(unit, pack, [(code, 0), *inputs], placed, as_of)
    out: dict[str, Any] = {
        "indicator": indicator.key, "area": area, "period": as_of.period.text if as_of.period else None,
        "as_of": as_of.day, "value": number(found[code, 0].value), "how": "none",
        "clause": list(definition.clause), "reading": definition.reading, "formula": definition.feed.formula,
        "facts_counted": 0, "facts_outside_sight": 0, "inputs": [], "observations": [], "items": [],
        "next_cursor": None,
    }  # fmt: skip
    if indicator.formula is not None:
        out["how"] = "formula"
        out["inputs"] = [
            _input(pack, name, years, found[name, years].value, area, as_of) for name, years in inputs
        ]
    elif indicator.counted is None:
        out["observations"] = await _observation(unit, indicator, placed, as_of)
        out["how"] = "observation" if out["observations"] else "none"
    elif indicator.counted.kind in KINDS:
        out |= {"how": "facts", **await _facts(unit, indicator, placed, as_of, limit, cursor)}
    return ProvenanceOut(**out)


def _input(pack: CityPack, code: str, years: int, value: Any, area: str, as_of: AsOf) -> ProvenanceInput:
    key = pack.indicators[code].key
    return ProvenanceInput(
        indicator=key, value=number(value), provenance=provenance_link(key, area, as_of.about(years))
    )


async def _observation(
    unit: ReadUnit, indicator: Indicator, placed: Where, as_of: AsOf
) -> list[ProvenanceObservation]:
    statement = observed_rows([indicator.key], placed.area, as_of, as_of.last, as_of.period).subquery()
    joined = sa.select(observation).join(statement, statement.c.id == observation.c.id)
    return [
        ProvenanceObservation(
            observation=row.id, period=row.period, value=number(Fraction(row.value)) or "", source=row.source,
            known_from=row.known_from,
        )
        for row in await unit.execute(joined)
    ]  # fmt: skip


async def _facts(
    unit: ReadUnit, indicator: Indicator, placed: Where, as_of: AsOf, limit: int, cursor: str | None
) -> dict[str, Any]:
    assert indicator.counted is not None
    conditioned = conditions(indicator.counted, span_of(indicator, as_of), placed)
    seen = visible(unit)
    total = sa.select(sa.func.count(), sa.func.count().filter(seen)).select_from(fact).where(*conditioned)
    counted, shown = tuple((await unit.execute(total)).one())
    binding = paging.binding_of(indicator.key, placed.area, as_of.day, as_of.period and as_of.period.text)
    rows = sa.select(fact).where(*conditioned, seen)
    if cursor is not None:
        after = paging.decode(cursor, binding, fact.c.known_at)
        rows = rows.where(paging.page_clause(fact.c.known_at, fact.c.event, after, descending=False))
    found = list(await unit.execute(rows.order_by(fact.c.known_at, fact.c.event).limit(limit + 1)))
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return {
        "facts_counted": counted,
        "facts_outside_sight": counted - shown,
        "items": [_fact(indicator, row) for row in found[:limit]],
        "next_cursor": paging.Cursor(last.known_at, last.event).encode(binding) if last is not None else None,
    }


def visible(unit: ReadUnit) -> Any:
    """The condition that keeps facts within the caller's areas."""
    held = unit.permissions.tokens(unit.actor, "indicators:provenance")
    if held is None:
        return sa.true()
    areas = sorted(each.removeprefix("place:") for each in held if each.startswith("place:"))
    return sa.or_(
        fact.c.city.in_(areas),
        fact.c.division.in_(areas),
        fact.c.zones.overlap(sa.cast(areas, fact.c.zones.type)),
    )


def _fact(indicator: Indicator, row: Any) -> ProvenanceFact:
    return ProvenanceFact(
        kind=row.kind, service=row.service, record=row.record, version=row.version, event=row.event,
        day=row.day, valid_from=row.valid_from, valid_to=row.valid_to, ended_on=row.ended_on,
        ended_by=row.ended_by, known_at=row.known_at, division=row.division, zones=row.zones,
        organisation=row.organisation, persons=len(row.persons),
        quantity=number(Fraction(row.quantity, indicator.divisor)) or "0",
        fields={name: value for name, value in row.data.items() if name not in _LEFT_OUT},
    )  # fmt: skip
