"""commissioner-programmes.yaml and talent-programmes.yaml."""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import AreaId, Code, Item, Level, Strict, Text
from kechuang_packs.models.conditions import Condition

TargetKind = Literal[
    "enterprise", "organisation", "township", "village", "chain", "cluster", "need", "expert"
]
ServerKind = Literal["person", "team", "organisation"]


class ProgrammeTarget(Strict):
    """A number the document gives; the indicator that counts it decides whether it is met."""

    counts: Code = Field(
        description="what is counted: commissioners, teams, problems_solved, doctors, person_times …"
    )
    value: int
    value_max: int | None = None
    comparator: str = "count"
    by: dt.date | None = None
    nominal: bool = Field(default=False, description="the number comes from the action's name only")
    indicator: Code | None = None


class Cardinality(Strict):
    """Limits on what is active at once; none where the document gives none."""

    targets_per_server: int | None = Field(default=None, ge=1)
    servers_per_target: int | None = Field(default=None, ge=1)
    one_to_one: bool = False
    min_targets_per_server: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.one_to_one and (
            self.targets_per_server not in (None, 1) or self.servers_per_target not in (None, 1)
        ):
            raise ValueError("one_to_one allows one on either side")
        return self


class ServiceMinimum(Strict):
    """The least service; any one of the stated measures is enough unless `all` is set."""

    days_per_year: int | None = None
    visits_per_year: int | None = None
    hours_per_visit: int | None = None
    days_in_term: int | None = None
    all: bool = False
    log_within_days: int | None = Field(
        default=None, description="a service record is logged within so many days"
    )


class Grade(Strict):
    """A grade of the performance review with the greatest share that may have it."""

    code: Code
    name: Text
    quota_percent: int | None = Field(default=None, ge=1, le=100)
    removes: bool = Field(default=False, description="this grade ends the enrolment")


class ReviewRule(Strict):
    """Performance review, exit and re-entry."""

    rhythm: Literal["yearly", "at_end", "yearly_and_at_end"]
    grades: tuple[Grade, ...] = ()
    cooling_months: int | None = Field(default=None, description="before re-entry after removal")
    warned_lasts_months: int | None = None
    exit_causes: tuple[Text, ...] = ()


class TeamRule(Strict):
    """What a team (特派团) must be."""

    size_min: int | None = None
    size_max: int | None = None
    leader_required: bool = True
    spread: tuple[Literal["discipline", "department", "region"], ...] = ()
    support_dimensions: tuple[Text, ...] = ()


class EntryRule(Strict):
    """Who may be enrolled; every part that is given must hold."""

    education_any: tuple[Literal["bachelor", "master", "doctor"], ...] = ()
    title_any: tuple[Literal["intermediate", "associate_senior", "senior"], ...] = ()
    education_or_title: bool = Field(default=False, description="one of the two is enough")
    max_age: int | None = None
    excluded: tuple[Text, ...] = Field(default=(), description="who may not, in words")
    source_institutions: tuple[Text, ...] = ()
    from_region: Literal["city", "province", "country", "any"] = "any"


class CommissionerProgramme(Item):
    """A way of sending people or teams (科技特派员计划)."""

    kind: Literal["rural", "industry", "mixed", "service", "institution", "talent_plan"]
    levels: tuple[Level, ...] = ()
    serves: tuple[Text, ...] = ()
    servers: tuple[ServerKind, ...] = ("person",)
    targets: tuple[TargetKind, ...] = ("enterprise",)
    hosts: tuple[Text, ...] = Field(default=(), description="which organisations may host, in words")
    host_condition: Condition | None = None
    placement_levels: tuple[Level, ...] = ()
    cardinality: Cardinality = Cardinality()
    term_months: int | None = Field(default=None, ge=1, le=120)
    renewable: bool = True
    service_minimum: ServiceMinimum = ServiceMinimum()
    entry: EntryRule = EntryRule()
    team: TeamRule | None = None
    roles: tuple[Item, ...] = Field(default=(), description="科技专员, 科技专班 …")
    engagement: tuple[Text, ...] = Field(default=(), description="柔性引进, 双聘 …")
    acceptances: tuple[Literal["server", "sending_unit", "host", "target", "county"], ...] = (
        "server",
        "host",
    )
    agreement_required: bool = True
    public_notice: Code | None = Field(default=None, description="notice period in periods.yaml")
    review: ReviewRule | None = None
    unit_of_count: Literal["person", "person_time", "team", "pair", "organisation"] = "person"
    counts: tuple[ProgrammeTarget, ...] = ()
    pairing: Text | None = None
    rhythm: Literal["yearly", "once", "continuous"] | None = None
    shifts: tuple[Text, ...] = Field(default=(), description="单兵→组团 …")
    linked_projects: tuple[Item, ...] = ()
    talent_programme: Code | None = None
    basis: Text | None = Field(default=None, description="what the sending starts from (townships' needs)")


class Training(Item):
    """Training held by commissioners or departments."""

    audience: tuple[Text, ...] = ()
    kind: Code | None = None


class CommissionerFile(Strict):
    """commissioner-programmes.yaml"""

    programmes: tuple[CommissionerProgramme, ...] = ()
    rules: tuple[Item, ...] = Field(default=(), description="登记制, 一人一档 … as statements with clause")
    trainings: tuple[Training, ...] = ()


class TalentRung(Item):
    """A rung of the talent ladder."""

    order: int


class TalentProgramme(Item):
    """A programme, database, card or event line for talents."""

    kind: Literal[
        "programme", "ladder", "database", "intake", "training", "team", "card", "event", "roadmap", "enclave",
        "permit", "policy", "contest", "engagement", "evaluation",
    ]  # fmt: skip
    level: Level | None = None
    counts: tuple[ProgrammeTarget, ...] = ()
    rungs: tuple[TalentRung, ...] = ()
    modes: tuple[Text, ...] = ()
    parts: tuple[Item, ...] = Field(default=(), description="named sub-projects, events, places")
    basis: tuple[Text, ...] = Field(default=(), description="创新价值, 能力, 贡献")
    entitlements: tuple[Text, ...] = ()
    places: tuple[AreaId | Text, ...] = ()
    decided_by: Literal["city", "county", "province", "ministry", "other"] = "city"
    apply_condition: Condition | None = None
    form: Code | None = None
    classes: tuple[Item, ...] = Field(default=(), description="classes of talent evaluated apart (分类评价)")
    representative_works: int | None = Field(default=None, description="greatest number of works (代表作)")


class TalentFile(Strict):
    """talent-programmes.yaml"""

    programmes: tuple[TalentProgramme, ...] = ()
