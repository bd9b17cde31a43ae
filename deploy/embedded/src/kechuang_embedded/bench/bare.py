"""The same application without a database: the kit's middleware, token check, permission and route class
around an answer that is ready. `python -m kechuang_embedded.bench.bare`."""

from dataclasses import replace

import uvicorn
from fastapi import APIRouter
from starlette.responses import Response

from commissioner_matching.service import SERVICE
from kechuang.http.app import create_app
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.settings import Settings

_BODY = b'{"id": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42", "state": "active"}'
router = APIRouter(prefix="/bench", tags=["bench"], route_class=KitRoute)


@router.get("/{record_id}")
@operation(Operation("technical-needs:read"))
async def bare(record_id: str, unit: Read) -> Response:
    """Answer without asking anybody."""
    assert record_id
    assert unit.actor.roles
    return Response(_BODY, media_type="application/json")


if __name__ == "__main__":
    settings = Settings()
    app = create_app(replace(SERVICE, routers=(router,), jobs={}, on_start=()), settings)
    uvicorn.run(
        app, host=settings.host, port=settings.port, loop="uvloop", http="httptools", access_log=False
    )
