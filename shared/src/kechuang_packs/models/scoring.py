"""scoring.yaml: scoring models (评分模型), point rules (积分规则), growth lists (研发投入倍增)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import Code, FactKey, Item, Literal_, NodeRef, Strict, Text
from kechuang_packs.models.conditions import Bounds, ScoreSpec

HeardEvent = Literal["need_resolved", "project_awarded", "contract_signed"]
"""What other services tell of an organisation: its need was resolved and it confirmed that; a call was awarded to
it; it signed a task book or an agreement."""

RegisterGroup = Literal[
    "platform", "carrier", "tenant", "product", "technology", "patent", "award", "training", "event", "enclave",
    "pool", "finance", "demonstration", "institution", "other",
]  # fmt: skip


class ScoringModelBand(Bounds):
    """The score while the measure lies in this interval; the first that matches wins, none is 0."""

    score: Literal_ = Field(description="0 to 100")


class ScoringModelLine(Strict):
    """A straight line: 0 at `zero_at`, 100 at `full_at`, held at both ends. It falls where `full_at` is lower."""

    zero_at: Literal_
    full_at: Literal_


class ScoringModelMeasure(Strict):
    """One way to earn an indicator's score: something held or filed, and how it becomes 0 to 100.

    Exactly one source: `fact` (verified filings and registration facts), `holds` (a recognition on the day: 100,
    else 0), `register` or `register_group` (confirmed records on the day, counted), `event` (counted over
    `within_months` before the day). A number takes exactly one of `bands`, `line`, `percentile`.
    """

    fact: FactKey | None = None
    years_ago: int = Field(default=1, ge=0, le=10, description="1: the last full year; for yearly facts")
    holds: tuple[NodeRef, ...] = ()
    register_: Code | None = Field(default=None, alias="register")
    register_group: RegisterGroup | None = None
    event: HeardEvent | None = None
    within_months: int = Field(default=36, ge=1, le=120)
    bands: tuple[ScoringModelBand, ...] = ()
    line: ScoringModelLine | None = None
    percentile: bool = Field(default=False, description="the share of the peers that lie below, ties half")

    @model_validator(mode="after")
    def _one_source_one_way(self) -> Self:
        sources = (self.fact, self.holds or None, self.register_, self.register_group, self.event)
        if sum(each is not None for each in sources) != 1:
            raise ValueError("a measure has one of: fact, holds, register, register_group, event")
        ways = bool(self.bands) + (self.line is not None) + self.percentile
        if ways != (0 if self.holds else 1):
            raise ValueError("a number takes one of bands, line, percentile; `holds` takes none")
        return self


class ScoringModelIndicator(Strict):
    """A line of a dimension. Of several measures the best one counts."""

    code: Code
    name: Text
    weight: Literal_ = Field(description="its part of the dimension's weight")
    measures: tuple[ScoringModelMeasure, ...] = Field(min_length=1, max_length=10)


class ScoringModelDimension(Strict):
    """An axis of the portrait. Its indicators' weights sum to its own, the dimensions' weights to 100."""

    code: Code
    name: Text
    weight: Literal_
    indicators: tuple[ScoringModelIndicator, ...] = Field(min_length=1, max_length=40)


class Weight(Strict):
    """A dimension of a scoring model that people judge."""

    code: Code
    name: Text
    weight: Literal_


class ScoringModel(Item):
    """A scoring model: portrait, selection, talent evaluation, bid review or assessment of units.

    `weights` where people judge, `score` where a pass is computed, `dimensions` where a portrait is.
    """

    purpose: Literal["portrait", "selection", "review", "talent", "assessment", "points"]
    version: str
    weights: tuple[Weight, ...] = Field(default=(), description="dimensions of a judged model; sum 100")
    score: ScoreSpec | None = Field(default=None, description="a model computed from facts")
    dimensions: tuple[ScoringModelDimension, ...] = Field(default=(), description="of a portrait; sum 100")


class PointBand(Bounds):
    """The points while the fact lies in this interval; the first that matches wins, none is no entry."""

    points: Literal_


class PointRule(Item):
    """企业创新积分: what earns how many points, once for each source.

    Exactly one of: `holds` (a recognition decided), `register` (a record confirmed), `event` (heard from another
    service), `fact` with `bands` (a verified year), `manual` (an officer, with evidence; at most `points`).
    """

    holds: tuple[NodeRef, ...] = ()
    first_time: bool = Field(default=False, description="only when the kind was never held before")
    register_: Code | None = Field(default=None, alias="register")
    event: HeardEvent | None = None
    fact: FactKey | None = None
    bands: tuple[PointBand, ...] = ()
    manual: bool = False
    points: Literal_ | None = Field(default=None, description="all but a fact's rule; above 0")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = (self.holds or None, self.register_, self.event, self.fact, self.manual or None)
        if sum(each is not None for each in sources) != 1:
            raise ValueError("a point rule has one of: holds, register, event, fact, manual")
        if bool(self.bands) != (self.fact is not None) or (self.points is None) != (self.fact is not None):
            raise ValueError("a fact's rule has bands, any other has points")
        if self.first_time and not self.holds:
            raise ValueError("first_time is said of recognitions")
        return self


class GrowthList(Item):
    """A list of those whose filed amount grew to `factor` times that of the base year (研发投入倍增)."""

    fact: FactKey = Field(description="a filed amount by year")
    factor: int = Field(default=2, ge=2, le=100)
    base_year: int | None = Field(default=None, description="None: the document leaves it open")
    flag: FactKey | None = Field(default=None, description="a filed flag by year that is shown beside it")


class ScoringFile(Strict):
    """scoring.yaml"""

    models: tuple[ScoringModel, ...] = ()
    points: tuple[PointRule, ...] = ()
    growth: tuple[GrowthList, ...] = ()
