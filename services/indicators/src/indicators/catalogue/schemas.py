"""The catalogue on the wire."""

from datetime import date
from typing import Any

from pydantic import Field

from indicators.catalogue.domain import Indicator
from kechuang.http.schemas import Output, Page
from kechuang_packs.models.indicators import Target


class IndicatorOut(Output):
    """An indicator as its pack states it; `id` is its key `<pack>.<code>`."""

    id: str
    pack: str
    state: str = Field(description="draft (not yet in force), in_force, retired")
    code: str
    name_zh: str
    name_en: str
    family: str
    unit: str
    unit_zh: str
    measure: str
    direction: str
    frequency: str
    scope_zh: str | None
    scope_en: str | None
    source: str = Field(description="events, reported or formula")
    feed: dict[str, Any]
    clause: list[str]
    reading: str | None
    targets: list[str] = Field(description="Ids of its targets")


class IndicatorPage(Page[IndicatorOut]):
    """Indicators, by key."""


class TargetOut(Output):
    """A target as its pack states it."""

    id: str
    indicator: str
    area: str
    comparator: str
    value: str | None
    value_max: str | None
    stretch: str | None
    baseline: str | None
    deadline: date | None
    force: str
    commitment: str
    clause: list[str]
    reading: str | None


class TargetPage(Page[TargetOut]):
    """Targets, by id."""


def show_indicator(each: Indicator, today: date) -> IndicatorOut:
    """Show an indicator."""
    header, definition = each.pack.header, each.definition
    state = "draft" if today < header.in_force_from else "in_force"
    if header.in_force_to is not None and header.in_force_to < today:
        state = "retired"
    source = "events" if each.counted is not None else "formula" if each.formula is not None else "reported"
    return IndicatorOut(
        id=each.key, pack=f"{each.pack.id}@{each.pack.version}", state=state, code=definition.code,
        name_zh=definition.name.zh, name_en=definition.name.en or definition.name.zh,
        family=definition.family, unit=definition.unit, unit_zh=definition.unit_zh,
        measure=definition.measure, direction=definition.direction, frequency=definition.frequency,
        scope_zh=definition.scope.zh if definition.scope else None,
        scope_en=definition.scope.en if definition.scope else None,
        source=source, feed=definition.feed.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        clause=list(definition.clause), reading=definition.reading,
        targets=[target_id(each, one) for one in each.targets],
    )  # fmt: skip


def target_id(indicator: Indicator, target: Target) -> str:
    """Give a target's address: `<pack>.<code of the target>`."""
    return f"{indicator.pack.id}.{target.code}"


def show_target(indicator: Indicator, each: Target) -> TargetOut:
    """Show a target."""
    numbers = {
        name: None if getattr(each, name) is None else str(getattr(each, name))
        for name in ("value", "value_max", "stretch", "baseline")
    }
    return TargetOut(
        id=target_id(indicator, each), indicator=indicator.key, area=each.area or indicator.city,
        comparator=each.comparator.value, **numbers, deadline=each.deadline, force=each.force,
        commitment=each.commitment.value, clause=list(each.clause), reading=each.reading,
    )  # fmt: skip
