"""The HTTP edge of one resource: the addresses that every resource has, made from its declaration.

    router = ResourceRouter(needs, NeedOut)              list, get, actions, facets, history, changes
    @router.create(example={…})                          POST /<resource>
    @router.update(example={…})                          PATCH /<resource>/{id}
    @router.verb("submit")                               POST /<resource>/{id}/submit, …/bulk/submit

A route written by hand takes `router.other(...)`: it names its action too. What is behind the addresses:
`reads`, `listing`, `actions`, `facets`, `changes`, `bulk`, `export`.

Declaring is cheap: the routes with their models are built when an application installs the router. Workers,
migrations and commands, which import the same modules, never build one.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Generic, Literal

from fastapi import APIRouter, Response

from kechuang.db.unit import ReadUnit
from kechuang.http.actions import record_actions_endpoint, resource_actions_endpoint
from kechuang.http.bulk import add_bulk
from kechuang.http.changes import changes_endpoint, history_endpoint
from kechuang.http.facets import Facets, facets_endpoint
from kechuang.http.reads import get_endpoint, list_endpoint
from kechuang.http.route import Operation, operation, version_tag
from kechuang.http.schemas import Actions, Changes, HistoryEntry, ListPage, Page
from kechuang.http.view import Endpoint, Offer, Out, RecordId, View
from kechuang.records import Records
from kechuang.resources import R
from kechuang.text import Text

__all__ = ["RecordId", "ResourceRouter"]

_CREATED = 201


class ResourceRouter(Generic[R, Out]):
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
        self.view: View[R, Out] = View(records, out, show or (lambda record, _: out.model_validate(record)))
        self.prefix = f"/{self.resource.name}"
        self._declared: list[Callable[[APIRouter, str], None]] = []
        if reads:
            self.add_reads()

    def install(self, into: APIRouter, prefix: str) -> None:
        """Build the routes that were declared, in their order, below `prefix`."""
        for build in self._declared:
            build(into, prefix)

    def add_api_route(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        """Declare a route as FastAPI takes it."""
        self._declared.append(lambda into, prefix: self._build(into, prefix, path, endpoint, **options))

    def _build(self, into: APIRouter, prefix: str, path: str, endpoint: Endpoint, **options: Any) -> None:
        title = self.resource.title
        into.add_api_route(
            f"{prefix}{self.prefix}{path}", endpoint, tags=[f"{title.zh} {title.en}"], **options
        )

    def add_reads(self) -> None:
        """Declare the reading addresses here: after fixed ones of one's own, since `/{record_id}` takes the rest."""
        self._declared.append(self._build_reads)

    # -- what features declare -------------------------------------------------------------------

    def create(self, *, example: Any = None, action: str = "create") -> Callable[[Endpoint], Endpoint]:
        """Register `POST /<resource>`."""
        title = self.resource.title
        operation_id = f"create_{self.resource.singular}"
        self.view.offers.append(
            Offer("create", Text("新建", "Create"), self.resource.action(action), operation_id)
        )
        return self._write(
            "", action, operation_id, f"新建{title.zh} Create", status=_CREATED, example=example
        )

    def update(self, *, example: Any = None) -> Callable[[Endpoint], Endpoint]:
        """Register `PATCH /<resource>/{id}` with JSON Merge Patch."""
        title = self.resource.title
        return self._write(
            "/{record_id}", "update", f"update_{self.resource.singular}", f"修改{title.zh} Update",
            method="PATCH", example=example,
        )  # fmt: skip

    def verb(
        self, name: str, *, example: Any = None, operation_id: str | None = None, bulk: bool = True
    ) -> Callable[[Endpoint], Endpoint]:
        """Register a transition, `POST /<resource>/{id}/<verb>`, and the same for many, `POST …/bulk/<verb>`.

        `bulk=False` where the body belongs to one record: its scores, its sealed envelope, its new address.
        """
        found = self.resource.machine.verb(name)
        write = self._write(
            f"/{{record_id}}/{name}",
            name,
            operation_id or f"{name.replace('-', '_')}_{self.resource.singular}",
            f"{found.label.zh} {found.label.en}",
            decides=found.decides,
            example=example,
        )

        def register(endpoint: Endpoint) -> Endpoint:
            if bulk:  # first: `/{record_id}/<verb>` would take its address
                self._declared.append(
                    lambda into, prefix: add_bulk(
                        functools.partial(self._build, into, prefix), self.view, found, endpoint, example
                    )
                )
            return write(endpoint)

        return register

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
    ) -> Callable[[Endpoint], Endpoint]:
        """Register an operation that is none of the usual ones."""
        described = Operation(
            f"{self.resource.name}:{action}", needs_key=needs_key, dry_run=dry_run, private=private
        )

        def register(endpoint: Endpoint) -> Endpoint:
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
    ) -> Callable[[Endpoint], Endpoint]:
        described = Operation(
            f"{self.resource.name}:{action}",
            needs_key=decides,
            needs_match=decides or method == "PATCH",
            dry_run=method == "POST",
        )

        def register(endpoint: Endpoint) -> Endpoint:
            async def answer(response: Response, *args: Any, **kwargs: Any) -> Any:
                record = await endpoint(*args, **kwargs)
                return self._answer(record, response, kwargs, created=status == _CREATED)

            def build(into: APIRouter, prefix: str) -> None:
                self._build(
                    into,
                    prefix,
                    path,
                    operation(described)(_with_response(endpoint, answer)),
                    methods=[method],
                    operation_id=operation_id,
                    summary=summary,
                    status_code=status,
                    response_model=self.out,
                    openapi_extra=_example(example, merge=method == "PATCH"),
                )

            self._declared.append(build)
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
        shown = self.view.show(record, unit)
        return Response(
            shown.model_dump_json(),
            _CREATED if created else 200,
            media_type="application/json",
            headers=dict(response.headers),
        )

    # -- the addresses that every resource has ---------------------------------------------------

    def _build_reads(self, into: APIRouter, prefix: str) -> None:
        view, title, singular, plural = (
            self.view,
            self.resource.title,
            self.resource.singular,
            self.view.plural,
        )
        out = self.out
        # Fixed addresses first: `/{record_id}` takes everything that is left.
        for path, endpoint, operation_id, summary, model in (
            ("", list_endpoint(view), f"list_{plural}", f"{title.zh}列表 List", ListPage[out]),  # type: ignore[valid-type]
            ("/changes", changes_endpoint(view), f"list_{singular}_changes", f"{title.zh}变更流 Change feed", Changes[out]),  # type: ignore[valid-type]
            ("/actions", resource_actions_endpoint(view), f"list_{plural}_actions", f"{title.zh}可否新建、导入、导出 What may be done here", Actions),
            ("/facets", facets_endpoint(view), f"list_{singular}_facets", f"{title.zh}分类计数 Facets", Facets),
            ("/{record_id}", get_endpoint(view), f"get_{singular}", f"读取{title.zh} Read", out),
            ("/{record_id}/actions", record_actions_endpoint(view), f"list_{singular}_actions", f"{title.zh}可办事项 What may be done now", Actions),
            ("/{record_id}/history", history_endpoint(view), f"list_{singular}_history", f"{title.zh}办理记录 History", Page[HistoryEntry]),
        ):  # fmt: skip
            self._build(
                into, prefix, path, operation(Operation(f"{self.resource.name}:read"))(endpoint),
                methods=["GET"], operation_id=operation_id, summary=summary, response_model=model,
            )  # fmt: skip


def _example(example: Any, *, merge: bool = False) -> dict[str, Any] | None:
    if example is None:
        return None
    media = {"application/json": {"example": example}}
    if merge:
        media["application/merge-patch+json"] = {"example": example}
    return {"requestBody": {"content": media}}


def _with_response(endpoint: Endpoint, answer: Endpoint) -> Endpoint:
    """Give FastAPI the endpoint's own signature, with the response object beside it."""
    functools.update_wrapper(answer, endpoint)
    signature = inspect.signature(endpoint, eval_str=True)
    response = inspect.Parameter("response", inspect.Parameter.KEYWORD_ONLY, annotation=Response)
    answer.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), response], return_annotation=signature.empty
    )
    return answer
