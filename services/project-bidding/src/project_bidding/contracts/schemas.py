"""Contracts on the wire."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from kechuang.http.schemas import Input, Line, Prose, RecordOut
from kechuang.money import Money, MoneyOut

EXAMPLE: dict[str, Any] = {
    "bid": "7a1c…",
    "goals": ["圆度误差 ≤ 0.05 mm，第三方检测", "授权发明专利两件"],
    "ends_on": "2026-06-30",
    "milestones": [{"key": "midterm", "title": "中期：样机完成", "due_on": "2025-06-30"}],
    "tranches": [
        {"funder": "jm-finance", "on": "signature", "amount": "450000.00"},
        {"funder": "jm-finance", "on": "milestone", "milestone": "midterm", "amount": "270000.00"},
        {"funder": "jm-finance", "on": "acceptance", "amount": "180000.00"},
    ],
}


class ContractShare(Input):
    """What one funder pays."""

    funder: Line
    label: Line
    fiscal: bool
    amount: Money


class ContractMilestoneCreate(Input):
    """A milestone of the contract."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: Line
    due_on: date


class ContractTrancheCreate(Input):
    """A planned payment by one funder; it falls due by itself."""

    funder: Line
    on: Literal["signature", "milestone", "acceptance"]
    milestone: str | None = Field(default=None, max_length=40, description="Key of a milestone")
    amount: Money


class ContractCreate(Input):
    """A task book drafted from an award; shares default to the call's funders."""

    bid: str = Field(max_length=64)
    kind: Literal["task_book", "agreement"] = "task_book"
    goals: list[Prose] = Field(min_length=1, max_length=100)
    ends_on: date
    shares: list[ContractShare] | None = Field(default=None, min_length=1, max_length=20)
    milestones: list[ContractMilestoneCreate] = Field(default_factory=list, max_length=50)
    tranches: list[ContractTrancheCreate] = Field(default_factory=list, max_length=100)


class ContractDecision(Input):
    """A decision about acceptance."""

    document_no: Line | None = Field(default=None, examples=["江科验〔2026〕12号"])
    opinion: Prose = Field(examples=["完成全部考核指标，同意通过验收。"])


class ContractRectify(Input):
    """An order to rectify, once, until a day."""

    rectify_by: date
    opinion: Prose


class ContractOut(RecordOut):
    """A contract."""

    kind: str
    call: str
    bid: str
    need: str | None
    title: str
    parties: list[str]
    goals: list[str]
    budget_fen: MoneyOut = Field(serialization_alias="budget")
    shares: list[dict[str, Any]]
    signatures: list[dict[str, Any]]
    signed_on: date | None
    ends_on: date
    rectify_by: date | None
    outcome: str | None
    accepted_on: date | None
    document_no: str | None
