"""The HTTP edge of one resource: the addresses that every resource has, made from its declaration.

    router = ResourceRouter(needs, NeedOut, tag="…")     list, get, actions, history, changes
    @router.create(example={…})                          POST /<resource>
    @router.update(example={…})                          PATCH /<resource>/{id}
    @router.verb("submit")                               POST /<resource>/{id}/submit

A route written by hand takes `router.other(...)`: it names its action too.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from kechuang.clock import end_of_day, start_of_day
from kechuang.db.tables import feed, history
from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, operation, version_tag
from kechuang.http.schemas import (
    Action,
    ActionReason,
    Actions,
    Change,
    Changes,
    HistoryEntry,
    Page,
    RecordOut,
    Total,
)
from kechuang.records import Records
from kechuang.resources import R
from kechuang.text import negotiate

Out = TypeVar("Out", bound=RecordOut)
_EXACT_TOTAL = 10_000
_Endpoint = Callable[..., Any]

RecordId = Annotated[str, Path(description="The record's `id`", max_length=64)]


class ListQuery(BaseModel):
    """The query parameters of every list; an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")
    limit: int = Field(default=paging.DEFAULT_LIMIT, ge=1, le=paging.MAX_LIMIT)
    cursor: str | None = Field(default=None, max_length=1000)
    state: str | None = Field(default=None, description="One or several states, separated by commas")
    division: str | None = Field(default=None, description="Area id of a county, several by commas")
    zone: str | None = Field(default=None, description="Area id of a functional zone")
    organisation: str | None = Field(default=None, description="统一社会信用代码")
    number: str | None = Field(default=None, description="The record's number")
    external_id: str | None = Field(default=None, description="`system:id`")
    created_from: date | None = Field(default=None, description="From the beginning of this day (Shanghai)")
    created_to: date | None = Field(default=None, description="To the end of this day (Shanghai)")


def _query_model(records: Records[Any]) -> type[ListQuery]:
    resource = records.resource
    extra: dict[str, Any] = {
        name: (str | None, Field(default=None, description=f"{each.title.zh} {each.title.en}"))
        for name, each in resource.filters.items()
    }
    orders = [each for name in resource.sorts for each in (f"-{name}", name)]
    extra["sort"] = (
        Literal[tuple(orders)],
        Field(default=orders[0], description="Sort key; `-` is descending"),
    )
    extra["include"] = (
        Literal["total"] | None,
        Field(default=None, description="`total` counts the list's rows"),
    )
    if resource.search:
        extra["q"] = (str | None, Field(default=None, max_length=100, description="全文检索 Full text"))
    name = "".join(part.capitalize() for part in resource.name.split("-"))
    return create_model(f"{name}Query", __base__=ListQuery, **extra)


