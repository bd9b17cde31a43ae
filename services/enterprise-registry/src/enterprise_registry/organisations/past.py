"""An organisation's past: what it was at the end of a day, and what happened to it and its records."""

from datetime import date, datetime
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field

from enterprise_registry.organisations.store import ORGANISATIONS, organisations
from enterprise_registry.organisations.timeline import Happening, timeline
from kechuang.clock import end_of_day
from kechuang.db.tables import history
from kechuang.db.unit import ReadUnit
from kechuang.errors import invalid
from kechuang.http import paging
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read
from kechuang.http.schemas import Output, Page

_NAMES: Final = (
    "name", "former_names", "kind", "scale", "scale_source", "above_scale", "industry", "chains", "city", "division",
    "zones", "merged_into",
)  # fmt: skip
_NONE_OF: Final[dict[str, Any]] = {"former_names": [], "chains": [], "zones": []}


class OrganisationThen(Output):
    """What an organisation was at the end of a day."""

    id: str
    uscc: str
    as_of: date
    state: str
    name: str
    former_names: list[str]
    kind: str
    scale: str | None
    scale_source: str | None
    above_scale: bool | None
    industry: str | None
    chains: list[str]
    city: str | None
    division: str | None
    zones: list[str]
    merged_into: str | None


class TimelineRecord(Output):
    """The record that something happened to."""

    id: str
    number: str
    label: str


class TimelineItem(Output):
    """One step of one record, with labels in both languages."""

    at: datetime
    resource: str
    resource_zh: str
    resource_en: str
    record: TimelineRecord
    verb: str
    verb_zh: str
    verb_en: str
    from_state: str | None
    state: str
    state_zh: str
    state_en: str
    changes: dict[str, Any] = Field(description="Of a rename, a relocation or a new size class; else empty")


async def then(unit: ReadUnit, record_id: str, day: date) -> OrganisationThen:
    """Replay the history up to the end of the day; 422 for a day before the registration."""
    found = await organisations.get(unit, record_id)
    rows = await unit.execute(
        sa.select(history.c.to_state, history.c.changes)
        .where(history.c.resource == ORGANISATIONS.name, history.c.record_id == found.id,
               history.c.at < end_of_day(day))
        .order_by(history.c.version)
    )  # fmt: skip
    values: dict[str, Any] = {}
    for row in rows:
        values |= {name: row.changes[name] for name in _NAMES if name in row.changes} | {
            "state": row.to_state
        }
    if not values:
        raise invalid(
            "#query/as_of",
            "before_registration",
            "该日该单位尚未登记。",
            "It was not registered on that day.",
        )
    blank = dict.fromkeys(_NAMES) | _NONE_OF
    told = blank | values | {"id": found.id, "uscc": found.uscc, "as_of": day}
    return OrganisationThen.model_validate(told)


def _item(each: Happening) -> TimelineItem:
    title = each.resource.title
    return TimelineItem(
        at=each.at, resource=each.resource.name, resource_zh=title.zh, resource_en=title.en,
        record=TimelineRecord(**each.record), verb=each.verb, verb_zh=each.verb_label.zh,
        verb_en=each.verb_label.en, from_state=each.from_state, state=each.state, state_zh=each.state_label.zh,
        state_en=each.state_label.en, changes=dict(each.changes),
    )  # fmt: skip


def add_past_routes(router: ResourceRouter[Any, Any]) -> None:
    """Register `GET /organisations/{id}/standing` and `…/timeline`."""

    @router.other(
        "GET", "/{record_id}/standing", action="read", operation_id="get_organisation_standing",
        summary="某日的登记状态 As of a day", response_model=OrganisationThen,
    )  # fmt: skip
    async def standing(
        record_id: RecordId, unit: Read,
        as_of: Annotated[date | None, Query(description="End of this day in Asia/Shanghai; today when left out")] = None,
    ) -> OrganisationThen:  # fmt: skip
        """Name, place, state, size and industry as they were at the end of a day. 422 `before_registration`."""
        return await then(unit, record_id, as_of or unit.today)

    @router.other(
        "GET", "/{record_id}/timeline", action="read", operation_id="get_organisation_timeline",
        summary="单位大事记 Timeline", response_model=Page[TimelineItem],
    )  # fmt: skip
    async def happened(
        record_id: RecordId, unit: Read,
        limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
        cursor: Annotated[str | None, Query(max_length=1000)] = None,
        resource: Annotated[
            str | None, Query(max_length=1000, description="Names of resources, with commas", examples=["filings"])
        ] = None,
    ) -> Page[TimelineItem]:  # fmt: skip
        """What happened to the organisation and to its filings, applications, recognitions, benefits, cases …

        Newest first, by the order of the changes; each only while the caller may see its record. 422
        `resource_unknown`.
        """
        found = await organisations.get(unit, record_id)
        wanted = [each.strip() for each in (resource or "").split(",") if each.strip()]
        if set(wanted) - {each.name for each in unit.database.service.resources}:
            raise invalid(
                "#query/resource", "resource_unknown", "没有这类记录。", "There is no such resource."
            )
        items, following = await timeline(unit, found, limit=limit, cursor=cursor, resources=wanted)
        return Page[TimelineItem](items=[_item(each) for each in items], next_cursor=following)
