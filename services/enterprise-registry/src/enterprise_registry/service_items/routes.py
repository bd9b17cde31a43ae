"""The HTTP edge of service items."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from enterprise_registry.cases.feature import cases
from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.library import library
from enterprise_registry.policy.pages import Cursor, Limit, page
from enterprise_registry.service_items import offers, schemas
from kechuang.db.unit import ReadUnit
from kechuang.http.route import KitRoute, Operation, Read, Write, operation
from kechuang.http.schemas import Page
from kechuang_packs import Pack
from kechuang_packs.models.content import ServiceItem
from kechuang_procedure.cases.schemas import CaseOut

router = APIRouter(prefix="/service-items", tags=["增值化服务事项 Service items"], route_class=KitRoute)
ItemId = Annotated[str, Path(max_length=160, description="`<pack>.<code>`")]
Organisation = Annotated[
    str | None, Query(max_length=18, description="Judge for this organisation; the token's own when left out")
]


async def _judged(unit: ReadUnit, pack: Pack, item: ServiceItem, uscc: str | None) -> schemas.ServiceItemOut:
    """Show a service, judged where the caller may see the organisation; one of another city is not judged."""
    found = offers.shown(library(unit), pack, item)
    organisation = await organisations.lookup_one(unit, uscc=uscc) if uscc else None
    if organisation is None or organisation.city != pack.header.area:
        return found
    if not unit.permissions.permits(unit.actor, "organisations:read", organisation.sight):
        return found
    return found.model_copy(
        update={"eligibility": await offers.eligibility(unit, pack, item, organisation.uscc)}
    )


@router.get("", operation_id="list_service_items", summary="服务事项清单 List",
            response_model=Page[schemas.ServiceItemOut])  # fmt: skip
@operation(Operation("service-items:read"))
async def list_items(
    unit: Read,
    city: Annotated[str | None, Query(max_length=80, description="Area id of a city")] = None,
    q: Annotated[str | None, Query(max_length=100, description="In its name, Chinese or English")] = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """The services of the cities, readable without a token."""
    shelf, wanted = library(unit), (q or "").strip().lower()
    found = [
        (pack, each)
        for pack, each in offers.all_items(unit, city)
        if kind in (None, each.kind) and (wanted in each.name.zh.lower() or wanted in each.name.en.lower())
    ]
    items, following = page(found, limit, cursor)
    return {"items": [offers.shown(shelf, *each) for each in items], "next_cursor": following}


@router.get("/{item_id}", operation_id="get_service_item", summary="读取服务事项 Read")
@operation(Operation("service-items:read"))
async def get_item(item_id: ItemId, unit: Read, organisation: Organisation = None) -> schemas.ServiceItemOut:
    """One service: who may use it, its time limit, where it starts; for an organisation, whether it may today."""
    pack, item = offers.find(unit, item_id)
    return await _judged(unit, pack, item, organisation or unit.actor.organisation)


@router.post(
    "/{item_id}/start", operation_id="start_service_item", summary="办理服务事项 Start", status_code=201,
    response_model=CaseOut,
    openapi_extra={"requestBody": {"content": {"application/json": {"example": {
        "content": "请安排高企申报辅导。"}}}}},
)  # fmt: skip
@operation(Operation("service-items:start", dry_run=True))
async def start(item_id: ItemId, body: schemas.ServiceItemStart, uow: Write, response: Response) -> Any:
    """Start it: answers the enterprise case in which it is dealt with.

    409 `not_open_to_you` lists what is lacking; 409 `starts_elsewhere` names the address.
    """
    case = await offers.start(uow, item_id, body)
    response.headers["location"] = f"/api/v1/{cases.RESOURCE.name}/{case.id}"
    return cases.show(case, uow)


__all__ = ["router"]
