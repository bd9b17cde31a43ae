"""The application factory: one service's api process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kechuang.db.engines import Database
from kechuang.db.migrations import is_current
from kechuang.http import clock, openapi, problems
from kechuang.http.export import export_router
from kechuang.http.files import file_router
from kechuang.http.jobs import job_router
from kechuang.http.middleware import Edge
from kechuang.http.resource import ResourceRouter
from kechuang.http.route import KitRoute, api_routes
from kechuang.http.tokens import TokenVerifier
from kechuang.service import Service
from kechuang.settings import Settings
from kechuang.telemetry import log, render_metrics, setup

API = "/api/v1"


def create_app(service: Service, settings: Settings) -> FastAPI:
    """Build the api process of a service; refuses to build one with an operation that nobody owns."""
    setup(service.name, "api", level=settings.log_level)
    database = Database(settings, service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await database.start()
        for each in service.on_start:
            await each(database)
        app.state.draining = False
        log.info("started", service=service.name)
        try:
            yield
        finally:
            await database.stop()

    app = FastAPI(
        title=f"Kechuang {service.title.en} {service.title.zh}",
        version="1.0.0",
        summary=service.summary.en,
        description=f"{service.summary.zh}\n\n{service.summary.en}",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.database = database
    app.state.service = service
    app.state.settings = settings
    app.state.draining = False
    app.state.tokens = TokenVerifier(settings, database.clock)
    app.router.route_class = KitRoute
    app.include_router(export_router(service), prefix=API)  # before `/{record_id}` takes its addresses
    for router in service.routers:
        if isinstance(router, ResourceRouter):
            router.install(app.router, API)
        else:
            app.include_router(router, prefix=API)
    app.include_router(job_router(service), prefix=API)
    app.include_router(file_router(service), prefix=API)
    problems.install(app)
    app.router.routes.extend(_operators_routes(app, database))
    app.router.routes.extend(clock.routes(database))
    require_operations(app, service)
    openapi.install(app, service)
    app.add_middleware(Edge, body_limit=settings.body_limit)
    return app


def require_operations(app: FastAPI, service: Service) -> None:
    """Refuse a route outside the route class (it would never commit) or without a row in the table."""
    for path, route in api_routes(app):
        if not isinstance(route, KitRoute):
            raise TypeError(f"{path} is not of the kit's route class: it would never commit")
        if not service.permissions.knows(route.described.action):
            raise LookupError(f"{path}: action {route.described.action} is not in the permission table")


def _operators_routes(app: FastAPI, database: Database) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`, `/openapi.json`: not reachable through the gateway's `/api`."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        if app.state.draining:
            return JSONResponse({"status": "draining"}, 503)
        try:
            async with asyncio.timeout(2), database.read.connect() as conn:
                await conn.execute(sa.text("SELECT 1"))
            current = await is_current(database)
        except Exception as error:  # noqa: BLE001  whatever it is, we are not ready
            return JSONResponse({"status": "database away", "error": type(error).__name__}, 503)
        if not current:
            return JSONResponse({"status": "migrations missing"}, 503)
        return JSONResponse({"status": "ready"})

    async def metrics(_: Request) -> Response:
        body, media_type = render_metrics()
        return Response(body, media_type=media_type)

    async def spec(_: Request) -> Response:
        return JSONResponse(app.openapi())

    endpoints: dict[str, Callable[[Request], Any]] = {
        "/healthz": healthz, "/readyz": readyz, "/metrics": metrics, "/openapi.json": spec,
    }  # fmt: skip
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in endpoints.items()]
