"""The HTTP edge of goals, coverage and members of chains; the records' own addresses are the mechanism's."""

from datetime import date
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query

from enterprise_registry.organisations.store import organisations
from enterprise_registry.registers import chains, coverage, goals
from enterprise_registry.registers.schemas import (
    ChainHead,
    ChainMember,
    CoverageEnterprise,
    CoverageRules,
    RegisterGoals,
)
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Output, Page

City = Annotated[str, Query(description="Area id of a city", examples=["440700"])]
Day = Annotated[date | None, Query(description="The end of this day; today when left out")]
Limit = Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Listed = TypeVar("Listed", CoverageEnterprise, ChainMember)

router = APIRouter(prefix="/enterprise-records", tags=["名册记录 Register record"], route_class=KitRoute)
chains_router = APIRouter(prefix="/chains", tags=["产业链 Chains"], route_class=KitRoute)


class ChainMembers(Output):
    """A chain's heads on the day, and a page of its members."""

    city: str
    chain: str
    as_of: date
    heads: list[ChainHead]
    items: list[ChainMember]
    next_cursor: str | None


@router.get("/goals", operation_id="list_enterprise_record_goals", summary="名册目标 Goals of the plan")
@operation(Operation("enterprise-records:read"))
async def list_goals(unit: Read, city: City, as_of: Day = None) -> RegisterGoals:
    """What the plan demands of platforms and other kinds, and how far it is on a day.

    Counted are the records within the caller's sight; without a token those of public kinds.
    """
    return await goals.goals(unit, city, as_of or unit.today)


@router.get("/coverage", operation_id="list_enterprise_coverage", summary="企业覆盖要求 Coverage rules")
@operation(Operation("enterprise-records:coverage"))
async def list_coverage(unit: Read, city: City, as_of: Day = None) -> CoverageRules:
    """The coverage rules of the city's pack with their numbers by division on a day."""
    return await coverage.coverage(unit, city, as_of or unit.today)


@router.get("/coverage/{rule}", operation_id="list_enterprise_coverage_members",
            summary="覆盖要求涉及的企业 Enterprises of a coverage rule")  # fmt: skip
@operation(Operation("enterprise-records:coverage"))
async def list_coverage_members(
    unit: Read,
    rule: Annotated[str, Path(max_length=80, description="Code of the rule")],
    city: City,
    as_of: Day = None,
    covered: Annotated[
        bool | None, Query(description="Only those that have it, or only those that lack it")
    ] = None,
    division: Annotated[str | None, Query(description="Area id of a division")] = None,
    limit: Limit = paging.DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[CoverageEnterprise]:
    """List the enterprises of a rule's population: `covered=false` gives those that lack what they must have."""
    day = as_of or unit.today
    binding = paging.binding_of([rule, city, str(day), covered, division])
    found = await coverage.members(
        unit,
        city,
        day,
        rule,
        covered=covered,
        division=division,
        after=_after(cursor, binding),
        limit=limit + 1,
    )
    items, following = _cut(list(found), limit, binding)
    return Page[CoverageEnterprise](items=items, next_cursor=following)


@chains_router.get(
    "/{chain}/members", operation_id="list_chain_members", summary="链上企业 Members of a chain"
)
@operation(Operation("chains:members"))
async def list_chain_members(
    unit: Read,
    chain: Annotated[str, Path(max_length=80, description="Code of the chain")],
    city: City,
    as_of: Day = None,
    limit: Limit = paging.DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ChainMembers:
    """List who heads the chain (链主、头部企业) on a day, and the organisations that are registered in it."""
    day = as_of or unit.today
    binding = paging.binding_of([chain, city, str(day)])
    headed = await chains.heads(unit, city, chain, day)
    found = await chains.members(
        unit, city, chain, frozenset(each.organisation for each in headed if each.organisation),
        after=_after(cursor, binding), limit=limit + 1,
    )  # fmt: skip
    items, following = _cut(list(found), limit, binding)
    return ChainMembers(
        city=city, chain=chain, as_of=day, heads=list(headed), items=items, next_cursor=following
    )


def _after(cursor: str | None, binding: str) -> str:
    return "" if cursor is None else str(paging.decode(cursor, binding, organisations.table.c.id).value)


def _cut(found: list[Listed], limit: int, binding: str) -> tuple[list[Listed], str | None]:
    items = found[:limit]
    return items, paging.Cursor(items[-1].id, items[-1].id).encode(binding) if len(found) > limit else None
