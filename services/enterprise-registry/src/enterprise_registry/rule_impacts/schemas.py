"""Rule impacts on the wire."""

from datetime import date
from typing import Literal

from pydantic import Field

from kechuang.http.schemas import Input, Line, Output, RecordOut

EXAMPLE = {
    "city": "440700",
    "candidate": "national-srdi@2026.1",
    "candidate_on": "2026-06-01",
    "as_of": "2024-03-01",
}
OutcomeName = Literal["outside", "stays", "gains", "loses", "unknown", "remains_unknown"]
ListedOutcome = Literal["stays", "gains", "loses", "unknown"]


class RuleImpactCreate(Input):
    """Which version is tried against which, over whose enterprises, on what day."""

    city: Line = Field(description="Area id of the city whose enterprises are the population")
    candidate: Line = Field(description="`pack@version`, or the id of an uploaded version")
    candidate_on: date | None = Field(
        default=None,
        description="The candidate's rules as in force on this day; when left out, from the later of `as_of` "
        "and the day it takes force",
    )
    baseline: Line | None = Field(
        default=None, description="`pack@version`; when left out, the version of the same pack in force"
    )
    as_of: date | None = Field(
        default=None, description="Population and facts on this day; today when left out"
    )


class RuleImpactCount(Output):
    """How many enterprises of an area have an outcome at a node."""

    node: str
    division: str | None
    outcome: OutcomeName
    organisations: int


class RuleImpactOut(RecordOut):
    """A rule impact; its progress is that of its `job`. `counts` is empty until it is completed."""

    baseline: str
    candidate: str
    digest: str
    as_of: date
    candidate_on: date
    job: str
    population: int | None
    counts: list[RuleImpactCount]


class RuleImpactCase(Output):
    """One enterprise at one node. `leaf`: what was not met before for who gains, after for who loses."""

    organisation: str
    name: str
    division: str | None
    node: str
    outcome: OutcomeName
    before: str
    after: str
    leaf: str | None
    holds: bool = Field(
        description="It holds the node today; what becomes of titles says the rule's transition"
    )


class RuleImpactCases(Output):
    """A page of enterprises, by node and credit code."""

    items: list[RuleImpactCase]
    next_cursor: str | None
