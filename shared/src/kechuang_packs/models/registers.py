"""registers.yaml and alliances.yaml: kinds of dated records, goals about them, alliances."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import Code, FactKey, Item, Level, NodeRef, Strict, Text

Presence = Literal["required", "optional", "none"]
Role = Literal[
    "enterprise_clerk", "enterprise_signatory", "sending_unit", "carrier", "township_officer", "county_officer",
    "zone_officer", "city_officer", "city_approver", "department_officer", "integration",
]  # fmt: skip


class RegisterEvidence(Strict):
    """A document that is demanded before a record is confirmed."""

    code: Code
    name: Text


class RegisterKind(Item):
    """A kind of the register mechanism: platforms, carriers, tenants, products, patents, awards, trainings …

    `group` is the register that the kind belongs to.
    """

    group: Literal[
        "platform", "carrier", "tenant", "product", "technology", "patent", "award", "training", "event", "enclave",
        "pool", "finance", "demonstration", "institution", "head", "cooperation", "list", "other",
    ]  # fmt: skip
    service: Literal["enterprise-registry", "commissioner-matching", "project-bidding"] = Field(
        default="enterprise-registry", description="the service that keeps the records"
    )
    levels: tuple[Level, ...] = Field(default=(), description="empty: the document gives no level")
    host_kinds: tuple[str, ...] = Field(
        default=(), description="kinds of organisations that may host one; empty: any"
    )
    hosted: Presence = Field(default="optional", description="whether a record names an organisation")
    chained: Presence = Field(default="optional", description="whether a record names an industry chain")
    fields: dict[str, Any] = Field(
        default_factory=dict,
        description="JSON Schema (2020-12) of `fields`; `x-dimension: true` marks what counts may be split by",
    )
    validity_years: int | None = Field(default=None, ge=1)
    one_day: bool = Field(default=False, description="an event: ends on the day it happens")
    parent: Code | None = Field(default=None, description="the kind this is a part of (tenant of a carrier)")
    natural_key: tuple[str, ...] = Field(
        default=("organisation", "title"),
        description="what makes a record the same one: organisation, title, parent, level, chain, valid_from, fields.<name>",
    )
    evidence: tuple[RegisterEvidence, ...] = ()
    reported_by: tuple[Role, ...] = Field(default=(), description="empty: all that the permission table lets")
    confirmed_by: tuple[Role, ...] = Field(
        default=(), description="empty: all that the permission table lets"
    )
    counts_with_report: bool = Field(default=False, description="needs no confirmation")
    counts_when: tuple[str, ...] = Field(
        default=(), description="boolean fields that all must be true to count"
    )
    counts_apart: str | None = Field(default=None, description="boolean field; true counts apart")
    public: bool = Field(default=False, description="confirmed records are readable without a token")


class PlatformGoal(Item):
    """What the document says of a kind of platform: how many, which ones by name."""

    register_kind: Code
    level: Level | None = Field(default=None, description="this level or higher")
    count: int | None = None
    count_max: int | None = None
    count_new: int | None = None
    per: Literal["stock", "year", "plan"] = Field(
        default="stock",
        description="what `count` is: held on the day, added in the year, added since the plan began",
    )
    existing: int | None = None
    stretch: int | None = None
    named: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    tests: tuple[Text, ...] = Field(default=(), description="有人员, 有场所 …")
    indicator: Code | None = None


class CoveragePopulation(Strict):
    """Who belongs to a population: enterprises of some size classes, with a registered flag, on a list, of a rung."""

    scales: tuple[Literal["large", "medium", "small", "micro"], ...] = ()
    fact: FactKey | None = Field(default=None, description="a flag of registration that is true")
    listed_in: Code | None = Field(default=None, description="a register kind: the list that the city keeps")
    holds: NodeRef | None = Field(default=None, description="a rung that the enterprise holds on the day")

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.scales or self.fact or self.listed_in or self.holds):
            raise ValueError("a population names scales, a fact, a list or a rung")
        return self


class CoverageRule(Item):
    """A rule that every member of a population has something (骨干企业有研发中心).

    Covered is who holds a counted record of one of the kinds, or is served by a dispatch of a programme.
    """

    population: CoveragePopulation
    must_have: Text
    register_kinds: tuple[Code, ...] = ()
    programmes: tuple[Code, ...] = Field(
        default=(), description="commissioner programmes whose dispatch covers"
    )
    indicator: Code | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.register_kinds or self.programmes):
            raise ValueError("a coverage rule names register_kinds or programmes")
        return self


class RegistersFile(Strict):
    """registers.yaml"""

    kinds: tuple[RegisterKind, ...] = ()
    platform_goals: tuple[PlatformGoal, ...] = ()
    other_goals: tuple[PlatformGoal, ...] = Field(default=(), description="of events, trainings, enclaves …")
    coverage_rules: tuple[CoverageRule, ...] = ()


class AllianceLead(Strict):
    """Who may lead: kinds of organisations, size classes, rungs or registers that the lead must be in."""

    organisation_kinds: tuple[str, ...] = ()
    listed_in: tuple[Code, ...] = Field(
        default=(), description="any of these register kinds, held on the day"
    )
    holds: tuple[NodeRef, ...] = Field(default=(), description="any of these rungs, held on the day")


class AllianceKind(Item):
    """An alliance or consortium (创新联盟, 创新联合体)."""

    kind: Literal["alliance", "consortium", "centre", "cluster", "association"]
    level: Level | None = None
    count: int | None = None
    one_per: Literal["chain_or_cluster", "chain", "cluster"] | None = None
    may_be_led_by: tuple[Text, ...] = Field(default=(), description="as the document words it")
    lead: AllianceLead | None = Field(
        default=None, description="what of it can be checked; none: any organisation"
    )
    members: tuple[Text, ...] = ()
    member_roles: tuple[Item, ...] = Field(default=(), description="empty: member alone")
    members_min: int | None = Field(
        default=None, ge=1, description="members without the lead, to be approved"
    )
    goal: Text | None = None
    pattern: str | None = None
    city_role: Text | None = None
    indicator: Code | None = None


class AlliancesFile(Strict):
    """alliances.yaml"""

    alliances: tuple[AllianceKind, ...] = ()
