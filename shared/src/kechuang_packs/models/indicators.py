"""indicators.yaml, milestones.yaml and supervision.yaml: what is measured, aimed at, handed down and judged."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from kechuang_packs.models.common import AreaId, Clauses, Code, Item, Provenance, Strict, Text


class TargetComparator(StrEnum):
    """How a value meets a target; the last six have no number and are judged or compared with the past."""

    ge = ">="
    gt = ">"
    bare_count = "count"  # a bare number: met when reached
    range_ = "range"  # between value and value_max; more is no failure
    approx = "approx"  # 左右: warns, never blocks
    growth = "growth>="  # percent against the year before
    increase_pp = "increase_pp>="  # percentage points over the baseline
    rank = "rank<="
    benchmark = "benchmark>="  # against an outside moving value
    floor_and_stretch = "floor_and_stretch"  # 保五争六
    maintain = "maintain"
    rank_improves = "rank_improves"
    breakthrough = "breakthrough"
    increases = "increases"
    full_coverage = "full_coverage"


NUMBERLESS = frozenset(
    {
        TargetComparator.rank_improves,
        TargetComparator.breakthrough,
        TargetComparator.increases,
        TargetComparator.full_coverage,
    }
)

Number = Annotated[Decimal, BeforeValidator(lambda v: str(v) if isinstance(v, int | float) else v)]
"""A decimal number in the indicator's unit, exactly as written."""


class Feed(Strict):
    """What feeds an indicator."""

    fed_by: Literal["enterprise-registry", "commissioner-matching", "project-bidding", "reported", "formula"]
    event: str | None = Field(default=None, description="event type, e.g. registry.recognition.recognised")
    filter: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="field of the event → value(s)"
    )
    quantity: str | None = Field(default=None, description="field summed; none: one event counts one")
    subject: str | None = Field(
        default=None, description="field that makes a count distinct (organisation, person)"
    )
    ends_on: str | None = Field(default=None, description="event type that ends what was counted")
    form: Code | None = Field(default=None, description="return form of a reported value")
    formula: str | None = Field(default=None, description="expression over indicator codes of this pack")
    on_zero: Literal["unknown", "zero"] = "unknown"

    @model_validator(mode="after")
    def _formula_where_due(self) -> Self:
        if (self.fed_by == "formula") != (self.formula is not None):
            raise ValueError("fed_by: formula goes with formula")
        return self


class Indicator(Item):
    """Key on the wire: `<pack id>.<code>`. `family` groups only; nothing is added across packs by it."""

    family: Code
    unit: Code
    unit_zh: str
    measure: Literal[
        "stock", "flow_total", "flow_annual", "cumulative", "ratio", "growth", "rank", "money_flow", "person_times",
        "judged",
    ]  # fmt: skip
    direction: Literal["up", "down", "none"] = "up"
    frequency: Literal["month", "quarter", "half_year", "year", "once", "not_stated"] = "not_stated"
    as_of: Literal["period_end", "day", "period_sum", "plan_sum"] | None = None
    release_days: int | None = Field(
        default=None, ge=0, description="days after the period's end: not_yet_known"
    )
    scope: Text | None = None
    decimals: int = Field(default=0, ge=0, le=6)
    feed: Feed
    population: Code | None = Field(default=None, description="roster or node that is the whole of a ratio")
    wording_zh: str | None = None


class Target(Provenance):
    """What is to be reached by when. An indicator may have several (quarter, year, 2025, 2030)."""

    code: Code
    indicator: Code
    comparator: TargetComparator
    value: Number | None = None
    value_max: Number | None = None
    stretch: Number | None = None
    baseline: Number | None = None
    baseline_on: dt.date | None = None
    deadline: dt.date | None
    force: Literal["guiding", "assessed", "not_stated"] = "not_stated"
    area: AreaId | None = Field(default=None, description="the pack's own area when left out")
    nominal: bool = False
    benchmark: Text | None = Field(default=None, description="where the outside value comes from")

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        if (self.value is None) != (self.comparator in NUMBERLESS):
            raise ValueError(
                f"comparator {self.comparator.value} takes {'no' if self.value is not None else 'a'} value"
            )
        if (self.value_max is not None) != (self.comparator is TargetComparator.range_):
            raise ValueError("value_max goes with range")
        if (self.stretch is not None) != (self.comparator is TargetComparator.floor_and_stretch):
            raise ValueError("stretch goes with floor_and_stretch")
        if self.value_max is not None and self.value is not None and self.value_max < self.value:
            raise ValueError("value_max lies below value")
        return self


class Relation(Strict):
    """How indicators hang together, so that totals never count a part twice."""

    kind: Literal["subset_of", "sum_of", "possible_duplicate_of", "same_as"]
    indicator: Code
    of: tuple[Code, ...] = Field(min_length=1)
    clause: Clauses = ()
    note: str | None = None


class IndicatorsFile(Strict):
    """indicators.yaml"""

    families: tuple[Item, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    targets: tuple[Target, ...] = ()
    relations: tuple[Relation, ...] = ()


class Milestone(Item):
    """Done or not done, proven by a document."""

    type: Literal[
        "system", "organisation", "policy_document", "document", "designation", "platform", "finance", "reform",
        "event", "agreement",
    ]  # fmt: skip
    deadline: dt.date | None
    areas: tuple[AreaId, ...] = ()
    named: tuple[str, ...] = Field(default=(), description="applicants, partners or parts the document names")


class MilestonesFile(Strict):
    """milestones.yaml"""

    milestones: tuple[Milestone, ...] = ()


class Decomposition(Provenance):
    """指标分解: over which axes targets are handed down."""

    axes: tuple[Literal["area", "department", "section", "year", "quarter", "month", "person"], ...] = ()
    unit_kinds: tuple[Text, ...] = ()
    force: Literal["guiding", "assessed", "not_stated"] = "not_stated"
    instruments: tuple[Text, ...] = Field(default=(), description="任务书, 时间表, 路线图, 工作台账")
    each_task_has: tuple[Literal["time", "task", "person"], ...] = ()
    sums: Literal["must_match", "difference_shown"] = "difference_shown"


class Assessment(Item):
    """How results are judged; `scheme` is a scoring model of scoring.yaml."""

    kind: Literal[
        "annual_appraisal", "scheduled_monitoring", "supervision", "third_party", "performance_appraisal"
    ]
    ranking: bool = False
    scheme: Code | None = None


class CoordinationBody(Item):
    """Leading group, joint conference, attached leaders."""

    kind: Literal["leading_group", "joint_conference", "lead_body", "attachment", "consultation", "regional"]
    members: tuple[Text, ...] = ()
    rhythm: str | None = None
    pairing: str | None = None


class Supervision(Strict):
    """supervision.yaml"""

    decomposition: Decomposition | None = Field(default=None, description="none: the document gives no rule")
    bodies: tuple[CoordinationBody, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    monitoring: tuple[Item, ...] = ()
    methods: tuple[Item, ...] = ()
    report_every: Literal["month", "quarter", "half_year", "year", "regular", "not_stated"] = "not_stated"
    targets_every: Literal["quarter", "year", "not_stated"] = "not_stated"
    departments: tuple[Item, ...] = Field(default=(), description="outside the bureau")
    sections: tuple[Item, ...] = Field(default=(), description="inside the bureau")
    project_stages: tuple[Literal["before", "during", "after"], ...] = ()
