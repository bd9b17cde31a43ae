"""Counts beside a list: how many of its rows have which state, county, kind.

Up to `EXACT` rows are counted. Of more a count to the last row would take seconds and nobody needs it: there the
counts are estimated from a sample of the table's pages, the same one for each request, and say so.
"""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query, Request
from pydantic import Field
from sqlalchemy.sql.util import ClauseAdapter

from kechuang import codes
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http.actions import Language, language_of
from kechuang.http.listing import conditions, conditions_model
from kechuang.http.route import Read
from kechuang.http.schemas import Output
from kechuang.http.view import Endpoint, View

MOST_VALUES = 200
MOST_FACETS = 5
EXACT = 10_000
SAMPLED = 50_000
"""Rows of the table that a sample reads, about."""


class FacetValue(Output):
    """One value and how many rows of the list have it."""

    value: str | None = Field(description="As the filter of the same name takes it; null where it is not set")
    label: str = Field(description="In the caller's language where the platform has one")
    count: int


class Facet(Output):
    """The values of one filter, the most frequent first."""

    by: str
    values: list[FacetValue]
    more: bool = Field(description="There are further values, each of them rarer")
    estimated: bool = Field(
        description=f"The list has more than {EXACT:,} rows: counts are estimates from a sample, rare values may be missing"
    )


class Facets(Output):
    """The facets asked for, in that order."""

    items: list[Facet]


def facets_endpoint(view: View[Any, Any]) -> Endpoint:
    """`GET /<resource>/facets`."""
    columns = facet_columns(view)
    model = conditions_model(
        view, "FacetsQuery",
        by=(str, Field(max_length=200, description=f"Up to {MOST_FACETS} of: {', '.join(columns)}", examples=["state"])),
    )  # fmt: skip

    async def facets(query: Annotated[Any, Query()], unit: Read, request: Request) -> Facets:
        names = list(dict.fromkeys(each.strip() for each in query.by.split(",")))
        unknown = [each for each in names if each not in columns]
        if unknown or len(names) > MOST_FACETS:
            raise invalid(
                "#query/by", "facet_unknown",
                f"最多选{MOST_FACETS}项：{'、'.join(columns)}。", f"Up to {MOST_FACETS} of {', '.join(columns)}.",
            )  # fmt: skip
        language = language_of(request)
        share = await _share_to_read(view, unit, query)
        return Facets(
            items=[await _facet(view, unit, query, each, columns[each], language, share) for each in names]
        )

    facets.__annotations__["query"] = Annotated[model, Query()]
    facets.__doc__ = "Count the list's rows by its filters, within the caller's sight and the filters given."
    return facets


def facet_columns(view: View[Any, Any]) -> dict[str, sa.Column[Any]]:
    """Give what can be counted by: the common filters with few values, and the resource's own."""
    table = view.records.table
    found = {"state": table.c.state, "division": table.c.division, "zone": table.c.zones}
    own = view.resource.filters.items()
    return found | {name: table.c[each.column] for name, each in own if each.condition is None}


async def _share_to_read(view: View[Any, Any], unit: ReadUnit, query: Any) -> float:
    """The share of the table to count in: 1.0, or less when there are too many rows to count them."""
    table = view.records.table
    pages = sa.text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)").bindparams(
        name=table.name
    )
    rows = (await unit.execute(pages)).scalar_one()
    if rows <= SAMPLED:
        return 1.0
    inner = sa.select(sa.literal(1)).select_from(table).where(*conditions(view, unit, query)).limit(EXACT + 1)
    counted = (await unit.execute(sa.select(sa.func.count()).select_from(inner.subquery()))).scalar_one()
    return 1.0 if counted <= EXACT else SAMPLED / float(rows)


async def _facet(
    view: View[Any, Any],
    unit: ReadUnit,
    query: Any,
    name: str,
    column: sa.Column[Any],
    language: Language,
    share: float,
) -> Facet:
    array = isinstance(column.type, sa.ARRAY)
    value: Any = sa.func.unnest(column) if array else column
    chosen = sa.select(value.label("value")).where(*conditions(view, unit, query))
    rows = chosen.select_from(view.records.table).subquery()
    if share < 1:
        sample = sa.tablesample(view.records.table, sa.func.system(share * 100), seed=sa.literal_column("1"))
        rows = ClauseAdapter(sample).traverse(chosen.select_from(sample)).subquery()
    count = sa.func.count().label("times")
    statement = (
        sa.select(rows.c.value, count)
        .group_by(rows.c.value)
        .order_by(count.desc(), rows.c.value)
        .limit(MOST_VALUES + 1)
    )
    found = (await unit.execute(statement)).all()
    return Facet(
        by=name,
        values=[
            FacetValue(
                value=_wire(each.value),
                label=_label(view, name, each.value, language),
                count=round(each.times / share),
            )
            for each in found[:MOST_VALUES]
        ],
        more=len(found) > MOST_VALUES,
        estimated=share < 1,
    )


def _wire(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _label(view: View[Any, Any], name: str, value: Any, language: Language) -> str:
    if value is None:
        return {"zh": "（无）", "en": "(none)"}[language]
    if name == "state" and value in view.resource.machine.states:
        return view.resource.machine.states[value].in_(language)
    if name in ("division", "zone") and value in codes.areas():
        return codes.areas()[value].name.in_(language)
    return str(_wire(value))
