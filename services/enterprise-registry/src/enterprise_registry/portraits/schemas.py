"""Portraits on the wire. Scores, percentiles and coverage are numbers of 0 to 100 with two places."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import Input, Output, RecordOut, Reference

EXAMPLE: dict[str, Any] = {"organisation": "91440703MATE000L4P", "as_of": "2024-12-31"}


class PortraitCreate(Input):
    """Whose portrait, at the end of which day, by which model."""

    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    as_of: date | None = Field(default=None, description="The end of this day; today when left out")
    model: str | None = Field(
        default=None,
        max_length=64,
        description="Id of a published model; the one in force on the day when left out",
    )


class PortraitRun(Input):
    """A whole city's portraits."""

    city: str | None = Field(default=None, max_length=80, description="Area id; the first of the caller's")
    as_of: date | None = Field(default=None, description="The end of this day; today when left out")
    model: str | None = Field(default=None, max_length=64, description="Id of a published model")


class PortraitUnknown(Output):
    """A fact that nobody has filed or verified."""

    fact: str
    year: int | None


class PortraitSource(Output):
    """The record that a value was read from."""

    kind: Literal["filing", "organisation", "recognition", "register_record", "event"]
    id: str
    number: str | None
    label: str


class PortraitMeasure(Output):
    """One way to the indicator's score; the best counts."""

    source: Literal["fact", "holds", "register", "register_group", "event"]
    what: str = Field(description="Fact, node, register, group or event")
    value: Any = Field(description="As on the wire of its unit; null when unknown")
    unit: str
    score: float | None = Field(description="Null when unknown or when peers decide")
    unknown: list[PortraitUnknown]
    sources: list[PortraitSource]


class PortraitIndicator(Output):
    """A line of a dimension."""

    code: str
    name_zh: str
    name_en: str
    weight: float
    score: float | None = Field(description="Null when unknown; never zero for that")
    state: Literal["scored", "unknown", "too_few_peers"]
    unknown: list[PortraitUnknown]
    measures: list[PortraitMeasure]


class PortraitDimension(Output):
    """An axis of the portrait."""

    code: str
    name_zh: str
    name_en: str
    weight: float
    score: float | None = Field(description="Weighted mean of what is known")
    low: float = Field(description="With everything unknown taken as 0")
    high: float = Field(description="With everything unknown taken as 100")
    coverage: float = Field(description="Percent of the weight that is known")
    percentile: float | None = Field(description="Percent of the peers that lie below, ties half")
    median: float | None = Field(description="Of the peers; only with at least five")
    indicators: list[PortraitIndicator]


class PortraitPeerGroup(Output):
    """Who was compared with: an aggregate of at least five others, never one of them."""

    basis: Literal["industry_scale", "industry", "scale", "city", "none"]
    industry: str | None = Field(description="Division of GB/T 4754")
    scale: str | None
    peers: int


class PortraitAxisChange(Output):
    """How one axis moved."""

    code: str
    change: float | None


class PortraitChange(Output):
    """What moved since the portrait before; null where models differ or a score is unknown."""

    since: Reference
    as_of: date
    same_model: bool
    total: float | None
    dimensions: list[PortraitAxisChange]


class PortraitSpiderAxis(Output):
    """One axis of the spider chart (雷达图)."""

    code: str
    name_zh: str
    name_en: str
    score: float | None
    median: float | None


class PortraitOut(RecordOut):
    """A portrait as known at the end of `as_of`."""

    as_of: date
    model: str = Field(description="The model that made it; later models change nothing here")
    model_code: str
    edition: int
    total: float | None
    low: float
    high: float
    coverage: float
    percentile: float | None
    median: float | None
    peer_group: PortraitPeerGroup
    dimensions: list[PortraitDimension]
    spider: list[PortraitSpiderAxis]
    change: PortraitChange | None
    digest: str = Field(description="SHA-256 over all that went in: equal digests, equal portraits")


class PortraitTrendPoint(Output):
    """One portrait of the series."""

    id: str
    as_of: date
    model: str
    edition: int
    comparable: bool = Field(description="Made by the same model as the portrait asked for")
    total: float | None
    percentile: float | None
    dimensions: Mapping[str, float | None]


class PortraitTrend(Output):
    """The series of an enterprise's portraits, the earliest first; at most the last forty."""

    organisation: str
    items: list[PortraitTrendPoint]
