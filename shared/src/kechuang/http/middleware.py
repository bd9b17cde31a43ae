"""Pure ASGI middleware: request and trace ids, the body limit, access log and metrics.

Not `BaseHTTPMiddleware`: it hides context variables from the layers outside it and costs a task a request.
"""

import re

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kechuang.clock import monotonic
from kechuang.errors import TooLarge
from kechuang.http import problems
from kechuang.ids import random_id
from kechuang.telemetry import TraceContext, continue_trace, log, observe_request, parse_traceparent, span
from kechuang.text import Text

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class _TooLarge(Exception):  # noqa: N818  control flow inside this module
    pass


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


class Edge:
    """Wraps the application; outermost of ours."""

    def __init__(self, app: ASGIApp, *, body_limit: int) -> None:
        self.app = app
        self.body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] in _QUIET:
            await self._answer(scope, receive, send, continue_trace(None))
            return
        parent = parse_traceparent(_header(scope, b"traceparent"))
        with span(scope["method"], kind="server", parent=parent) as step:
            status = await self._answer(scope, receive, send, step.context)
            template = _template(scope)
            step.set(
                name=f"{scope['method']} {template}",
                **{"http.request.method": scope["method"], "http.route": template,
                   "http.response.status_code": status},
            )  # fmt: skip
            if status >= 500:  # noqa: PLR2004  our own failure
                step.failed(str(status))

    async def _answer(self, scope: Scope, receive: Receive, send: Send, trace: TraceContext) -> int:
        """Answer one request; gives the status."""
        started = monotonic()
        self._identify(scope, trace)
        request_id = scope["kechuang.request_id"].encode()
        status = 500
        sent = False

        async def send_marked(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status, sent = message["status"], True
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        limited = self._limited(receive)
        try:
            declared = _header(scope, b"content-length")
            if declared is not None and declared.isdigit() and int(declared) > self.body_limit:
                raise _TooLarge  # noqa: TRY301  answered in one place
            await self.app(scope, limited, send_marked)
        except _TooLarge:
            if not sent:
                await self._refuse(scope, send_marked)
        except Exception as error:
            # Answered here and not by the framework's outermost layer, which raises it once more: the server
            # would then close a connection on which the gateway may just be sending another request.
            if sent:
                raise
            answer = await problems.unexpected(Request(scope), error)
            await answer(scope, limited, send_marked)
        finally:
            self._account(scope, status, monotonic() - started)
        return status

    def _identify(self, scope: Scope, trace: TraceContext) -> None:
        request_id = _header(scope, b"x-request-id")
        if request_id is None or not _REQUEST_ID.match(request_id):
            request_id = random_id()
        scope["kechuang.request_id"] = request_id
        scope["kechuang.trace_id"] = trace.trace_id
        scope["kechuang.traceparent"] = trace.traceparent

    def _limited(self, receive: Receive) -> Receive:
        """Count what arrives, also when no length was declared."""
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self.body_limit:
                    raise _TooLarge
            return message

        return limited

    async def _refuse(self, scope: Scope, send: Send) -> None:
        says = Text(
            f"请求体不得超过 {self.body_limit} 字节。", f"The body is limited to {self.body_limit} bytes."
        )
        answer = problems.render(Request(scope), TooLarge(says))
        answer.headers["connection"] = "close"  # the rest of the body is not read
        await answer(scope, _nothing, send)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"]
        if path in _QUIET:
            return
        template = _template(scope)
        observe_request(scope["method"], template, status, seconds)
        actor = scope.get("kechuang.actor")
        log.info(
            "request",
            method=scope["method"],
            route=template,
            status=status,
            ms=round(seconds * 1000, 2),
            subject=actor.subject if actor else None,
            request_id=scope["kechuang.request_id"],
            trace_id=scope["kechuang.trace_id"],
        )


def _template(scope: Scope) -> str:
    """The address with its variables' names, short: every operation is below the same prefix."""
    path: str = getattr(scope.get("route"), "path", "unmatched")
    return path.removeprefix("/api/v1")
