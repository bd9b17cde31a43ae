"""Organisations on the wire."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.personal import Masked, Secret

Kind = Literal[
    "enterprise", "university", "research_institute", "new_rd_institution", "hospital",
    "public_institution", "government", "social_organisation", "cooperative", "financial_institution", "village", "other",
]  # fmt: skip
Scale = Literal["large", "medium", "small", "micro"]

EXAMPLE = {
    "uscc": "91440703MATE000L4P",
    "name": "江门示例精密制造有限公司",
    "kind": "enterprise",
    "division": "440703",
    "industry": "C34",
    "chains": [],
    "established_on": "2016-05-18",
    "facts": {"resident_mainland": True, "industry_size_group": "industry"},
    "legal_representative": "陈示例",
}


class _Described(Input):
    kind: Kind = Field(description="单位类型")
    industry: Line | None = Field(default=None, description="GB/T 4754 section or division", examples=["C34"])
    scale: Scale | None = Field(
        default=None, description="规模; computed from verified filings when it can be, else as given"
    )
    chains: list[Line] = Field(default_factory=list, max_length=20, description="Chain codes of the pack")
    affiliates: list[Uscc] = Field(
        default_factory=list, max_length=200, description="关联单位: credit codes of affiliates"
    )
    address: Line | None = None
    established_on: date | None = Field(default=None, description="成立日期")
    facts: dict[str, Any] = Field(
        default_factory=dict,
        description="Facts of the pack with one value (not one a year), by key; verified with the organisation",
    )
    legal_representative: Secret | None = Field(default=None, description="法定代表人; sealed, shown masked")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class OrganisationCreate(_Described):
    """An organisation registers itself, or is registered by an officer or another system."""

    uscc: Uscc
    name: Line
    division: Line = Field(
        description="Area id of its county, of the city, or `outside`", examples=["440703"]
    )
    city: Line | None = Field(default=None, description="Needed with division `outside`", examples=["440700"])
    zones: list[Line] = Field(default_factory=list, max_length=10)


@merge_patch
class OrganisationPatch(_Described):
    """Fields to change (JSON Merge Patch). `facts` are merged by key; null takes one away."""


class OrganisationRename(Input):
    """The new name, as registered."""

    name: Line
    reason: Prose | None = None


class OrganisationRelocate(Input):
    """Where it lies from now on."""

    division: Line
    city: Line | None = None
    zones: list[Line] = Field(default_factory=list, max_length=10)
    reason: Prose | None = None


class OrganisationDeregister(Input):
    """Why it ends, and who took it over."""

    merged_into: Uscc | None = Field(default=None, description="吸收合并: the organisation that took it over")
    reason: Prose | None = Field(default=None, description="Kept in history and audit")


class OrganisationReveal(Input):
    """Why the personal fields are to be read; kept in the audit log."""

    reason: Prose


class OrganisationFact(Output):
    """A fact of registration."""

    value: Any
    verified: bool
    on: date = Field(description="Day on which it was stated or verified")


class OrganisationOut(RecordOut):
    """An organisation. Personal fields are masked."""

    uscc: str
    name: str
    former_names: list[str]
    kind: str
    scale: str | None
    scale_source: str | None = Field(description="`given` or `computed` by the national size classes")
    above_scale: bool | None = Field(
        description="规模以上 by the revenue of the latest verified year; null while that does not tell"
    )
    industry: str | None
    chains: list[str]
    affiliates: list[str]
    address: str | None
    established_on: date | None
    facts: dict[str, OrganisationFact]
    legal_representative: Masked | None
    registered_on: date | None
    deregistered_on: date | None
    merged_into: str | None


class OrganisationRevealed(Output):
    """The personal fields in the clear."""

    legal_representative: str | None
