"""The portal's process: merged specifications, reference, problem types, health, clock; no database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import fastapi_swagger
import orjson
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from kechuang.clock import monotonic
from kechuang.errors import NotFound, Refusal
from kechuang.http import merge, problems
from kechuang.http.middleware import Edge
from kechuang.settings import Settings
from kechuang.telemetry import render_metrics, setup
from kechuang.text import Text
from portal import clock, pages
from portal.peers import Peers

_SPECIFICATION_SECONDS = 60
_GATEWAY = {
    413: ("too_large", Text("内容过大，请缩小后重试。", "The content is too large.")),
    429: ("too_many_requests", Text("请求过于频繁，请稍后重试。", "Too many requests; retry later.")),
    502: ("unavailable", Text("服务暂不可用，请稍后重试。", "The service is away; retry.")),
    503: ("unavailable", Text("服务暂不可用，请稍后重试。", "The service is away; retry.")),
    504: ("unavailable", Text("服务未及时响应，请稍后重试。", "The service did not answer in time; retry.")),
}


def create_app(settings: Settings) -> FastAPI:
    """Build the application."""
    setup("portal", "api", level=settings.log_level)
    peers = Peers(settings.peer_urls)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.draining = False
        yield
        await peers.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.draining = False
    app.state.peers = peers
    problems.install(app)
    _operators(app)
    _specifications(app, peers)
    _pages(app, peers)
    _gateway(app)
    if settings.clock_movable:
        _clock(app, peers)
    app.add_middleware(Edge, body_limit=settings.body_limit)
    return app


def _operators(app: FastAPI) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> Response:
        if app.state.draining:
            return JSONResponse({"status": "draining"}, 503)
        return JSONResponse({"status": "ready"})

    @app.get("/metrics")
    async def metrics() -> Response:
        body, media_type = render_metrics()
        return Response(body, media_type=media_type)

    @app.get("/api/health")
    async def health() -> Response:
        peers: Peers = app.state.peers
        answers = await peers.ask_all("/readyz")
        services = {
            name: answer.json() if answer is not None else {"status": "away"}
            for name, answer in answers.items()
        }
        well = all(answer is not None and answer.is_success for answer in answers.values())
        return JSONResponse(
            {"status": "ok" if well else "degraded", "services": services}, 200 if well else 503
        )


def _specifications(app: FastAPI, peers: Peers) -> None:
    async def specs() -> dict[str, dict[str, Any]]:
        names = list(peers.urls)
        answers = await asyncio.gather(*(peers.ask(name, "/openapi.json") for name in names))
        return {name: answer.json() for name, answer in zip(names, answers, strict=True)}

    kept: dict[str, Any] = {"until": 0.0, "body": b""}

    @app.get("/api/openapi.json")
    async def merged() -> Response:
        # Merging takes a second of the processor, and the services change only when they are deployed.
        if monotonic() < kept["until"]:
            return Response(kept["body"], media_type="application/json")
        document = merge.merge(
            await specs(), title="科创 Kechuang", version="1.0.0",
            description="市级科技创新计划开放后端。\n\nOne API of four services behind one address.",
        )  # fmt: skip
        kept["body"], kept["until"] = orjson.dumps(document), monotonic() + _SPECIFICATION_SECONDS
        return Response(kept["body"], media_type="application/json")

    @app.get("/api/openapi/{service}.json")
    async def one(service: str) -> Response:
        if service not in peers.urls:
            raise NotFound(Text("没有这个服务。", "There is no such service."))
        return JSONResponse((await peers.ask(service, "/openapi.json")).json())

    @app.get("/api/asyncapi.json")
    async def asyncapi() -> Response:
        return Response(files("portal").joinpath("asyncapi.json").read_bytes(), media_type="application/json")


def _pages(app: FastAPI, peers: Peers) -> None:
    known = pages.problems()

    @app.get("/")
    async def home() -> Response:
        return pages.home()

    @app.get("/docs")
    async def docs() -> Response:
        return pages.reference(list(peers.urls))

    @app.get("/problems")
    async def problem_types() -> Response:
        return pages.problem_list(known)

    @app.get("/problems/{code}")
    async def problem_type(code: str) -> Response:
        if code not in known:
            raise NotFound(Text("没有这种错误类型。", "There is no such problem type."))
        return pages.problem(code, known[code])

    @app.get("/board")
    async def board(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        answer = await peers.ask("indicators", f"/api/v1/progress{query}")
        body = answer.json()
        return (
            pages.board(body.get("items", []))
            if answer.is_success
            else JSONResponse(body, answer.status_code)
        )

    assets = files(fastapi_swagger).joinpath("resources")
    app.mount("/docs/assets", StaticFiles(directory=str(assets)), name="assets")


def _gateway(app: FastAPI) -> None:
    """Refusals of the gateway itself, in our form; any method, since it passes on the caller's."""

    async def explain(status: int, request: Request, rest: str = "") -> Response:
        if status not in _GATEWAY:
            raise NotFound(Text("网关不会给出这个状态码。", "The gateway answers no such status."))
        code, text = _GATEWAY[status]
        refusal = Refusal(text, code=code, retry_after=2 if status in (429, 502, 503, 504) else None)
        refusal.status, refusal.title = status, text
        return problems.render(request, refusal, instance=f"/{rest}" if rest else None)

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    handlers: dict[str, Callable[..., Any]] = {
        "/problems/gateway/{status}": explain,
        "/problems/gateway/{status}/{rest:path}": explain,
    }
    for path, handler in handlers.items():
        app.add_api_route(path, handler, methods=methods)


def _clock(app: FastAPI, peers: Peers) -> None:
    @app.get("/api/v1/clock")
    async def read() -> clock.ClockOut:
        return await clock.read(peers)

    @app.post("/api/v1/clock/advance")
    async def advance(body: clock.ClockAdvance, request: Request) -> clock.ClockOut:
        return await clock.advance(peers, body, request)
