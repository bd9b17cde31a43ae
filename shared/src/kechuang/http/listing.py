"""What a list is asked for, and the rows that answer it: conditions, pages, totals.

The same conditions serve the list, its facets and its export, so none of them can see more than another.
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, create_model

from kechuang.clock import end_of_day, start_of_day
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http import paging, relevance
from kechuang.http.schemas import Total
from kechuang.http.view import View
from kechuang.resources import R, Resource

EXACT_TOTAL = 10_000
_SINCE, _UNTIL = "From the beginning of this day (Shanghai)", "To the end of this day (Shanghai)"


class Conditions(BaseModel):
    """The filters of every list; an unknown parameter is refused."""

    model_config = ConfigDict(extra="forbid")
    state: str | None = Field(default=None, description="One or several states, separated by commas")
    division: str | None = Field(default=None, description="Area id of a county, several by commas")
    zone: str | None = Field(default=None, description="Area id of a functional zone")
    organisation: str | None = Field(default=None, description="统一社会信用代码")
    number: str | None = Field(default=None, description="The record's number")
    external_id: str | None = Field(default=None, description="`system:id`")
    created_from: date | None = Field(default=None, description=_SINCE)
    created_to: date | None = Field(default=None, description=_UNTIL)
    updated_from: date | None = Field(default=None, description=_SINCE)
    updated_to: date | None = Field(default=None, description=_UNTIL)


def conditions_model(view: View[Any, Any], suffix: str, **more: Any) -> type[Conditions]:
    """Make the query model of one resource: the common filters, its own, and what the operation adds."""
    resource = view.resource
    extra: dict[str, Any] = {
        name: (str | None, Field(default=None, description=f"{each.title.zh} {each.title.en}"))
        for name, each in resource.filters.items()
    }
    for name, title in resource.dates.items():
        for end, says in (("from", _SINCE), ("to", _UNTIL)):
            described = f"{title.zh} {title.en}. {says}"
            extra[f"{name}_{end}"] = (date | None, Field(default=None, description=described))
    if resource.search:
        searched = "、".join(resource.search)
        described = (
            f"全文检索 Full text over {searched} and the number; all words must be found, each anywhere"
        )
        extra["q"] = (str | None, Field(default=None, max_length=100, description=described))
    clash = extra.keys() & more.keys()
    if clash:
        raise ValueError(f"{resource.name}: filters {sorted(clash)} are names of the operation's own")
    with warnings.catch_warnings():  # a parameter may be called `register`, a method of every abstract class
        warnings.filterwarnings("ignore", "Field name .* shadows an attribute", UserWarning)
        return create_model(f"{view.camel}{suffix}", __base__=Conditions, **extra, **more)


def sort_field(resource: Resource[Any]) -> Any:
    """The parameter `sort`, for `conditions_model`."""
    orders = [each for name in resource.sorts for each in (f"-{name}", name)]
    described = f"Sort key; `-` is descending. By default `{orders[0]}`"
    if resource.search:
        orders.append(relevance.SORT)
        described += (
            f", and with `q` `{relevance.SORT}`: a field that equals it, then a title that begins with it, then "
            "titles of which it is the greater part"
        )
    return (Literal[tuple(orders)] | None, Field(default=None, description=described))


def list_model(view: View[Any, Any]) -> type[Conditions]:
    """Make the query model of the list itself."""
    includes = Literal["total", "actions", "total,actions", "actions,total"]
    return conditions_model(
        view,
        "Query",
        limit=(int, Field(default=paging.DEFAULT_LIMIT, ge=1, le=paging.MAX_LIMIT)),
        cursor=(str | None, Field(default=None, max_length=1000)),
        sort=sort_field(view.resource),
        include=(
            includes | None,
            Field(
                default=None,
                description="`total` counts the list's rows, `actions` says of each what you may do with it",
            ),
        ),
    )


def conditions(view: View[Any, Any], unit: ReadUnit, query: Any) -> list[Any]:
    """Give the caller's sight and what the query asks as conditions of a statement."""
    table, resource = view.records.table, view.resource
    found: list[Any] = [view.records.visible(unit)]
    for name in ("state", "division", "number", "organisation"):
        value = getattr(query, name)
        if value is not None:
            found.append(table.c[name].in_([each.strip() for each in value.split(",")]))
    if query.zone is not None:
        found.append(table.c.zones.contains([query.zone]))
    if query.external_id is not None:
        system, _, number = query.external_id.partition(":")
        # Most records have none: an index may leave those out, and does where this condition is said.
        found += [
            table.c.external_ids != [],
            table.c.external_ids.contains([{"system": system, "id": number}]),
        ]
    found += _within(table.c.created_at, query.created_from, query.created_to)
    found += _within(table.c.updated_at, query.updated_from, query.updated_to)
    for name in resource.dates:
        found += _within(table.c[name], getattr(query, f"{name}_from"), getattr(query, f"{name}_to"))
    for name, each in resource.filters.items():
        value = getattr(query, name)
        if value is None:
            continue
        if each.condition is not None:
            found.append(each.condition(value, unit.today))
            continue
        column = table.c[each.column]
        values = [_typed(column, name, one) for one in (value.split(",") if each.many else [value])]
        found.append(column.overlap(values) if each.array else column.in_(values))
    q = getattr(query, "q", None)
    if q:
        found.append(relevance.matching(table, q))
    return found


