"""Recognitions on the wire."""

from datetime import date
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut
from kechuang.text import Text, field_error

EXAMPLE = {
    "organisation": "91440703MATE000L4P",
    "kind": "hnte",
    "certificate_no": "GR202444000001",
    "document_no": "粤高企认〔2024〕1号",
    "issued_on": "2024-11-28",
    "valid_from": "2024-11-28",
    "valid_to": "2027-11-27",
}


def not_before(last: date | None, first: date | None) -> date | None:
    """Give the last day of a validity back, or refuse one before the first day."""
    if last is not None and first is not None and last < first:
        raise field_error(
            "ends_early", Text("有效期止不能早于有效期起。", "The validity ends before it begins.")
        )
    return last


class RecognitionCreate(Input):
    """A recognition that was decided elsewhere and arrives without an application."""

    organisation: Uscc
    kind: Line = Field(description="Code of a ladder node of the city's pack", examples=["hnte"])
    certificate_no: Line | None = None
    document_no: Line | None = Field(default=None, description="发文字号")
    issued_on: date = Field(description="Day of the decision")
    valid_from: date | None = Field(default=None, description="`issued_on` when left out")
    valid_to: date | None = Field(default=None, description="Last day; by the pack's validity when left out")
    renews: str | None = Field(default=None, max_length=64, description="The recognition that it renews")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)

    @field_validator("valid_to")
    @classmethod
    def _ordered(cls, valid_to: date | None, info: ValidationInfo) -> date | None:
        return not_before(valid_to, info.data.get("valid_from") or info.data.get("issued_on"))


class RecognitionRevoke(Input):
    """A decision to revoke, after a hearing."""

    document_no: Line
    reason: Prose
    heard_on: date = Field(description="Day on which the organisation was heard (听证或陈述申辩)")
    benefits_to_recover: bool = Field(
        default=False, description="Benefits that rest on it are to be recovered"
    )


class RecognitionSurrender(Input):
    """Why the holder gives it up."""

    reason: Prose


class RecognitionCorrect(Input):
    """What was recorded wrongly, and why; the first day of validity changes by revoking and recording anew."""

    certificate_no: Line | None = None
    document_no: Line | None = None
    issued_on: date | None = None
    valid_to: date | None = Field(
        default=None, description="Of a valid or expired one; a day to come makes an expired one valid again"
    )
    reason: Prose


class RecognitionOut(RecordOut):
    """A recognition; held from `valid_from` to the end of `valid_to`, or of `ended_on` when that came first."""

    kind: str
    level: str | None
    node: str = Field(description="The node's one name across packs", examples=["national-hnte/hnte"])
    source: str
    decided_by: str
    certificate_no: str | None
    document_no: str | None
    issued_on: date
    valid_from: date
    valid_to: date | None
    ended_on: date | None = Field(description="The last day on which it was held, when it ended early")
    renews: str | None
    first_time: bool = Field(description="The organisation had never held this kind before")
    expiring: bool = Field(description="Valid, and its last day lies within 90 days")
    application: str | None
    reason: str | None
    heard_on: date | None = Field(description="Day of the hearing before a revocation")
    benefits_to_recover: bool
    benefits: list[dict[str, Any]] = Field(
        description="What rested on it when it was revoked: `{grant, number, rule, amount}`"
    )
    round: str | None = Field(description="The selection round that awarded or removed it")


class RecognitionCount(Output):
    """One group; keys that were not asked for are null."""

    track: str | None
    kind: str | None
    division: str | None = Field(description="The county in which it was decided")
    zone: str | None = Field(description="Zones lie over the counties and are never added up")
    year: int | None
    organisations: int = Field(description="Each organisation once")
    recognitions: int
    target: int | None = Field(description="Of a kind as a whole: what the policy aims at for this measure")
    reached: bool | None = Field(description="Whether `organisations` reaches the target")


class RecognitionCounts(Output):
    """Counted from the dated recognitions themselves, never kept."""

    measure: str
    first: date | None = Field(description="First day of the span, of a measure over a span")
    as_of: date
    city: str | None
    items: list[RecognitionCount]
