"""What goes over the wire for policy documents."""

from datetime import date
from typing import Literal

from pydantic import Field

from kechuang.http.schemas import ExternalId, Input, Line, Prose, RecordOut, merge_patch

EXAMPLE = {
    "city": "440700",
    "kind": "normative",
    "title": "江门市科技型企业梯次培育管理办法",
    "document_no": "江科规字〔2024〕1号",
    "issuer": ["江门市科学技术局"],
    "issued_on": "2024-03-20",
    "valid_from": "2024-04-20",
    "valid_to": "2029-04-19",
}


class _Content(Input):
    kind: Literal["normative", "plan", "measures", "notice", "other"] = "normative"
    title: Line
    title_en: Line | None = None
    document_no: Line | None = Field(default=None, description="发文字号")
    issuer: list[Line] = Field(default_factory=list, max_length=20)
    issued_on: date | None = None
    valid_from: date | None = Field(default=None, description="施行日期; asked for at publication")
    valid_to: date | None = Field(default=None, description="Last day of force; null: without end")
    text: Prose | None = None
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class PolicyDocumentCreate(_Content):
    """A document; it is a draft until it is published."""

    city: Line = Field(description="Area id", examples=["440700"])


@merge_patch
class PolicyDocumentPatch(_Content):
    """Fields to change while it is a draft (JSON Merge Patch)."""


class PolicyDocumentRevise(Input):
    """Why it is revised; what the revision does not change is taken over."""

    reason: Prose


class PolicyDocumentExtend(Input):
    """A later last day, with the document that says so."""

    valid_to: date
    reason: Prose


class PolicyDocumentRepeal(Input):
    """Its last day of force (yesterday when left out), and why."""

    ended_on: date | None = None
    reason: Prose


class PolicyDocumentOut(RecordOut):
    """A policy document. Clients show `in_force` and never compare dates themselves."""

    origin: str | None = Field(description="`<pack>/<id>` where a policy pack states it")
    kind: str
    title: str
    title_en: str | None
    document_no: str | None
    issuer: list[str]
    issued_on: date | None
    valid_from: date | None
    valid_to: date | None
    ended_on: date | None
    in_force: bool
    expiring: bool = Field(description="In force, and ends within 180 days")
    supersedes: str | None
    text: str | None
    reason: str | None