def _typed(column: sa.Column[Any], name: str, value: str) -> Any:
    """Read a parameter as its column's type, where that is not text."""
    kind = column.type.python_type
    try:
        if kind is bool:
            return {"true": True, "false": False}[value]
        return int(value) if kind is int else value
    except (ValueError, KeyError):
        raise invalid(
            f"#query/{name}", "filter_value", "筛选值的类型不对。", "The filter takes another kind of value."
        ) from None


def _within(column: sa.Column[Any], first: date | None, last: date | None) -> list[Any]:
    """Both days belong to the range; an instant belongs to the day that Shanghai has then."""
    day = isinstance(column.type, sa.Date)
    found: list[Any] = []
    if first is not None:
        found.append(column >= (first if day else start_of_day(first)))
    if last is not None:
        found.append(column <= last if day else column < end_of_day(last))
    return found


def ordered(view: View[Any, Any], unit: ReadUnit, query: Any) -> tuple[sa.Select[Any], sa.Column[Any], bool]:
    """Select the rows in the order asked; gives the statement, the sort column, and whether it descends.

    By relevance is no order of columns: `page` has it, and what reads all rows (an export) reads the newest first.
    """
    table = view.records.table
    sort = query.sort if query.sort not in (None, relevance.SORT) else f"-{view.resource.sorts[0]}"
    descending = sort.startswith("-")
    column = table.c[sort.lstrip("-")]
    order = (column.desc(), table.c.id.desc()) if descending else (column.asc(), table.c.id.asc())
    statement = sa.select(*view.records.columns).where(*conditions(view, unit, query)).order_by(*order)
    return statement, column, descending


async def page(view: View[R, Any], unit: ReadUnit, query: Any) -> tuple[Sequence[R], str | None]:
    """Read one page and the cursor of the next."""
    binding = paging.binding_of(query.model_dump(exclude={"cursor", "limit", "include"}, exclude_none=True))
    q = getattr(query, "q", None)
    if q and query.sort in (None, relevance.SORT):
        others = conditions(view, unit, query.model_copy(update={"q": None}))
        asked_for = relevance.Asked(q, others, query.limit, query.cursor, binding)
        return await relevance.page(view.records, unit, asked_for)
    if query.sort == relevance.SORT:
        raise invalid(
            "#query/sort",
            "relevance_needs_q",
            "按相关度排序需要检索词 q。",
            "The sort `relevance` needs `q`.",
        )
    statement, column, descending = ordered(view, unit, query)
    if query.cursor is not None:
        cursor = paging.decode(query.cursor, binding, column)
        key = view.records.table.c.id
        statement = statement.where(paging.page_clause(column, key, cursor, descending=descending))
    if view.records.is_sparse(unit):
        statement = paging.fenced(statement, column, descending=descending, limit=query.limit + 1)
    found = [view.records.row(each) for each in await unit.execute(statement.limit(query.limit + 1))]
    if len(found) <= query.limit:
        return found, None
    last = found[query.limit - 1]
    return found[: query.limit], paging.Cursor(getattr(last, column.name), last.id).encode(binding)


async def total(view: View[Any, Any], unit: ReadUnit, query: Any) -> Total:
    """Count the list's rows: exactly up to 10,000."""
    inner = sa.select(sa.literal(1)).select_from(view.records.table).where(*conditions(view, unit, query))
    counted = sa.select(sa.func.count()).select_from(inner.limit(EXACT_TOTAL + 1).subquery())
    value = (await unit.execute(counted)).scalar_one()
    return Total(value=min(value, EXACT_TOTAL), at_least=value > EXACT_TOTAL)


def asked(query: BaseModel, *, hidden: Mapping[str, str]) -> str:
    """Write down what a query asked, for the audit log; `hidden` replaces values that may name a person."""
    said = query.model_dump(exclude_none=True, mode="json")
    return "&".join(f"{name}={hidden.get(name, value)}" for name, value in sorted(said.items()))
