"""The route class: the one place where a request begins and ends.

For a write: token → actor → permission of the role → idempotency claim → use case → flush → commit →
response. The route class is the only place where the exact response bytes exist before they are sent,
so the stored answer is in the same transaction as the change, and a commit that fails is never reported
as success. A GET runs on the reader's connection.
"""

import hmac
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.responses import Response, StreamingResponse

from kechuang.access import Actor
from kechuang.db.flush import StoredAnswer
from kechuang.db.unit import Cause, ReadUnit, UnitOfWork
from kechuang.errors import (
    Malformed,
    NotPermitted,
    PreconditionRequired,
    Unauthenticated,
)
from kechuang.http.readable import (
    Parameters,
    is_dry_run,
    refuse_nul_in_address,
    refuse_parameters,
    refuse_unreadable,
)
from kechuang.http.uploads import close_upload, spool
from kechuang.text import Text

_KEPT_HEADERS = ("location", "etag", "content-type", "content-language")
_MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Operation:
    """What the edge must know of an operation beside its code.

    A `private` answer (unmasked personal data) is never stored: its idempotency key is not used. What `streams`
    reads its body itself; what `spools` finds it in a file (`kechuang.http.uploads`).
    """

    action: str
    needs_key: bool = False
    needs_match: bool = False
    streams: bool = False
    spools: bool = False
    dry_run: bool = False
    private: bool = False


def _operation(endpoint: Callable[..., Any]) -> Operation | None:
    found: Operation | None = getattr(endpoint, "__operation__", None)
    return found


def operation(described: Operation) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark an endpoint with its operation."""

    def mark(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        endpoint.__operation__ = described  # type: ignore[attr-defined]
        return endpoint

    return mark


class KitRoute(APIRoute):
    """Every route of every service is of this class; `require_operations` refuses others."""

    @property
    def described(self) -> Operation:
        """The operation that the endpoint was marked with."""
        found = _operation(self.endpoint)
        if found is None:
            raise TypeError(f"{self.path} names no action")
        return found

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler in the unit that its method calls for."""
        inner = super().get_route_handler()
        described = self.described
        reads = "GET" in (self.methods or ())
        name = self.operation_id or self.name
        declared = (
            each for each in get_flat_params(self.dependant) if each.alias not in self.param_convertors
        )
        parameters = Parameters.declared(declared, dry_run=described.dry_run)

        async def handle(request: Request) -> Response:
            refuse_nul_in_address(request)
            actor = await request.app.state.tokens.actor(request.headers.get("authorization"))
            request.scope["kechuang.actor"] = actor
            _require_role(request, actor, described.action)
            refuse_parameters(request, parameters)
            if reads:
                return await _read(request, actor, inner)
            try:
                return await _write(
                    request, actor, inner, described, name, takes_json=self.body_field is not None
                )
            finally:
                close_upload(request)

        return handle


def api_routes(app: FastAPI) -> Iterator[tuple[str, APIRoute]]:
    """Give every API route of an application with its whole path, those of included routers too.

    `app.routes` alone does not show them: FastAPI keeps included routers as branches.
    """
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            yield context.path or route.path, route


def _require_role(request: Request, actor: Actor, action: str) -> None:
    permissions = request.app.state.database.service.permissions
    if permissions.may_ever(actor, action):
        return
    if actor.roles == {"public"}:
        raise Unauthenticated(Text("此操作需要登录。", "This operation needs a token."), code="token_missing")
    raise NotPermitted(
        Text("您的角色不能执行此操作。", "Your roles may not do this."), extra={"action": action}
    )


async def _read(request: Request, actor: Actor, inner: Callable[[Request], Awaitable[Response]]) -> Response:
    async with request.app.state.database.reading(actor) as unit:
        request.scope["kechuang.unit"] = unit
        response = await inner(request)
    if response.status_code != 200 or isinstance(response, StreamingResponse):  # noqa: PLR2004
        return response
    tag = response.headers.get("etag")
    if tag is None:
        tag = f'"{blake2b(response.body, digest_size=12).hexdigest()}"'
        response.headers["etag"] = tag
    response.headers["vary"] = "Authorization, Accept-Language"
    response.headers.setdefault("cache-control", "private, no-cache")
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(
            status_code=304,
            headers={name: response.headers[name] for name in ("etag", "vary", "cache-control")},
        )
    return response


