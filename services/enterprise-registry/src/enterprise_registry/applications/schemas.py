"""Applications on the wire."""

from datetime import date
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from enterprise_registry.recognitions.schemas import not_before
from kechuang.codes import Uscc
from kechuang.http.attachments import MOST, Attachment, AttachmentOut
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.text import Text, field_error

EXAMPLE = {"window": "018e2b69-…", "answers": {}, "attachments": []}
DECISION = {"outcome": "recognised", "document_no": "江科〔2024〕12号", "decided_on": "2024-04-12"}


class _Content(Input):
    answers: dict[str, Any] = Field(default_factory=dict, description="Answers by the form's JSON Schema")
    attachments: list[Attachment] = Field(default_factory=list, max_length=MOST)


class ApplicationCreate(_Content):
    """An application in an open window; a draft until it is submitted."""

    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    round: str | None = Field(default=None, max_length=64, description="Selection round to take part in")
    window: str | None = Field(
        default=None, max_length=64, validate_default=True, description="The round's when `round` is given"
    )
    target: Line | None = Field(default=None, description="The window's target; checked when given")
    recommender: Line | None = Field(
        default=None, description="Unit of a department that recommends instead of the county"
    )
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)

    @field_validator("window")
    @classmethod
    def _in_a_window(cls, window: str | None, info: ValidationInfo) -> str | None:
        if (window is None) == (info.data.get("round") is None):
            raise field_error(
                "window_or_round",
                Text(
                    "请填写申报通知（window）或评选（round），二者填一。",
                    "Give `window` or `round`, one of them.",
                ),
            )
        return window


@merge_patch
class ApplicationPatch(_Content):
    """Fields to change (JSON Merge Patch): `answers` are merged by key, attachments are replaced."""


class ApplicationOpinion(Input):
    """An opinion."""

    opinion: Prose | None = None


class ApplicationForward(Input):
    """To whom, with which letter."""

    forwarded_to: Line | None = Field(default=None, examples=["广东省科学技术厅"])
    document_no: Line | None = None


class ApplicationNotice(Input):
    """What the notice says; other applications of the window may stand in the same notice."""

    title: Line | None = None
    contact: Line = Field(examples=["江门市科学技术局 0750-3500000"])
    others: list[str] = Field(
        default_factory=list, max_length=200, description="Further reviewed applications of the window"
    )


class _Decision(Input):
    outcome: Literal["recognised", "rejected"]
    document_no: Line | None = Field(
        default=None, validate_default=True, description="发文字号; needed to recognise"
    )
    decided_on: date
    grounds: Prose | None = Field(default=None, validate_default=True, description="Needed to reject")

    @field_validator("grounds")
    @classmethod
    def _with_grounds(cls, grounds: str | None, info: ValidationInfo) -> str | None:
        if grounds is None and info.data.get("outcome") == "rejected":
            raise field_error(
                "grounds_needed", Text("不予认定应说明理由。", "A rejection states its grounds.")
            )
        return grounds


class ApplicationDecide(_Decision):
    """The city's decision: validity runs from its day."""

    @field_validator("document_no")
    @classmethod
    def _with_document(cls, document_no: str | None, info: ValidationInfo) -> str | None:
        if document_no is None and info.data.get("outcome") == "recognised":
            raise field_error(
                "document_needed", Text("认定决定应有发文字号。", "A recognition has a document number.")
            )
        return document_no


class ApplicationResult(_Decision):
    """The answer of whoever decides elsewhere."""

    certificate_no: Line | None = None
    valid_from: date | None = Field(default=None, description="`decided_on` when left out")
    valid_to: date | None = Field(default=None, description="Last day; by the pack's validity when left out")

    @field_validator("valid_to")
    @classmethod
    def _ordered(cls, valid_to: date | None, info: ValidationInfo) -> date | None:
        return not_before(valid_to, info.data.get("valid_from") or info.data.get("decided_on"))


class ApplicationReject(Input):
    """Why."""

    grounds: Prose
    document_no: Line | None = None


class ApplicationReceipt(Output):
    """What was received; the digest is SHA-256 of the canonical JSON of the answers."""

    number: str
    digest: str
    submitted_at: str
    received_at: str
    next_step_zh: str
    next_step_en: str


class ApplicationExpedite(Input):
    """Why it goes first; kept in its history."""

    reason: Prose


class ApplicationOut(RecordOut):
    """An application with its receipt, the assessment at submission and its decision."""

    window: str
    target: str
    node: str
    decided_by: str
    skips_recommendation: bool
    form: str | None
    form_version: str | None
    answers: dict[str, Any]
    attachments: list[AttachmentOut]
    recommender: str | None
    recommendation: str | None
    review_opinion: str | None
    assessment: dict[str, Any] | None = Field(
        description="The answer of `POST /assessments` at submission, under `pack`"
    )
    assessment_result: str | None
    returns: list[dict[str, Any]]
    receipt: ApplicationReceipt | None
    submitted_on: date | None
    accepted_on: date | None
    forwarded_on: date | None
    forwarded_to: str | None
    notice: str | None
    decision: dict[str, Any] | None
    recognition: str | None
    warnings: list[dict[str, Any]] = Field(
        description="`{code, detail_zh, detail_en}`: a document it rests on was not in force at the last step"
    )
    fast_lane_reason: str | None = Field(description="绿色通道: why it goes first; null where it does not")
    fast_lane_due_on: date | None
    round: str | None = Field(description="The selection round that ranks and decides it")
