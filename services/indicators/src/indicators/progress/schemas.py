"""Progress and provenance on the wire. Numbers are decimal text in the indicator's unit."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field, JsonValue

from indicators.observations.schemas import plain
from kechuang.http.schemas import Output, Page

STATE_LABELS: dict[str, JsonValue] = {
    "met": {"zh": "已达成", "en": "Met"},
    "not_met": {"zh": "未达成", "en": "Not met"},
    "cannot_tell": {"zh": "无法判断", "en": "Cannot tell"},
    "not_yet_known": {"zh": "尚未公布", "en": "Not yet known"},
    "no_target": {"zh": "无目标", "en": "No target"},
}
LIGHT_LABELS: dict[str, JsonValue] = {
    "green": {"zh": "正常", "en": "On track"},
    "yellow": {"zh": "滞后", "en": "Behind"},
    "red": {"zh": "严重滞后", "en": "Far behind"},
    "grey": {"zh": "无法判断", "en": "Cannot tell"},
}
ProgressState = Literal["met", "not_met", "cannot_tell", "not_yet_known", "no_target"]
ProgressLight = Literal["green", "yellow", "red", "grey"]


def number(value: Fraction | None, decimals: int = 6) -> str | None:
    """Write a fraction as decimal text, rounded half up where it does not end."""
    if value is None:
        return None
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return plain(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


class ProgressName(Output):
    """A name in two languages."""

    zh: str
    en: str


class ProgressTarget(Output):
    """One target and how the value stands to it on the day."""

    code: str
    comparator: str
    comparator_label: ProgressName
    value: str | None = Field(description="In the indicator's unit; null where the target has no number")
    value_max: str | None
    stretch: str | None
    baseline: str | None
    deadline: date | None
    force: str
    commitment: str = Field(description="firm, or strive (力争)")
    clause: list[str]
    state: ProgressState = Field(json_schema_extra={"x-labels": STATE_LABELS})
    light: ProgressLight = Field(json_schema_extra={"x-labels": LIGHT_LABELS})
    compared: str | None = Field(description="What was held against the target: the value, or its growth")
    distance: str | None = Field(description="What is missing; negative where there is more than enough")
    stretch_met: bool | None
    missing: list[str] = Field(description="Inputs without which nothing can be told")


class ProgressPart(Output):
    """One division's part of the city's figure."""

    area: str | None = Field(description="Null: what lies in no county")
    value: str


class ProgressItem(Output):
    """One indicator in one area as of a day. `state` and `light` are of the next target that falls due."""

    indicator: str
    name: ProgressName
    family: str
    measure: str
    unit: str
    unit_zh: str
    direction: str
    pack: str
    area: str
    period: str | None
    as_of: date
    value: str | None
    state: ProgressState = Field(json_schema_extra={"x-labels": STATE_LABELS})
    light: ProgressLight = Field(json_schema_extra={"x-labels": LIGHT_LABELS})
    missing: list[str]
    targets: list[ProgressTarget]
    by_division: list[ProgressPart] | None = Field(description="With `by=division`")
    difference: str | None = Field(
        description="City less the sum of its parts; not 0 where one subject counts in several"
    )
    provenance: str = Field(description="Where the facts behind the value are listed")


class ProgressPage(Page[ProgressItem]):
    """Progress, by indicator key."""


class ProvenanceFact(Output):
    """One fact behind a value: an event about a record of another service, or a reported row."""

    kind: str
    service: str
    record: str
    version: int
    event: str = Field(description="Id of the event, the same in the stream, the outbox and the replay")
    day: date
    valid_from: date
    valid_to: date | None
    ended_on: date | None
    ended_by: str | None
    known_at: datetime
    division: str | None
    zones: list[str]
    organisation: str | None
    persons: int = Field(description="How many; who they are their own service tells")
    quantity: str
    fields: Mapping[str, Any] = Field(description="Dimensions of the fact: kind, level, programme …")


class ProvenanceInput(Output):
    """An input of a formula."""

    indicator: str
    value: str | None
    provenance: str


class ProvenanceObservation(Output):
    """The reported row behind a value."""

    observation: str
    period: str
    value: str
    source: str
    known_from: datetime


class ProvenanceOut(Output):
    """What is behind a value: facts, an observation, or the inputs of a formula."""

    indicator: str
    area: str
    period: str | None
    as_of: date
    value: str | None
    how: Literal["facts", "observation", "formula", "none"]
    clause: list[str]
    reading: str | None
    formula: str | None
    facts_counted: int = Field(description="How many facts are behind the value")
    facts_outside_sight: int = Field(description="Of those, how many lie outside the caller's areas")
    inputs: list[ProvenanceInput]
    observations: list[ProvenanceObservation]
    items: list[ProvenanceFact]
    next_cursor: str | None
