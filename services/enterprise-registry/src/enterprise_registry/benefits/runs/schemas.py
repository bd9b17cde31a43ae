"""Runs on the wire."""

from datetime import date

from pydantic import Field

from enterprise_registry.benefits.schemas import BenefitFinding
from kechuang.http.schemas import ExternalId, Input, Line, Output, RecordOut
from kechuang.money import MoneyOut

EXAMPLE = {"city": "420800", "rule": "hnte_first_reward"}


class BenefitRunCreate(Input):
    """A benefit over all organisations of a city."""

    city: Line = Field(description="Area id of the city", examples=["420800"])
    rule: Line = Field(description="Code of a benefit of the city's pack", examples=["hnte_first_reward"])
    as_of: date | None = Field(default=None, description="With what was known at the end of this day; today")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class BenefitRunIssue(Input):
    """The decision by which the list is issued."""

    document_no: Line = Field(description="发文字号")


class BenefitRunOut(RecordOut):
    """A run; follow `job` at `GET /jobs/{id}`. Nobody gets anything before it is issued."""

    rule: str
    rule_version: str
    fund: str | None
    as_of: date
    job: str | None
    evaluated: int
    beneficiaries: int
    unknown: int = Field(description="Verified facts are missing, or somebody must judge")
    excluded: int = Field(
        description="Meets the rule, but has the benefit already, is sanctioned or at its cap"
    )
    unmet: int
    total: MoneyOut
    issued: int
    dropped: int = Field(description="On the list, and no beneficiary any more when it was issued")
    document_no: str | None
    issued_on: date | None


class BenefitRunItem(Output):
    """One organisation on the list: beneficiary, unknown or excluded, with amount and reasons."""

    organisation: str
    name: str
    division: str | None
    outcome: str
    amount: MoneyOut | None
    reasons: list[str]
    finding: BenefitFinding
    grant: str | None
    dropped: list[str] | None = Field(description="Why it was left out when the list was issued")
