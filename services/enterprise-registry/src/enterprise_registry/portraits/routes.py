"""The HTTP edge of portraits."""

from enterprise_registry.portraits import run, use_cases
from enterprise_registry.portraits.domain import Portrait
from enterprise_registry.portraits.schemas import (
    EXAMPLE,
    PortraitCreate,
    PortraitOut,
    PortraitRun,
    PortraitTrend,
)
from enterprise_registry.portraits.store import portraits
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.http.jobs import JobOut, read_job
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write

_AXIS = ("code", "name_zh", "name_en", "score", "median")


def _show(found: Portrait, _: ReadUnit | UnitOfWork) -> PortraitOut:
    fields = {name: getattr(found, name) for name in PortraitOut.model_fields if name != "spider"}
    spider = [{name: each[name] for name in _AXIS} for each in found.dimensions]
    return PortraitOut.model_validate(fields | {"spider": spider})


router = ResourceRouter(portraits, PortraitOut, show=_show)


@router.create(example=EXAMPLE)
async def create(body: PortraitCreate, uow: Write) -> Portrait:
    """Make an enterprise's portrait at the end of a day. The same data give the same portrait, and no second one.

    422 `model_missing` until the city has published a model, `day_to_come`, `organisation_unknown`.
    """
    return await use_cases.make(uow, body)


@router.verb("rebuild")
async def rebuild(record_id: RecordId, uow: Write) -> Portrait:
    """Make it anew by its own model from what was known on its day; nothing changes when the data are the same."""
    return await use_cases.rebuild(uow, record_id)


@router.other(
    "POST", "/runs", action="run", operation_id="run_portraits", summary="批量生成画像 Portraits of a city",
    status=202, needs_key=True, response_model=JobOut, example={"city": "440700", "as_of": "2024-12-31"},
)  # fmt: skip
async def start_run(body: PortraitRun, uow: Write) -> JobOut:
    """Make the portraits of all active enterprises of a city; answers a job.

    It reads everybody first; its result names `next_job`, which compares and stores. 422 as for one portrait.
    """
    return await read_job(uow, await run.start(uow, body))


@router.other(
    "GET", "/{record_id}/trend", action="read", operation_id="get_portrait_trend",
    summary="画像趋势 Trend", response_model=PortraitTrend,
)  # fmt: skip
async def trend(record_id: RecordId, unit: Read) -> PortraitTrend:
    """The enterprise's portraits up to this one, for a line chart; 404 outside the caller's sight."""
    return await use_cases.trend(unit, record_id)
