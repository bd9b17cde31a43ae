"""RFC 9457 problem answers in Chinese and English; the only place that maps refusals to HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from asyncpg import InterfaceError, InternalClientError, PostgresError
from asyncpg.exceptions import DeadlockDetectedError, LockNotAvailableError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy import exc as sqlalchemy_errors
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route, compile_path

from kechuang.errors import Conflict, FieldError, Malformed, Refusal, Unavailable
from kechuang.http.findings import says
from kechuang.telemetry import log
from kechuang.text import Text, negotiate

MEDIA_TYPE = "application/problem+json"

_STATUS_TITLES = {
    400: ("malformed", Malformed.title),
    404: ("not_found", Text("未找到", "Not found")),
    405: ("method_not_allowed", Text("不支持的请求方法", "Method not allowed")),
}


def described(request: Request, refusal: Refusal, *, instance: str | None = None) -> dict[str, Any]:
    """Give a refusal as the members of a problem, in the caller's language."""
    language = negotiate(request.headers.get("accept-language"))
    body: dict[str, Any] = {
        "type": f"/problems/{refusal.code}",
        "title": refusal.title.in_(language),
        "status": refusal.status,
        "detail": refusal.detail.in_(language),
        "instance": instance or request.url.path,
        "code": refusal.code,
        "trace_id": request.scope.get("kechuang.trace_id"),
        **refusal.extra,
    }
    if refusal.errors:
        body["errors"] = [
            {"pointer": each.pointer, "code": each.code, "detail": each.detail.in_(language)}
            for each in refusal.errors
        ]
    return body


def render(request: Request, refusal: Refusal, *, instance: str | None = None) -> Response:
    """Answer a refusal in the caller's language."""
    language = negotiate(request.headers.get("accept-language"))
    body = described(request, refusal, instance=instance)
    headers = {"Content-Language": "zh-CN" if language == "zh" else "en", "Cache-Control": "no-store"}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = 'Bearer realm="kechuang"'
    return Response(orjson.dumps(body), refusal.status, headers, MEDIA_TYPE)


def _pointer(location: Sequence[Any]) -> str:
    """Turn pydantic's location into a JSON Pointer; the first part says body, query, path or header."""
    where, *rest = location or ("body",)
    path = "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in rest)
    return path if where == "body" else f"#{where}{path}"


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Translate pydantic's findings, all of them."""
    return [FieldError(_pointer(each["loc"]), str(each["type"]), says(each)) for each in errors]


def of_exception(error: Exception) -> Refusal | None:
    """Give the refusal that an exception of a library stands for, or None for a defect of ours."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, DBAPIError) and isinstance(
        _driver_error(error), LockNotAvailableError | DeadlockDetectedError
    ):
        return Conflict(
            Text("同一记录正在被处理，请稍后重试。", "The record is being handled by another; retry."),
            code="busy",
            retry_after=1,
        )
    if isinstance(error, LockNotAvailableError):
        return of_exception(Conflict(Text("同一请求正在处理。", "The same request is being handled."),
                                     code="request_in_progress", retry_after=1))  # fmt: skip
    if is_outage(error):
        return Unavailable(
            Text(
                "数据库暂不可用，请稍后重试；未作任何更改。", "The database is away; retry. Nothing changed."
            ),
            retry_after=2,
        )
    return None


def _driver_error(error: DBAPIError) -> BaseException | None:
    return getattr(error.orig, "__cause__", None)


def is_outage(error: BaseException) -> bool:
    """Tell a dependency that is away from a defect of ours."""
    import asyncpg

    if isinstance(error, DBAPIError):
        return (
            error.connection_invalidated
            or isinstance(error, sqlalchemy_errors.InterfaceError)
            or is_outage(_driver_error(error) or ValueError())
        )
    away = isinstance(
        error,
        ConnectionError | PoolTimeout | TimeoutError | asyncpg.PostgresConnectionError
        | asyncpg.CannotConnectNowError | asyncpg.AdminShutdownError | asyncpg.CrashShutdownError
        | asyncpg.InterfaceError | asyncpg.InternalClientError | asyncpg.TooManyConnectionsError,
    )  # fmt: skip
    # asyncpg's DataError is an InterfaceError too: a value that cannot be sent, today or tomorrow.
    return away and not isinstance(error, ValueError)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return render(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = field_errors(error.errors())
    if any(each.code == "json_invalid" for each in errors):
        return render(request, Malformed(errors[0].detail, errors=errors, code="malformed_json"))
    refusal = Refusal(
        Text(f"有 {len(errors)} 处需要更正。", f"{len(errors)} field(s) need correction."), errors=errors
    )
    refusal.status, refusal.code, refusal.title = 422, "invalid", Text("提交内容有误", "The input is invalid")
    return render(request, refusal)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, title = _STATUS_TITLES.get(error.status_code, ("refused", Refusal.title))
    refusal = Refusal(Text(f"{title.zh}。", f"{title.en}."), code=code)
    refusal.status, refusal.title = error.status_code, title
    answer = render(request, refusal)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    if error.status_code == 405:  # noqa: PLR2004  the framework names the methods of one of the routes
        answer.headers["allow"] = ", ".join(_methods(request))
    return answer


def _methods(request: Request) -> list[str]:
    """Give the methods of an address, of all routes that have it (RFC 9110 section 15.5.6)."""
    state = request.app.state
    if not hasattr(state, "addresses"):
        routes = [(each.path, each.original_route) for each in iter_route_contexts(request.app.routes)]
        state.addresses = [
            (compile_path(path or route.path)[0], route.methods or ())
            for path, route in routes
            if isinstance(route, Route)
        ]
    return sorted(
        {each for path, methods in state.addresses if path.match(request.url.path) for each in methods}
    )


async def unexpected(request: Request, error: Exception) -> Response:
    """Answer an outage with 503 and a defect of ours with 500, logged under the trace id."""
    refusal = of_exception(error)
    if refusal is None:
        log.error("unexpected_error", error=type(error).__name__, path=request.url.path, exc_info=error)
        refusal = Refusal(
            Text("系统内部错误，已记录；未作任何更改。", "An internal error; it is logged. Nothing changed."),
            code="internal_error",
        )
        refusal.status, refusal.title = 500, Text("系统内部错误", "Internal error")
    return render(request, refusal)


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    # What is left over is answered by the `Edge` middleware.
    for known in (
        *(DBAPIError, PostgresError, InterfaceError, InternalClientError),
        *(ConnectionError, TimeoutError, PoolTimeout),
    ):
        app.add_exception_handler(known, unexpected)
