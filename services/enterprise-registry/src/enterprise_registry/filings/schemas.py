"""Filings on the wire."""

from datetime import date
from typing import Any, Self

from pydantic import Field, model_validator

from kechuang.codes import Uscc
from kechuang.http.attachments import MOST, Attachment, AttachmentOut
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.money import Money, MoneyOut

EXAMPLE = {
    "form": "enterprise_annual",
    "period": "2023",
    "facts": {
        "employees": 120,
        "st_staff": 30,
        "operating_revenue": "60000000.00",
        "sales_revenue": "58000000.00",
        "rd_expense": "3600000.00",
    },
}


class FilingProject(Input):
    """An R&D project of the period (研发项目); `answers` is what the form asks of each beside."""

    title: Line
    started_on: date
    ended_on: date | None = None
    staff: int = Field(ge=0, le=1_000_000, description="persons")
    person_months: int | None = Field(default=None, ge=0, le=12_000_000, description="Time worked, 人月")
    spent_fen: Money = Field(alias="spent", description="R&D expense of the period, CNY")
    answers: dict[str, Any] = Field(default_factory=dict, description="By the form's schema of projects")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.ended_on is not None and self.ended_on < self.started_on:
            raise ValueError("ended_on lies before started_on")
        return self


class _Content(Input):
    facts: dict[str, Any] = Field(default_factory=dict, description="Answers by the form's JSON Schema")
    rd_projects: list[FilingProject] = Field(default_factory=list, max_length=500)
    attachments: list[Attachment] = Field(default_factory=list, max_length=MOST)


class FilingCreate(_Content):
    """A filing; it stays a draft until it is submitted. A draft holds any subset of valid values."""

    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    form: Line = Field(description="Code of a form of the pack with purpose `filing`")
    period: Line = Field(
        description="`2023`, `2023Q4` or `2023-12`, as the form's period is", examples=["2023"]
    )
    window: str | None = Field(default=None, max_length=64, description="The filing window that asks for it")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


@merge_patch
class FilingPatch(_Content):
    """Fields to change (JSON Merge Patch): each is replaced as a whole, `facts` are merged by key."""


class FilingCorrect(Input):
    """Why a verified filing is wrong."""

    reason: Prose


class FilingWarning(Output):
    """A check of the form that does not block."""

    code: str
    detail_zh: str
    detail_en: str


class FilingReceipt(Output):
    """What was received: digest is SHA-256 of the canonical JSON of `{facts, rd_projects}` as answered."""

    number: str
    digest: str
    submitted_at: str
    received_at: str
    next_step_zh: str
    next_step_en: str


class FilingProjectOut(Output):
    """An R&D project of the period."""

    title: str
    started_on: date
    ended_on: date | None
    staff: int
    person_months: int | None
    spent_fen: MoneyOut = Field(serialization_alias="spent")
    answers: dict[str, Any]


class FilingOut(RecordOut):
    """A filing with its form version, its receipt and what it was returned for."""

    form: str
    form_version: str
    period: str
    statistical: bool = Field(description="Feeds totals only; assessments never read it")
    facts: dict[str, Any]
    rd_projects: list[FilingProjectOut]
    attachments: list[AttachmentOut]
    window: str | None
    late: bool = Field(description="First submitted after the window's last instant")
    supersedes: str | None
    warnings: list[FilingWarning]
    returns: list[dict[str, Any]]
    receipt: FilingReceipt | None
    submitted_on: date | None
    verified_on: date | None
