"""The commissioner programmes in force, read from the policy packs; readable without a token."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from commissioner_matching.packs import Programme, programmes
from kechuang.errors import NotFound
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Output, Page
from kechuang.text import Text


class CommissionerProgrammeOut(Output):
    """A programme (特派员计划): its rules as the pack states them."""

    id: str
    code: str
    pack: str
    pack_version: str
    city: str
    kind: str
    name_zh: str
    name_en: str
    levels: list[str]
    servers: list[str]
    targets: list[str]
    acceptances: list[str]
    targets_per_server: int | None
    servers_per_target: int | None
    term_months: int | None
    renewable: bool
    agreement_required: bool
    unit_of_count: str
    service_minimum: dict[str, Any]


def _show(each: Programme) -> CommissionerProgrammeOut:
    rules = each.rules
    return CommissionerProgrammeOut(
        id=each.id,
        code=rules.code,
        pack=each.pack,
        pack_version=each.version,
        city=each.city,
        kind=rules.kind,
        name_zh=rules.name.zh,
        name_en=rules.name.en or rules.name.zh,
        levels=list(rules.levels),
        servers=list(rules.servers),
        targets=list(rules.targets),
        acceptances=list(rules.acceptances),
        targets_per_server=each.targets_per_server,
        servers_per_target=each.servers_per_target,
        term_months=rules.term_months,
        renewable=rules.renewable,
        agreement_required=rules.agreement_required,
        unit_of_count=rules.unit_of_count,
        service_minimum=rules.service_minimum.model_dump(),
    )


router = APIRouter(
    prefix="/commissioner-programmes", tags=["特派员计划 Commissioner programmes"], route_class=KitRoute
)
_READ = Operation("commissioner-programmes:read")


@router.get("", operation_id="list_commissioner_programmes", summary="特派员计划列表 List")
@operation(_READ)
async def list_programmes(
    unit: Read, city: Annotated[str | None, Query(max_length=60)] = None
) -> Page[CommissionerProgrammeOut]:
    """List the programmes in force today, of one city or of all."""
    found = [_show(each) for each in programmes(unit) if city in (None, each.city)]
    return Page[CommissionerProgrammeOut](items=found, next_cursor=None)


@router.get("/{programme_id}", operation_id="get_commissioner_programme", summary="读取特派员计划 Read")
@operation(_READ)
async def get_programme(
    unit: Read, programme_id: Annotated[str, Path(max_length=120, description="`<pack>.<code>`")]
) -> CommissionerProgrammeOut:
    """Read one programme in force today."""
    for each in programmes(unit):
        if each.id == programme_id:
            return _show(each)
    raise NotFound(Text("未找到该特派员计划。", "There is no such programme in force."))
