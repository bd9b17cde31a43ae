"""Measures of all cases in one list (措施台账): what is open, of whom, and what is overdue."""

from datetime import date
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query
from sqlalchemy.dialects.postgresql import JSONB

from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Output, Page, Reference
from kechuang.resources import Resource
from kechuang_procedure.cases.domain import UNRESOLVED, Case
from kechuang_procedure.cases.store import CaseRecords

_NEVER = "9999-12-31"
_KEY = sa.Column("key", sa.Text)
Text_ = Annotated[str | None, Query(max_length=120)]


class CaseMeasure(Output):
    """An open measure, and the case that it belongs to."""

    case: Reference
    organisation: str | None
    kind: str
    id: str
    title: str
    owner_person: str | None
    owner_unit: str | None
    due_on: date | None
    overdue: bool


class Measures:
    """The open measures of one service's cases."""

    def __init__(self, resource: Resource[Case], records: CaseRecords) -> None:
        self._records = records
        self._router = APIRouter(
            prefix=f"/{resource.name}",
            tags=[f"{resource.title.zh} {resource.title.en}"],
            route_class=KitRoute,
        )
        self.router = self._routes(resource)

    async def page(
        self,
        unit: ReadUnit,
        wanted: dict[str, str | None],
        *,
        overdue: bool | None,
        limit: int,
        cursor: str | None,
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Give open measures within the actor's sight, by last day; those without one come last."""
        table = self._records.table
        steps = sa.func.jsonb_array_elements(table.c.steps).table_valued(sa.column("step", JSONB))
        listed = steps.render_derived("listed")
        step = listed.c.step

        def part(name: str) -> sa.ColumnElement[Any]:
            found: sa.ColumnElement[Any] = step[name].astext
            return found

        due = sa.func.coalesce(part("due_on"), _NEVER)
        key = sa.func.concat(due, ".", table.c.id, ".", part("id"))
        conditions = [
            self._records.visible(unit),
            table.c.state.in_(UNRESOLVED),
            part("state") == "open",
            *(table.c[name] == wanted[name] for name in ("organisation", "division", "kind") if wanted[name]),
            *(part(name) == wanted[name] for name in ("owner_person", "owner_unit") if wanted[name]),
        ]
        if overdue is not None:
            today = unit.today.isoformat()
            conditions.append(due < today if overdue else due >= today)
        binding = paging.binding_of(wanted, overdue)
        if cursor is not None:
            conditions.append(key > str(paging.decode(cursor, binding, _KEY).value))
        statement = (
            sa.select(
                key.label("key"), table.c.id.label("case_id"), table.c.number, table.c.title.label("label"),
                table.c.organisation, table.c.kind, step.label("step"),
            )
            .select_from(table.join(listed, sa.true()))
            .where(*conditions)
        )  # fmt: skip
        rows = list(await unit.execute(statement.order_by(key).limit(limit + 1)))
        items = [_shown(row, unit.today) for row in rows[:limit]]
        following = paging.Cursor(rows[limit - 1].key, "").encode(binding) if len(rows) > limit else None
        return items, following

    def _routes(self, resource: Resource[Case]) -> APIRouter:
        router = self._router

        @router.get(
            "/measures", operation_id=f"list_{resource.singular}_measures", summary="措施台账 Open measures",
            response_model=Page[CaseMeasure],
        )  # fmt: skip
        @operation(Operation(resource.action("read")))
        async def measures(
            unit: Read,
            overdue: Annotated[
                Literal["true", "false"] | None, Query(description="Only those overdue, or only the others")
            ] = None,
            organisation: Text_ = None,
            division: Text_ = None,
            kind: Text_ = None,
            owner_person: Text_ = None,
            owner_unit: Text_ = None,
            limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
            cursor: Annotated[str | None, Query(max_length=1000)] = None,
        ) -> Any:
            """The open measures of all cases that the caller sees, by last day."""
            wanted = {
                "organisation": organisation, "division": division, "kind": kind,
                "owner_person": owner_person, "owner_unit": owner_unit,
            }  # fmt: skip
            late = None if overdue is None else overdue == "true"
            items, following = await self.page(unit, wanted, overdue=late, limit=limit, cursor=cursor)
            return {"items": items, "next_cursor": following}

        return router


def _shown(row: Any, today: date) -> dict[str, Any]:
    step = row.step
    due = date.fromisoformat(step["due_on"]) if step["due_on"] else None
    return {
        "case": {"id": row.case_id, "number": row.number, "label": row.label},
        "organisation": row.organisation,
        "kind": row.kind,
        "overdue": due is not None and due < today,
        "due_on": due,
        **{name: step[name] for name in ("id", "title", "owner_person", "owner_unit")},
    }