class ResourceRouter(APIRouter, Generic[R, Out]):
    """The routes of one resource."""

    def __init__(
        self,
        records: Records[R],
        out: type[Out],
        *,
        show: Callable[[R, ReadUnit], Out] | None = None,
        reads: bool = True,
    ) -> None:
        self.records = records
        self.resource = records.resource
        self.out = out
        self._show = show or (lambda record, _: out.model_validate(record))
        title = self.resource.title
        super().__init__(
            prefix=f"/{self.resource.name}", tags=[f"{title.zh} {title.en}"], route_class=KitRoute
        )
        if reads:
            self._add_reads()

    # -- what features declare -------------------------------------------------------------------

    def create(self, *, example: Any = None, action: str = "create") -> Callable[[_Endpoint], _Endpoint]:
        """Register `POST /<resource>`."""
        title = self.resource.title
        return self._write(
            "",
            action,
            f"create_{self.resource.singular}",
            f"新建{title.zh} Create",
            status=201,
            example=example,
        )

    def update(self, *, example: Any = None) -> Callable[[_Endpoint], _Endpoint]:
        """Register `PATCH /<resource>/{id}` with JSON Merge Patch."""
        title = self.resource.title
        return self._write(
            "/{record_id}", "update", f"update_{self.resource.singular}", f"修改{title.zh} Update",
            method="PATCH", example=example,
        )  # fmt: skip

    def verb(
        self, name: str, *, example: Any = None, operation_id: str | None = None
    ) -> Callable[[_Endpoint], _Endpoint]:
        """Register a transition, `POST /<resource>/{id}/<verb>`."""
        found = self.resource.machine.verb(name)
        return self._write(
            f"/{{record_id}}/{name}",
            name,
            operation_id or f"{name.replace('-', '_')}_{self.resource.singular}",
            f"{found.label.zh} {found.label.en}",
            decides=found.decides,
            example=example,
        )

    def other(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        action: str,
        operation_id: str,
        summary: str,
        status: int = 200,
        needs_key: bool = False,
        dry_run: bool = False,
        private: bool = False,
        example: Any = None,
        **options: Any,
    ) -> Callable[[_Endpoint], _Endpoint]:
        """Register an operation that is none of the usual ones."""
        described = Operation(
            f"{self.resource.name}:{action}", needs_key=needs_key, dry_run=dry_run, private=private
        )

        def register(endpoint: _Endpoint) -> _Endpoint:
            self.add_api_route(
                path,
                operation(described)(endpoint),
                methods=[method],
                operation_id=operation_id,
                summary=summary,
                status_code=status,
                openapi_extra=_example(example),
                **options,
            )
            return endpoint

        return register

    def _write(
        self,
        path: str,
        action: str,
        operation_id: str,
        summary: str,
        *,
        method: str = "POST",
        status: int = 200,
        decides: bool = False,
        example: Any = None,
    ) -> Callable[[_Endpoint], _Endpoint]:
        described = Operation(
            f"{self.resource.name}:{action}",
            needs_key=decides,
            needs_match=decides or method == "PATCH",
            dry_run=method == "POST",
        )

        def register(endpoint: _Endpoint) -> _Endpoint:
            async def answer(response: Response, *args: Any, **kwargs: Any) -> Any:
                record = await endpoint(*args, **kwargs)
                return self._answer(record, response, kwargs, created=status == 201)  # noqa: PLR2004

            wrapped = _with_response(endpoint, answer)
            self.add_api_route(
                path,
                operation(described)(wrapped),
                methods=[method],
                operation_id=operation_id,
                summary=summary,
                status_code=status,
                response_model=self.out,
                openapi_extra=_example(example, merge=method == "PATCH"),
            )
            return endpoint

        return register

    def _answer(self, record: Any, response: Response, kwargs: dict[str, Any], *, created: bool) -> Any:
        """Give the resource, its ETag and, for a new one, its address."""
        if not isinstance(record, self.resource.record):
            return record
        unit = next(each for each in kwargs.values() if hasattr(each, "database"))
        response.headers["etag"] = version_tag(record.version, unit.actor)
        if created:
            response.headers["location"] = f"/api/v1/{self.resource.name}/{record.id}"
        shown = self._show(record, unit)
        return Response(
            shown.model_dump_json(),
            201 if created else 200,
            media_type="application/json",
            headers=dict(response.headers),
        )

    # -- the addresses that every resource has ---------------------------------------------------

    def _add_reads(self) -> None:
        name, title, singular = self.resource.name, self.resource.title, self.resource.singular
        plural = name.replace("-", "_")
        self._get("", self._list_endpoint(), "read", f"list_{plural}", f"{title.zh}列表 List", Page[self.out])  # type: ignore[name-defined]
        self._get("/changes", self._changes_endpoint(), "read", f"list_{singular}_changes",
                  f"{title.zh}变更流 Change feed", Changes[self.out])  # type: ignore[name-defined]  # fmt: skip
        self._get(
            "/{record_id}", self._get_endpoint(), "read", f"get_{singular}", f"读取{title.zh} Read", self.out
        )
        self._get("/{record_id}/actions", self._actions_endpoint(), "read", f"list_{singular}_actions",
                  f"{title.zh}可办事项 What may be done now", Actions)  # fmt: skip
        self._get("/{record_id}/history", self._history_endpoint(), "read", f"list_{singular}_history",
                  f"{title.zh}办理记录 History", Page[HistoryEntry])  # fmt: skip

    def _get(
        self, path: str, endpoint: _Endpoint, action: str, operation_id: str, summary: str, model: Any
    ) -> None:
        described = Operation(f"{self.resource.name}:{action}")
        self.add_api_route(
            path, operation(described)(endpoint), methods=["GET"], operation_id=operation_id,
            summary=summary, response_model=model,
        )  # fmt: skip

    def _get_endpoint(self) -> _Endpoint:
        async def get(record_id: RecordId, unit: Read) -> Response:
            record = await self.records.get(unit, record_id)
            return Response(
                self._show(record, unit).model_dump_json(),
                media_type="application/json",
                headers={"etag": version_tag(record.version, unit.actor)},
            )

        get.__doc__ = f"Read one {self.resource.title.en.lower()}; 404 when it is outside the caller's sight."
        return get

    def _list_endpoint(self) -> _Endpoint:
        model = _query_model(self.records)
        page = Page[self.out]  # type: ignore[name-defined]

        async def list_(query: Annotated[Any, Query()], unit: Read, request: Request) -> Response:
            rows, next_cursor = await self._page(unit, query)
            shown = page(
                items=[self._show(each, unit) for each in rows],
                next_cursor=next_cursor,
                total=await self._total(unit, query) if query.include == "total" else None,
            )
            headers = {}
            if next_cursor:
                url = request.url.include_query_params(cursor=next_cursor)
                headers["link"] = f'<{url.path}?{url.query}>; rel="next"'
            return Response(
                shown.model_dump_json(exclude_none=False), media_type="application/json", headers=headers
            )

        list_.__annotations__["query"] = Annotated[model, Query()]
        list_.__doc__ = f"List {self.resource.title.en.lower()}s within the caller's sight, page by page."
        return list_

    def _conditions(self, unit: ReadUnit, query: Any) -> list[Any]:
        table = self.records.table
        conditions: list[Any] = [self.records.visible(unit)]
        for name, value in (("state", query.state), ("division", query.division), ("number", query.number),
                            ("organisation", query.organisation)):  # fmt: skip
            if value is not None:
                conditions.append(table.c[name].in_([each.strip() for each in value.split(",")]))
        if query.zone is not None:
            conditions.append(table.c.zones.contains([query.zone]))
        if query.external_id is not None:
            system, _, number = query.external_id.partition(":")
            conditions.append(table.c.external_ids.contains([{"system": system, "id": number}]))
        if query.created_from is not None:
            conditions.append(table.c.created_at >= start_of_day(query.created_from))
        if query.created_to is not None:
            conditions.append(table.c.created_at < end_of_day(query.created_to))
        for name, each in self.resource.filters.items():
            value = getattr(query, name)
            if value is None:
                continue
            column = table.c[each.column]
            values = value.split(",") if each.many else [value]
            conditions.append(column.overlap(values) if each.array else column.in_(values))
        q = getattr(query, "q", None)
        if q:
            # Trigram indexes serve this for Chinese and English alike, without a dictionary.
            pattern = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            conditions.append(sa.or_(*(table.c[name].ilike(pattern) for name in self.resource.search)))
        return conditions

    async def _page(self, unit: ReadUnit, query: Any) -> tuple[list[R], str | None]:
        table = self.records.table
        descending = query.sort.startswith("-")
        column = table.c[query.sort.lstrip("-")]
        binding = paging.binding_of(
            query.model_dump(exclude={"cursor", "limit", "include"}, exclude_none=True)
        )
        statement = sa.select(*self.records.columns).where(*self._conditions(unit, query))
        if query.cursor is not None:
            cursor = paging.decode(query.cursor, binding, column)
            statement = statement.where(paging.page_clause(column, table.c.id, cursor, descending=descending))
        order = (column.desc(), table.c.id.desc()) if descending else (column.asc(), table.c.id.asc())
        found = [self.records.row(each) for each in
                 await unit.execute(statement.order_by(*order).limit(query.limit + 1))]  # fmt: skip
        if len(found) <= query.limit:
            return found, None
        last = found[query.limit - 1]
        return found[: query.limit], paging.Cursor(getattr(last, column.name), last.id).encode(binding)

    async def _total(self, unit: ReadUnit, query: Any) -> Total:
        inner = sa.select(sa.literal(1)).select_from(self.records.table).where(*self._conditions(unit, query))
        counted = sa.select(sa.func.count()).select_from(inner.limit(_EXACT_TOTAL + 1).subquery())
        value = (await unit.execute(counted)).scalar_one()
        return Total(value=min(value, _EXACT_TOTAL), at_least=value > _EXACT_TOTAL)

    def _actions_endpoint(self) -> _Endpoint:
        async def actions(record_id: RecordId, unit: Read, request: Request) -> Actions:
            record = await self.records.get(unit, record_id)
            language = negotiate(request.headers.get("accept-language"))
            return Actions(items=self._actions(record, unit, language))

        actions.__doc__ = "What this caller may do with the record now, and for the rest why not."
        return actions

    def _actions(self, record: R, unit: ReadUnit, language: Literal["zh", "en"]) -> list[Action]:
        found = []
        for each in self.resource.machine.verbs:
            if each.automatic:
                continue
            action = self.resource.action(each.name)
            if not unit.permissions.may_ever(unit.actor, action):
                continue
            reasons = [
                (one.code, one.detail.in_(language)) for one in self.records.reasons(unit.actor, each, record)
            ]
            if record.state not in each.from_:
                label = self.resource.machine.states[record.state].in_(language)
                reasons.append(("state_forbids", label))
            if not unit.permissions.permits(unit.actor, action, record.sight):
                text = {"zh": "不在您的职权范围内", "en": "outside your remit"}[language]
                reasons.append(("not_permitted", text))
            verb_id = "update" if each.name == "update" else each.name.replace("-", "_")
            found.append(
                Action(
                    verb=each.name,
                    label=each.label.in_(language),
                    allowed=not reasons,
                    reasons=[ActionReason(code=code, detail=detail) for code, detail in reasons],
                    operation_id=f"{verb_id}_{self.resource.singular}",
                    requires_if_match=each.decides or each.name == "update",
                )
            )
        return found

    def _history_endpoint(self) -> _Endpoint:
        async def history_(
            record_id: RecordId,
            unit: Read,
            limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
            cursor: Annotated[str | None, Query(max_length=1000)] = None,
        ) -> Page[HistoryEntry]:
            await self.records.get(unit, record_id)
            binding = paging.binding_of(record_id)
            statement = sa.select(history).where(
                history.c.record_id == record_id, history.c.resource == self.resource.name
            )
            if cursor is not None:
                after = paging.decode(cursor, binding, history.c.seq)
                statement = statement.where(history.c.seq > after.value)
            rows = list(await unit.execute(statement.order_by(history.c.seq).limit(limit + 1)))
            more = len(rows) > limit
            return Page[HistoryEntry](
                items=[self._entry(each, unit) for each in rows[:limit]],
                next_cursor=paging.Cursor(rows[limit - 1].seq, "").encode(binding) if more else None,
            )

        history_.__doc__ = "Every change of the record, oldest first."
        return history_

    def _entry(self, row: Any, unit: ReadUnit) -> HistoryEntry:
        entry = HistoryEntry.model_validate(row)
        if not self.resource.hides_actors or row.subject == unit.actor.subject:
            return entry
        hidden: dict[str, Any] = {"subject": "***", "person": None, "organisation": None, "roles": []}
        return entry.model_copy(update=hidden)

    def _changes_endpoint(self) -> _Endpoint:
        model = Changes[self.out]  # type: ignore[name-defined]
        change = Change[self.out]  # type: ignore[name-defined]

        async def changes(
            unit: Read,
            limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
            cursor: Annotated[str | None, Query(max_length=1000)] = None,
        ) -> Any:
            after = paging.decode_position(cursor)
            rows = await self._feed(unit, after, limit)
            items = []
            for row in rows:
                gone = not row._mapping["kechuang_visible"]  # noqa: SLF001
                record = None if gone else self._show(self._record_of(row), unit)
                items.append(
                    change(op="removed" if gone else "upsert", id=row.record_id, version=row.feed_version,
                           record=record)
                )  # fmt: skip
            last = rows[-1].feed_position if rows else after
            return model(items=items, next_cursor=paging.encode_position(last))

        changes.__doc__ = "Every change of state in sealed order, gap-free; a cursor is good for ever."
        return changes

    async def _feed(self, unit: ReadUnit, after: int, limit: int) -> Sequence[Any]:
        table = self.records.table
        held = unit.permissions.tokens(unit.actor, self.resource.action("read"))
        statement = (
            sa.select(
                feed.c.record_id,
                feed.c.version.label("feed_version"),
                feed.c.position.label("feed_position"),
                self.records.visible(unit).label("kechuang_visible"),
                *self.records.columns,
            )
            .select_from(feed.join(table, table.c.id == feed.c.record_id))
            .where(feed.c.resource == self.resource.name, feed.c.position > after)
        )
        if held is not None:
            statement = statement.where(
                feed.c.ever_sight.bool_op("&&")(sa.cast(sorted(held), feed.c.ever_sight.type))
            )
        return list(await unit.execute(statement.order_by(feed.c.position).limit(limit)))

    def _record_of(self, row: Any) -> R:
        mapping = row._mapping  # noqa: SLF001
        return self.resource.record(**{column.name: mapping[column] for column in self.records.columns})


def _example(example: Any, *, merge: bool = False) -> dict[str, Any] | None:
    if example is None:
        return None
    media = {"application/json": {"example": example}}
    if merge:
        media["application/merge-patch+json"] = {"example": example}
    return {"requestBody": {"content": media}}


def _with_response(endpoint: _Endpoint, answer: _Endpoint) -> _Endpoint:
    """Give FastAPI the endpoint's own signature, with the response object beside it."""
    import functools
    import inspect

    functools.update_wrapper(answer, endpoint)
    signature = inspect.signature(endpoint, eval_str=True)
    response = inspect.Parameter("response", inspect.Parameter.KEYWORD_ONLY, annotation=Response)
    answer.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), response], return_annotation=signature.empty
    )
    return answer
