"""What packs say, readable by everybody: packs, ladders, areas, chains, forms, code lists."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from enterprise_registry.policy import schemas, show
from enterprise_registry.policy.codelists import Codelists
from enterprise_registry.policy.library import Library, library
from enterprise_registry.policy.pages import Cursor, Limit, page
from enterprise_registry.policy.rules import rules_of
from kechuang.db.engines import Database
from kechuang.errors import NotFound
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Page
from kechuang.text import Text
from kechuang_packs import Pack

router = APIRouter(tags=["政策包 Policy packs"], route_class=KitRoute)
Code = Annotated[str, Path(max_length=120)]
City = Annotated[str | None, Query(description="Area id of a city")]


@lru_cache(maxsize=8)
def _codelists(shelf: Library, database: Database) -> Codelists:
    """The states and verbs of every resource of the service are lists, beside those of the packs."""
    return Codelists(shelf, [each.machine for each in database.service.resources])


@router.get("/policy-packs", operation_id="list_policy_packs", summary="政策包列表 List",
            response_model=Page[schemas.PolicyPackVersion])  # fmt: skip
@operation(Operation("policy-packs:read"))
async def list_packs(unit: Read, limit: Limit = 50, cursor: Cursor = None) -> Any:
    """The latest version of each pack."""
    shelf = library(unit)
    items, following = page([show.version(shelf, each, unit.today) for each in shelf.latest()], limit, cursor)
    return {"items": items, "next_cursor": following}


@router.get("/policy-packs/{pack}/versions", operation_id="list_versions_of_policy_pack",
            summary="政策包版本 Versions", response_model=Page[schemas.PolicyPackVersion])  # fmt: skip
@operation(Operation("policy-packs:read"))
async def list_versions(pack: Code, unit: Read, limit: Limit = 50, cursor: Cursor = None) -> Any:
    """All versions of a pack, the earliest first, with their digests."""
    shelf = library(unit)
    found = [show.version(shelf, each, unit.today) for each in shelf.packs.versions(pack)]
    if not found:
        raise NotFound(Text("没有这个政策包。", "There is no such policy pack."))
    items, following = page(found, limit, cursor)
    return {"items": items, "next_cursor": following}


@router.get("/ladders", operation_id="list_ladders", summary="培育梯次 Ladders",
            response_model=Page[schemas.LadderOut])  # fmt: skip
@operation(Operation("ladders:read"))
async def list_ladders(
    unit: Read,
    city: City = None,
    as_of: Annotated[
        date | None, Query(description="Versions in force on this day; today when left out")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """The cultivation ladders: nodes, edges and tracks."""
    shelf, day = library(unit), as_of or unit.today
    if city is not None:
        one = shelf.city_pack(city, day)
        packs = [one] if one else []
    else:
        packs = [shelf.packs.in_force(each.id, day) or each for each in shelf.latest()]
    found = [show.ladder(shelf, each, day) for each in packs if each.ladder is not None]
    items, following = page(found, limit, cursor)
    return {"items": items, "next_cursor": following}


@router.get("/ladders/{pack}", operation_id="get_ladder", summary="读取梯次 Read",
            response_model=schemas.LadderOut)  # fmt: skip
@operation(Operation("ladders:read"))
async def get_ladder(
    pack: Annotated[str, Path(max_length=120, description="`id`, or `id@version`")], unit: Read
) -> Any:
    """The ladder of a pack; of an exact version with `id@version`."""
    shelf = library(unit)
    return show.ladder(shelf, _with_ladder(shelf, pack, unit.today), unit.today)


@router.get("/ladders/{pack}/rules", operation_id="list_ladder_rules", summary="认定条件 Rules",
            response_model=Page[schemas.LadderRule])  # fmt: skip
@operation(Operation("ladders:read"))
async def list_ladder_rules(
    pack: Annotated[str, Path(max_length=120, description="`id`, or `id@version`")],
    unit: Read,
    node: Annotated[str | None, Query(max_length=120, description="Code of one node")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """The conditions of the ladder's nodes: every dated version with clause, document, transition and tree."""
    shelf = library(unit)
    found = rules_of(shelf, _with_ladder(shelf, pack, unit.today), unit.today)
    items, following = page([each for each in found if node in (None, each.node)], limit, cursor)
    return {"items": items, "next_cursor": following}


