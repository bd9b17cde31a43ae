"""Counts beside a list: how many of its rows have which state, county, kind."""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query, Request
from pydantic import Field

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
        return Facets(
            items=[await _facet(view, unit, query, each, columns[each], language) for each in names]
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


async def _facet(
    view: View[Any, Any], unit: ReadUnit, query: Any, name: str, column: sa.Column[Any], language: Language
) -> Facet:
    array = isinstance(column.type, sa.ARRAY)
    value: Any = sa.func.unnest(column) if array else column
    rows = (
        sa.select(value.label("value")).where(*conditions(view, unit, query)).select_from(view.records.table)
    ).subquery()
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
                value=_wire(each.value), label=_label(view, name, each.value, language), count=each.times
            )
            for each in found[:MOST_VALUES]
        ],
        more=len(found) > MOST_VALUES,
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
