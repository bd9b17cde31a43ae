"""Technical needs on the wire."""

from datetime import date
from typing import Literal

from pydantic import Field

from kechuang.http.schemas import ExternalId, Input, Line, Prose, RecordOut
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
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class TechnicalNeedPatch(Input):
    """Fields to change (JSON Merge Patch)."""

    title: Line = Field(default=None)  # type: ignore[assignment]  # absent means unchanged
    text: Prose = Field(default=None)  # type: ignore[assignment]
    confidential: Prose | None = None
    fields: list[Line] = Field(default=None, max_length=10)  # type: ignore[assignment]
    discipline: str | None = Field(default=None, pattern=r"^\d{3}(\.\d{2}(\d{2})?)?$")
    chain: Line | None = None
    budget_fen: Money | None = Field(default=None, alias="budget")


class TechnicalNeedReturn(Input):
    """What the owner must correct."""

    reason: Prose
    items: list[str] = Field(default_factory=list, description="JSON Pointers of the fields to correct")


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


class TechnicalNeedOut(RecordOut):
    """A technical need. `confidential` is null for those who may not read it."""

    title: str
    text: str
    confidential: str | None
    fields: list[str]
    discipline: str | None
    chain: str | None
    budget_fen: MoneyOut | None = Field(serialization_alias="budget")
    route: str | None
    answer: str | None
    public_title: str | None
    public_text: str | None
    dispatch: str | None
    contract: str | None
    submitted_on: date | None
