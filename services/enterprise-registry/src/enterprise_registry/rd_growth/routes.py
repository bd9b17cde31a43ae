"""The HTTP edge of the growth of R&D input: a list and its export."""

from typing import Annotated, Literal, get_args

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from enterprise_registry.policy.library import Library, library
from enterprise_registry.rd_growth import exporting, growth
from enterprise_registry.rd_growth.exporting import item_of
from enterprise_registry.rd_growth.growth import Asked, Outcome
from enterprise_registry.rd_growth.schemas import RdGrowth, RdGrowthCounts
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http import paging
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.text import negotiate
from kechuang_packs import Pack
from kechuang_packs.models.scoring import GrowthList

router = APIRouter(prefix="/rd-growth", tags=["研发投入倍增 Growth of R&D input"], route_class=KitRoute)
_ORDER = sa.column("uscc", sa.Text)
_FIRST_YEAR = 2000


class RdGrowthQuery(BaseModel):
    """What is compared; an unknown parameter is refused."""

    model_config = ConfigDict(extra="forbid")
    city: str | None = Field(
        default=None, max_length=80, description="Area id; the caller's first when left out"
    )
    list: str | None = Field(
        default=None, max_length=80, description="Code of a growth list of the city's pack"
    )
    base_year: int | None = Field(
        default=None, ge=_FIRST_YEAR, le=2999, description="The pack's when left out"
    )
    year: int | None = Field(
        default=None, ge=_FIRST_YEAR, le=2999, description="The last full year when left out"
    )
    outcome: str = Field(
        default="grown", max_length=80,
        description="`grown`, `below`, `base_zero`, `base_missing`, `year_missing`, several by commas, or `all`",
    )  # fmt: skip
    division: str | None = Field(default=None, max_length=400)
    zone: str | None = Field(default=None, max_length=80)
    organisation: str | None = Field(default=None, max_length=18)
    reserve_fund: bool | None = Field(default=None, description="Only those with, or expressly without")


class RdGrowthListQuery(RdGrowthQuery):
    """The same, page by page."""

    limit: int = Field(default=paging.DEFAULT_LIMIT, ge=1, le=paging.MAX_LIMIT)
    cursor: str | None = Field(default=None, max_length=1000)


class RdGrowthExportQuery(RdGrowthQuery):
    """The same, as a file."""

    format: Literal["csv", "xlsx", "ndjson"] = "csv"


@router.get(
    "", operation_id="list_rd_growth", summary="研发投入倍增企业 Enterprises that doubled R&D input",
    response_model=RdGrowth,
)  # fmt: skip
@operation(Operation("rd-growth:read"))
async def list_growth(query: Annotated[RdGrowthListQuery, Query()], unit: Read, request: Request) -> Response:
    """List whose accepted R&D input reached the factor of the city's pack against a base year, verified filings alone.

    422 `base_year_needed` where the pack leaves it open, `years_order`, `outcome_unknown`, `list_unknown`.
    """
    shelf = library(unit)
    asked = _asked(unit, shelf, query)
    binding = paging.binding_of(query.model_dump(exclude={"cursor", "limit"}), asked.year)
    after = "" if query.cursor is None else str(paging.decode(query.cursor, binding, _ORDER).value)  # type: ignore[arg-type]  # a column of no table
    rows = await growth.page(unit, shelf, asked, after=after, limit=query.limit + 1)
    more = len(rows) > query.limit
    following = paging.Cursor(rows[query.limit - 1].uscc, "").encode(binding) if more else None
    shown = RdGrowth(
        city=asked.city, list=asked.growth.code, fact=asked.growth.fact, factor=asked.factor,
        base_year=asked.base_year, year=asked.year,
        product_default=asked.growth.source.value == "product_default", clause=asked.growth.clause,
        counts=await _counts(unit, shelf, asked) if query.cursor is None else None,
        items=[item_of(each, asked) for each in rows[: query.limit]], next_cursor=following,
    )  # fmt: skip
    headers = {}
    if following:
        url = request.url.include_query_params(cursor=following)
        headers["link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Response(shown.model_dump_json(), media_type="application/json", headers=headers)


@router.get(
    "/export", operation_id="export_rd_growth", summary="导出研发投入倍增企业 Export", response_class=Response
)
@operation(Operation("rd-growth:read"))
async def export(query: Annotated[RdGrowthExportQuery, Query()], unit: Read, request: Request) -> Response:
    """The whole list as a file, with the list's filters and sight; the act is audited."""
    shelf = library(unit)
    asked = _asked(unit, shelf, query)
    language = negotiate(request.headers.get("accept-language"))
    return await exporting.answer(unit, shelf, asked, query.format, language)


def _asked(unit: ReadUnit, shelf: Library, query: RdGrowthQuery) -> Asked:
    city = query.city or next((each for each in unit.actor.areas if shelf.city_pack(each, unit.today)), None)
    pack = shelf.require_city_pack(city, unit.today)
    found = _list(shelf, pack, query.list)
    base_year = query.base_year or found.base_year
    if base_year is None:
        raise invalid(
            "/base_year", "base_year_needed", "政策未规定基期年份，请指明。",
            "The policy names no base year; state one.",
        )  # fmt: skip
    year = query.year or unit.today.year - 1
    if year <= base_year:
        raise invalid("/year", "years_order", "年份应晚于基期年份。", "The year lies after the base year.")
    outcomes = () if query.outcome == "all" else tuple(each.strip() for each in query.outcome.split(","))
    if set(outcomes) - set(get_args(Outcome)):
        raise invalid("/outcome", "outcome_unknown", "没有这种结果。", "There is no such outcome.")
    return Asked(
        found, found.factor, base_year, year, city or "", outcomes, query.division, query.zone,  # type: ignore[arg-type]  # checked above
        query.organisation, query.reserve_fund,
    )  # fmt: skip


def _list(shelf: Library, pack: Pack, code: str | None) -> GrowthList:
    """The list of this code, or the first that the city's pack sees, its own before the product's."""
    for each in shelf.packs.visible(pack).packs:
        for found in each.scoring.growth:
            if code in (None, found.code):
                return found
    raise invalid("/list", "list_unknown", "政策包没有这个倍增名单。", "The pack has no such list.")


async def _counts(unit: ReadUnit, shelf: Library, asked: Asked) -> RdGrowthCounts:
    found, flagged = await growth.counts(unit, shelf, asked)
    return RdGrowthCounts(
        **{each: found.get(each, 0) for each in get_args(Outcome)}, grown_with_reserve_fund=flagged
    )
