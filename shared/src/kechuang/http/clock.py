"""The movable clock's internal addresses; the portal asks them, the gateway does not route them.

Exists outside production only. The offset is absolute and only grows, so that a repeated call is harmless.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kechuang.db.engines import Database
from kechuang.db.tables import clock_offset


def routes(database: Database) -> list[Route]:
    """Give the routes, none in a production profile."""
    if not database.settings.clock_movable:
        return []

    async def read(_: Request) -> Response:
        from kechuang.worker import consequences  # the worker is another process of the same program

        await database.refresh_clock()
        return JSONResponse(
            {
                "now": database.clock.now().isoformat(),
                "offset_seconds": int(database.clock.offset.total_seconds()),
                **await consequences(database),
            }
        )

    async def advance(request: Request) -> Response:
        actor = await request.app.state.tokens.actor(request.headers.get("authorization"))
        if "administrator" not in actor.roles:
            return JSONResponse({"status": "administrator only"}, 403)
        seconds = int((await request.json())["offset_seconds"])
        async with database.write.begin() as conn:
            statement = insert(clock_offset).values(single=True, seconds=seconds)
            await conn.execute(
                statement.on_conflict_do_update(
                    index_elements=["single"],
                    set_={"seconds": sa.func.greatest(clock_offset.c.seconds, seconds)},
                )
            )
        database.clock.refreshed_at = None
        await database.refresh_clock()
        database.wake()
        return JSONResponse({"now": database.clock.now().isoformat()})

    return [
        Route("/internal/clock", read, methods=["GET"]),
        Route("/internal/clock", advance, methods=["POST"]),
    ]
