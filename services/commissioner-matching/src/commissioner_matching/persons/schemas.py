"""Persons on the wire: personal fields go in once and come out masked."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from kechuang.http.schemas import Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.personal import PhoneNumber, ResidentId, Secret

Discipline = Annotated[str, Field(pattern=r"^\d{3}(\.\d{2}(\d{2})?)?$")]

EXAMPLE = {
    "name": "王示例",
    "phone": "13900000000",
    "id_number": "440700196601102625",
    "city": "440700",
    "division": "440703",
    "employer": "示范大学材料学院",
    "disciplines": ["430.40"],
    "chains": [],
    "specialty": "轻合金压铸与缺陷控制",
    "achievements": [{"kind": "project", "title": "压铸件气孔缺陷在线检测", "year": 2022}],
}


class PersonAchievement(Input):
    """A work that shows what a person can do (成果)."""

    kind: Literal["paper", "patent", "project", "standard", "award", "service", "other"]
    title: Line
    text: Prose | None = Field(default=None, description="Abstract or summary")
    year: int | None = Field(default=None, ge=1950, le=2100)


class PersonConflict(Input):
    """A tie to an organisation (利益关联) that keeps the person from serving or judging it."""

    organisation: Line = Field(description="统一社会信用代码")
    kind: Line = Field(examples=["shareholding"])
    evidence: Line
    valid_to: date | None = Field(default=None, description="Last day; null while it lasts")


class PersonSource(Input):
    """Where the file comes from: a system and its number there."""

    system: Line
    id: Line


class PersonProfile(Input):
    """What an update may change: everything but identity and place."""

    employer: Line = Field(description="工作单位")
    organisation: str | None = Field(default=None, max_length=18, description="The employer's credit code")
    education: Literal["bachelor", "master", "doctor"] | None = None
    professional_title: Literal["intermediate", "associate_senior", "senior"] | None = None
    disciplines: list[Discipline] = Field(default_factory=list, max_length=20, description="GB/T 13745 codes")
    chains: list[Line] = Field(default_factory=list, max_length=20)
    specialty: Prose | None = Field(default=None, description="专长, in words; matching reads it")
    achievements: list[PersonAchievement] = Field(default_factory=list, max_length=500)
    conflicts: list[PersonConflict] = Field(default_factory=list, max_length=100)
    sources: list[PersonSource] = Field(default_factory=list, max_length=20)


class PersonCreate(PersonProfile):
    """A new file. The identity number decides whether there is one already."""

    name: Secret
    phone: PhoneNumber | None = None
    id_number: ResidentId
    city: Line = Field(description="Area id of the city that keeps the file")
    division: Line | None = Field(default=None, description="County-level area, the city, or `outside`")


@merge_patch
class PersonPatch(PersonProfile):
    """Fields to change (JSON Merge Patch)."""


class PersonReveal(Input):
    """Which fields to read in clear, and why; audited."""

    fields: list[Literal["name", "phone", "id_number"]] = Field(min_length=1)
    reason: Prose


class PersonRevealed(Output):
    """Personal data in clear; never stored, never cached."""

    id: str
    name: str | None
    phone: str | None
    id_number: str | None


class PersonMerge(Input):
    """The file that stays."""

    into: Line = Field(description="Id of the file that stays")
    reason: Prose


class PersonOut(RecordOut):
    """A person's file; personal fields masked."""

    name_masked: str = Field(serialization_alias="name")
    phone_masked: str | None = Field(serialization_alias="phone")
    id_number_masked: str = Field(serialization_alias="id_number")
    employer: str
    education: str | None
    professional_title: str | None
    disciplines: list[str]
    chains: list[str]
    specialty: str | None
    achievements: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    merged_into: str | None
