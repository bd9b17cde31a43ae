"""Technical needs on the wire."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from kechuang.http.attachments import MOST, Attachment, AttachmentOut
from kechuang.http.schemas import ExternalId, Input, Line, Prose, RecordOut, merge_patch
from kechuang.money import Money, MoneyOut

EXAMPLE = {
    "title": "高温合金薄壁件激光焊接变形控制",
    "text": "厚度 0.8 mm 的高温合金环形件在激光焊接后圆度超差，需要将变形控制在 0.05 mm 以内。",
    "confidential": "产品型号与客户名称另附。",
    "fields": ["advanced_manufacturing"],
    "discipline": "460",
    "chain": None,
    "budget": "300000.00",
}


class TechnicalNeedCreate(Input):
    """A need as the enterprise files it; it stays a draft until it is submitted."""

    title: Line
    text: Prose = Field(description="What is wanted, to which measurable end")
    confidential: Prose | None = Field(
        default=None, description="保密内容: shown to the handling officers only"
    )
    fields: list[Line] = Field(
        default_factory=list, max_length=10, description="Technology fields of the pack"
    )
    discipline: str | None = Field(
        default=None, pattern=r"^\d{3}(\.\d{2}(\d{2})?)?$", description="GB/T 13745"
    )
    chain: Line | None = Field(default=None, description="Chain code of the pack")
    budget_fen: Money | None = Field(
        default=None, alias="budget", description="What the enterprise would spend, CNY"
    )
    campaign: str | None = Field(default=None, max_length=64, description="Need campaign it answers to")
    attachments: list[Attachment] = Field(default_factory=list, max_length=MOST)
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


@merge_patch
class TechnicalNeedPatch(TechnicalNeedCreate):
    """Fields to change (JSON Merge Patch)."""


class TechnicalNeedRoute(Input):
    """Where the need goes."""

    route: Literal["advice", "matching", "call"]


class TechnicalNeedAnswer(Input):
    """The answer of an advised need."""

    answer: Prose


class TechnicalNeedConsent(Input):
    """The text that the owner agrees to publish in a call."""

    public_title: Line
    public_text: Prose


class TechnicalNeedReopen(Input):
    """Why it is not solved after all."""

    example: ClassVar[dict[str, Any]] = {"reason": "批量生产后缺陷重新出现。"}
    reason: Prose


class TechnicalNeedOut(RecordOut):
    """A technical need. `confidential` is null for those who may not read it.

    Attachments are seen by all who see the need: what is confidential belongs into `confidential`.
    """

    title: str
    text: str
    confidential: str | None
    fields: list[str]
    discipline: str | None
    chain: str | None
    budget_fen: MoneyOut | None = Field(serialization_alias="budget")
    attachments: list[AttachmentOut]
    route: str | None
    answer: str | None
    public_title: str | None
    public_text: str | None
    consented_at: datetime | None
    dispatch: str | None
    contract: str | None
    returns: list[dict[str, Any]] = Field(description="What was returned for correction, step by step")
    submitted_on: date | None
    campaign: str | None
