"""The programmes in force, as the packs state them: data, no records."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from kechuang.errors import NotFound
from kechuang.http.route import KitRoute, Operation, Read, operation
from kechuang.http.schemas import Output
from kechuang.text import Text
from project_bidding import packs


class ProgrammeOut(Output):
    """A programme as one version of a city's pack states it; `id` is `<pack>.<code>`."""

    id: str
    pack: str
    city: str | None
    code: str
    name: dict[str, str]
    modes: list[str]
    co_sign: list[dict[str, str]]
    rules: dict[str, Any]


class ProgrammeList(Output):
    """All programmes in force on the day."""

    items: list[ProgrammeOut]


def _out(each: packs.Programme) -> ProgrammeOut:
    stated = each.rules.model_dump(mode="json", exclude_none=True)
    return ProgrammeOut(
        id=f"{each.pack.id}.{each.code}",
        pack=each.made_under,
        city=each.pack.header.area,
        code=each.code,
        name={"zh": stated["name"]["zh"], "en": stated["name"]["en"]},
        modes=[way.mode for way in each.rules.procedures],
        co_sign=[{"zh": one.zh, "en": one.en} for one in each.rules.co_sign],
        rules=stated,
    )


router = APIRouter(prefix="/programmes", tags=["攻关计划 Programmes"], route_class=KitRoute)


@router.get("", operation_id="list_programmes", summary="攻关计划列表 List")
@operation(Operation("programmes:read"))
async def list_programmes(
    unit: Read,
    city: Annotated[str | None, Query(max_length=80, description="Area id of a city")] = None,
    as_of: Annotated[date | None, Query(description="The day they are in force on; today")] = None,
) -> ProgrammeList:
    """List the programmes of the packs in force on a day."""
    found = [_out(each) for each in packs.programmes(unit, as_of)]
    return ProgrammeList(items=[each for each in found if city is None or each.city == city])


@router.get("/{programme_id}", operation_id="get_programme", summary="读取攻关计划 Read")
@operation(Operation("programmes:read"))
async def get_programme(unit: Read, programme_id: Annotated[str, Path(max_length=200)]) -> ProgrammeOut:
    """Read one programme in force today."""
    for each in packs.programmes(unit):
        if f"{each.pack.id}.{each.code}" == programme_id:
            return _out(each)
    raise NotFound(Text("未找到该计划。", "There is no such programme in force."))