def _with_ladder(shelf: Library, pack: str, today: date) -> Pack:
    versions = shelf.packs.versions(pack)
    found = shelf.stamped(pack) if "@" in pack else shelf.packs.in_force(pack, today)
    found = found or (versions[-1] if versions else None)
    if found is None or found.ladder is None:
        raise NotFound(Text("没有这个梯次体系。", "There is no such ladder."))
    return found


@router.get("/areas", operation_id="list_areas", summary="区域 Areas", response_model=Page[schemas.AreaOut])
@operation(Operation("areas:read"))
async def list_areas(
    unit: Read,
    city: City = None,
    kind: Annotated[str | None, Query(description="city, county, township, high_tech_zone …")] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Any:
    """Cities, counties, townships and zones."""
    found = [
        show.area(of, each)
        for of, each in library(unit).areas().values()
        if city in (None, of) and kind in (None, each.kind)
    ]
    items, following = page(found, limit, cursor)
    return {"items": items, "next_cursor": following}


@router.get("/chains", operation_id="list_chains", summary="产业链 Chains",
            response_model=Page[schemas.ChainOut])  # fmt: skip
@operation(Operation("chains:read"))
async def list_chains(unit: Read, city: City = None, limit: Limit = 200, cursor: Cursor = None) -> Any:
    """Industry chains and clusters of the cities."""
    found = [
        show.chain(pack, each)
        for pack in library(unit).latest()
        if city in (None, pack.header.area)
        for each in pack.chains.chains
    ]
    items, following = page(found, limit, cursor)
    return {"items": items, "next_cursor": following}


@router.get("/forms", operation_id="list_forms", summary="表单 Forms",
            response_model=Page[schemas.FormSummary])  # fmt: skip
@operation(Operation("forms:read"))
async def list_forms(
    unit: Read,
    purpose: Annotated[str | None, Query(description="filing, application, need, bid …")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """The forms that packs declare."""
    found = [
        show.form_summary(pack, each)
        for _, (pack, each) in sorted(library(unit).forms().items())
        if purpose in (None, each.purpose)
    ]
    items, following = page(found, limit, cursor)
    return {"items": items, "next_cursor": following}


@router.get("/forms/{code}/{version}", operation_id="get_form", summary="读取表单 Read",
            response_model=schemas.FormOut)  # fmt: skip
@operation(Operation("forms:read"))
async def get_form(code: Code, version: Code, unit: Read) -> Any:
    """One form: JSON Schema 2020-12 with titles, units and facts; groups, materials, checks."""
    found = library(unit).forms().get((code, version))
    if found is None:
        raise NotFound(Text("没有这张表单。", "There is no such form."))
    return show.form(*found)


@router.get("/codelists", operation_id="list_codelists", summary="代码表 Code lists",
            response_model=Page[schemas.CodelistSummary])  # fmt: skip
@operation(Operation("codelists:read"))
async def list_codelists(unit: Read, limit: Limit = 200, cursor: Cursor = None) -> Any:
    """Every code list: states and verbs of resources, kinds, national standards, lists of packs."""
    items, following = page(_codelists(library(unit), unit.database).all(), limit, cursor)
    return {"items": items, "next_cursor": following}


@router.get("/codelists/{code}", operation_id="get_codelist", summary="读取代码表 Read",
            response_model=schemas.CodelistOut)  # fmt: skip
@operation(Operation("codelists:read"))
async def get_codelist(code: Code, unit: Read) -> Any:
    """One code list with labels in Chinese and English."""
    return _codelists(library(unit), unit.database).get(code)
