"""Draws on the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from kechuang.http.schemas import Input, Line, Output, Prose, RecordOut

Kind = Literal["technical", "management", "financial"]
EXAMPLE = {
    "purpose": "acceptance",
    "source": "CT-2024-000012",
    "city": "440700",
    "strata": [{"kind": "technical", "seats": 3}, {"kind": "financial", "seats": 1}],
    "disciplines": ["430"],
    "recused_organisations": ["91440703MA0TEAT010"],
}


class DrawStratum(Input):
    """Places of one kind."""

    kind: Kind
    seats: int = Field(ge=1, le=30)


def _of_different_kinds(strata: list[DrawStratum]) -> list[DrawStratum]:
    if len({each.kind for each in strata}) != len(strata):
        raise ValueError("the places of one kind stand in one line / 同一类别的席位应合并为一行")
    return strata


class ExpertDrawCreate(Input):
    """A draw that no call asks for by itself: for an acceptance, a selection, an assessment."""

    purpose: Line = Field(examples=["acceptance"])
    source: Line = Field(description="What it is for: a record's id or number; one open draw each")
    city: Line
    strata: Annotated[list[DrawStratum], AfterValidator(_of_different_kinds)] = Field(
        min_length=1, max_length=3
    )
    disciplines: list[Line] = Field(default_factory=list, description="GB/T 13745; for technical experts")
    recused_organisations: list[Line] = Field(default_factory=list, max_length=500)
    recused_persons: list[Line] = Field(default_factory=list, max_length=500)
    per_employer: int = Field(default=1, ge=1, le=30, description="Places for experts of one employer")


class ExpertDrawCommit(Input):
    """SHA-256 of `kechuang-draw|<draw id>|<your token's subject>|<secret in lower-case hex>`."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class DrawRecusal(Input):
    """An expert whom the officers know to be in conflict."""

    expert: Line
    reason: Prose


class ExpertDrawFreeze(Input):
    """Recusals known beside those that follow from the bidders."""

    recusals: list[DrawRecusal] = Field(default_factory=list, max_length=200)


class DrawPublicValue(Input):
    """A value from a public source that did not exist when the pool was frozen."""

    source: Line = Field(examples=["福利彩票双色球第 2024031 期"])
    value: Line | Annotated[list[Annotated[int, Field(ge=0, le=2**31 - 1)]], Field(max_length=100)] = Field(
        description="Digits and words, or the numbers of a lottery"
    )
    published_at: AwareDatetime


class ExpertDrawReveal(Input):
    """The secret behind the commitment; the public value comes with the first reveal."""

    secret: str = Field(pattern=r"^([0-9a-fA-F]{2}){16,64}$")
    public_value: DrawPublicValue | None = None


class ExpertDrawReplace(Input):
    """Who does not take part after all."""

    candidate: Line = Field(description="Pseudonym of the one who sits")
    kind: Literal["declined", "absent", "recused", "late_conflict"]
    reason: Prose


class ExpertDrawNames(Input):
    """Why the names are read; audited."""

    reason: Prose


class DrawnName(Output):
    """One of the panel in clear, for notifying."""

    seat: int
    expert: str
    person: str
    name: str | None
    phone: str | None


class DrawnNames(Output):
    """The panel in clear; never stored."""

    items: list[DrawnName]


class ExpertDrawOut(RecordOut):
    """A draw. `seats` are shown to the two drawing officers, and to those drawn their own."""

    purpose: str
    source: str
    call: str | None
    call_number: str | None
    strata: list[dict[str, Any]]
    disciplines: list[str]
    per_employer: int
    committed: int = Field(description="How many officers have committed")
    revealed: int
    pool_size: int | None = Field(description="Null before the freeze")
    pool_digest: str | None = Field(description="SHA-256 of draw, rules and pool")
    frozen_at: datetime | None
    public_value: dict[str, Any] | None
    seats: list[dict[str, Any]]
    unfilled: list[str]
    confirmed_on: date | None
    published_on: date | None