def _matches(header: str | None, tag: str) -> bool:
    return header is not None and tag in [each.strip().removeprefix("W/") for each in header.split(",")]


async def _write(
    request: Request,
    actor: Actor,
    inner: Callable[[Request], Awaitable[Response]],
    described: Operation,
    name: str,
    *,
    takes_json: bool,
) -> Response:
    database = request.app.state.database
    dry_run = described.dry_run and is_dry_run(request)
    key = None if described.private else _key(request, required=described.needs_key and not dry_run)
    await database.refresh_clock()
    cause = Cause(request.scope.get("kechuang.request_id"), request.scope.get("kechuang.traceparent"))
    master = database.settings.master_key.get_secret_value()
    # Before there is a transaction that a slow client could hold open.
    digest = "" if described.streams else await _receive(request, described, master, takes_json=takes_json)
    async with UnitOfWork.begin(database, actor, cause=cause) as uow:
        request.scope["kechuang.unit"] = uow
        uow.if_match, uow.dry_run = _if_match(request), dry_run
        if key and not dry_run:
            stored = await uow.claim(name, key, digest)
            if stored is not None:
                return Response(stored.body, stored.status, {**stored.headers, "Idempotent-Replayed": "true"})
        response = await inner(request)
        if dry_run:
            response.headers["X-Dry-Run"] = "true"
            if "location" in response.headers:
                del response.headers["location"]
            return response
        headers = {each: response.headers[each] for each in _KEPT_HEADERS if each in response.headers}
        uow.store_answer(StoredAnswer(response.status_code, headers, bytes(response.body)))
        await uow.commit()
    return response


def _key(request: Request, *, required: bool) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None and required:
        raise PreconditionRequired(
            Text(
                "此操作必须带 Idempotency-Key 请求头，以便安全重试。",
                "This operation demands an Idempotency-Key header, so that it can be retried safely.",
            ),
            code="idempotency_key_required",
            extra={"header": "Idempotency-Key"},
        )
    if key is not None and not (0 < len(key) <= _MAX_KEY and key.isprintable()):
        raise Malformed(
            Text(
                "Idempotency-Key 应为 1 至 255 个可打印字符。", "Idempotency-Key takes 1 to 255 characters."
            ),
            code="idempotency_key_malformed",
        )
    return key


async def _receive(request: Request, described: Operation, secret: str, *, takes_json: bool) -> str:
    """Read the body and give what tells two of them apart.

    Keyed: a plain digest of a short body (a sealed price) could be guessed from.
    """
    hashed = hmac.new(secret.encode(), f"{request.url.path}?{request.url.query}\n".encode(), sha256)
    if described.spools:
        await spool(request, hashed)
        return hashed.hexdigest()
    body = await request.body()
    if takes_json:
        refuse_unreadable(body)
    hashed.update(body)
    return hashed.hexdigest()


def version_tag(version: int, actor: Actor) -> str:
    """Give the ETag of a record as this caller sees it: its version, and who is looking."""
    who = blake2b(repr((actor.subject, sorted(actor.roles))).encode(), digest_size=4).hexdigest()
    return f'"{version}.{who}"'


def _if_match(request: Request) -> int | None:
    header = request.headers.get("if-match")
    if header is None:
        return None
    version = header.strip().removeprefix("W/").strip('"').split(".")[0]
    if not version.isascii() or not version.isdigit() or len(version) > 9:  # noqa: PLR2004
        raise Malformed(
            Text("If-Match 应为读取该记录时得到的 ETag。", "If-Match takes the ETag that reading gave."),
            code="if_match_malformed",
        )
    return int(version)


# Coroutines, since FastAPI hands plain functions to a thread.
async def _write_unit(request: Request) -> UnitOfWork:
    unit = request.scope["kechuang.unit"]
    assert isinstance(unit, UnitOfWork)
    return unit


async def _read_unit(request: Request) -> ReadUnit:
    unit = request.scope["kechuang.unit"]
    assert isinstance(unit, ReadUnit)
    return unit


Write = Annotated[UnitOfWork, Depends(_write_unit)]
Read = Annotated[ReadUnit, Depends(_read_unit)]
