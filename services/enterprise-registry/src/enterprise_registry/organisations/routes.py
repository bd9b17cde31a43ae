"""The HTTP edge of organisations; `enterprises` is the same list, of that kind alone."""

from typing import Any

from fastapi import APIRouter, Request

from enterprise_registry.organisations import use_cases
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.organisations.imports import IMPORT
from enterprise_registry.organisations.past import add_past_routes
from enterprise_registry.organisations.schemas import (
    EXAMPLE,
    OrganisationCreate,
    OrganisationDeregister,
    OrganisationOut,
    OrganisationPatch,
    OrganisationRelocate,
    OrganisationRename,
    OrganisationReveal,
    OrganisationRevealed,
)
from enterprise_registry.organisations.store import organisations
from kechuang.db.unit import ReadUnit
from kechuang.http.reads import get_endpoint, list_endpoint
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import KitRoute, Operation, Read, Write, operation
from kechuang.http.schemas import Because, Page
from kechuang.personal import Masked


def _show(found: Organisation, _: ReadUnit) -> OrganisationOut:
    shown = found.legal_representative_shown
    fields = {name: getattr(found, name) for name in OrganisationOut.model_fields}
    fields["legal_representative"] = Masked(shown) if shown else None
    return OrganisationOut.model_validate(fields)


router = ResourceRouter(organisations, OrganisationOut, show=_show)


@router.create(example=EXAMPLE)
async def create(body: OrganisationCreate, uow: Write) -> Organisation:
    """Register an organisation: its own people, an officer of its place, or another system.

    409 `already_registered` names the existing record (`existing`) to those who may see it.
    """
    return await use_cases.register(uow, body)


@router.update(example={"address": "江门市蓬江区示例路1号"})
async def update(record_id: RecordId, body: OrganisationPatch, uow: Write) -> Organisation:
    """Change what describes it. Name and place change by `rename` and `relocate`."""
    return await use_cases.update(uow, record_id, body)


@router.verb("verify", example=Because.example)
async def verify(record_id: RecordId, body: Because, uow: Write) -> Organisation:
    """The county confirms the registration; from here on it may file and apply."""
    return await use_cases.verify(uow, record_id, body.reason)


@router.verb("suspend", example={"reason": "列入经营异常名录。"})
async def suspend(record_id: RecordId, body: Because, uow: Write) -> Organisation:
    """Suspend: nothing can be filed or applied for meanwhile."""
    return await use_cases.change_state(uow, record_id, "suspend", body.reason)


@router.verb("resume", example={"reason": "已移出经营异常名录。"})
async def resume(record_id: RecordId, body: Because, uow: Write) -> Organisation:
    """End a suspension."""
    return await use_cases.change_state(uow, record_id, "resume", body.reason)


@router.verb("deregister", example={"reason": "已办理注销登记。"})
async def deregister(record_id: RecordId, body: OrganisationDeregister, uow: Write) -> Organisation:
    """Deregister for good; `merged_into` says who took it over.

    422 `merged_into_itself`, `organisation_unknown`, `organisation_not_active`.
    """
    return await use_cases.deregister(uow, record_id, body)


@router.verb("rename", bulk=False, example={"name": "江门示例智能装备有限公司"})
async def rename(record_id: RecordId, body: OrganisationRename, uow: Write) -> Organisation:
    """Take over a new registered name."""
    return await use_cases.rename(uow, record_id, body)


@router.verb("relocate", example={"division": "440704", "zones": ["jiangmen-hnz"]})
async def relocate(record_id: RecordId, body: OrganisationRelocate, uow: Write) -> Organisation:
    """Move to another county, city or zone; earlier decisions keep the place they were made for."""
    return await use_cases.relocate(uow, record_id, body)


@router.other(
    "POST", "/{record_id}/reveal", action="reveal", operation_id="reveal_organisation",
    summary="查看完整个人信息 Reveal personal fields", private=True,
    response_model=OrganisationRevealed, example={"reason": "核实法定代表人身份。"},
)  # fmt: skip
async def reveal(record_id: RecordId, body: OrganisationReveal, uow: Write) -> OrganisationRevealed:
    """Read personal fields in the clear; every reading is audited with its reason."""
    return OrganisationRevealed(legal_representative=await use_cases.reveal(uow, record_id, body.reason))


IMPORT.add_routes(router)
add_past_routes(router)


# -- enterprises: a read alias --------------------------------------------------------------------

enterprises = APIRouter(prefix="/enterprises", tags=["企业 Enterprises"], route_class=KitRoute)
_list = list_endpoint(router.view)  # the same list under a second address
_get = get_endpoint(router.view)


async def list_enterprises(query: Any, unit: Read, request: Request) -> Any:
    """List enterprises: `organisations` with `kind=enterprise`."""
    return await _list(query.model_copy(update={"kind": "enterprise"}), unit, request)


async def get_enterprise(record_id: RecordId, unit: Read) -> Any:
    """Read one enterprise: the organisation of this id."""
    return await _get(record_id, unit)


list_enterprises.__annotations__["query"] = _list.__annotations__["query"]
for _path, _endpoint, _id, _summary, _model in (
    ("", list_enterprises, "list_enterprises", "企业列表 List", Page[OrganisationOut]),
    ("/{record_id}", get_enterprise, "get_enterprise", "读取企业 Read", OrganisationOut),
):
    enterprises.add_api_route(
        _path, operation(Operation("organisations:read"))(_endpoint), methods=["GET"], operation_id=_id,
        summary=_summary, response_model=_model,
    )  # fmt: skip
