"""Benefit grants on the wire. Amounts are decimal strings in yuan with two places."""

from datetime import date
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from kechuang.codes import Uscc
from kechuang.http.attachments import MOST, Attachment, AttachmentOut
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.money import Money, MoneyOut
from kechuang.personal import BankAccount
from kechuang.text import Text, field_error

EXAMPLE = {"rule": "rd_after_subsidy", "statement": "2023年度研发投入后补助。", "account": "6222020000001234"}
PAYMENT = {"outcome": "paid", "voucher": "GK-2024-000123", "paid_on": "2024-06-28"}


class _Content(Input):
    statement: Prose | None = Field(default=None, description="What the enterprise says")
    attachments: list[Attachment] = Field(default_factory=list, max_length=MOST)
    account: BankAccount | None = Field(default=None, description="Where the money goes; never shown in full")


class BenefitGrantCreate(_Content):
    """An enterprise begins an application (a draft); an officer puts an enterprise forward (eligible)."""

    rule: Line = Field(description="Code of a benefit of the city's pack", examples=["rd_after_subsidy"])
    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


@merge_patch
class BenefitGrantPatch(_Content):
    """What of a draft is to be changed."""


class BenefitGrantAccount(Input):
    """Where the money goes."""

    account: BankAccount | None = Field(default=None, description="Digits; kept encrypted, shown masked")


class BenefitGrantNewAccount(Input):
    """Where the money goes from now on."""

    account: BankAccount = Field(description="Digits; kept encrypted, shown masked")


class BenefitGrantReason(Input):
    """Why."""

    reason: Prose


class BenefitGrantOpinion(Input):
    """An opinion of who handles it."""

    opinion: Prose


class BenefitGrantApprove(Input):
    """An approval. The amount is the computed one, unless another is stated with its grounds."""

    document_no: Line = Field(description="发文字号")
    amount: Money | None = Field(default=None, gt=0, description="Needed where none could be computed")
    grounds: Prose | None = Field(
        default=None, validate_default=True, description="Needed with an amount of one's own"
    )

    @field_validator("grounds")
    @classmethod
    def _with_grounds(cls, grounds: str | None, info: ValidationInfo) -> str | None:
        if grounds is None and info.data.get("amount") is not None:
            raise field_error(
                "grounds_needed",
                Text("自行填写金额应说明理由。", "An amount of one's own states its grounds."),
            )
        return grounds


class BenefitGrantRefuse(Input):
    """A refusal."""

    grounds: Prose
    document_no: Line | None = None


class BenefitGrantBook(Input):
    """On which budget."""

    budget: str | None = Field(
        default=None, max_length=64, description="The fund's open budget of this year when left out"
    )


class BenefitGrantPay(Input):
    """What the treasury or bank said of the payment."""

    outcome: Literal["paid", "failed"]
    voucher: Line | None = Field(default=None, validate_default=True, description="凭证号; needed when paid")
    paid_on: date | None = Field(
        default=None, description="Of the payment or its failure, not before the booking; today when left out"
    )
    reason: Prose | None = Field(default=None, validate_default=True, description="Needed when it failed")

    @field_validator("voucher")
    @classmethod
    def _with_voucher(cls, voucher: str | None, info: ValidationInfo) -> str | None:
        if voucher is None and info.data.get("outcome") == "paid":
            raise field_error("voucher_needed", Text("拨付应填写凭证号。", "A payment has a voucher."))
        return voucher

    @field_validator("reason")
    @classmethod
    def _with_reason(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if reason is None and info.data.get("outcome") == "failed":
            raise field_error("reason_needed", Text("拨付失败应说明原因。", "A failed payment states why."))
        return reason


class BenefitGrantRecover(Input):
    """Money that came back."""

    amount: Money = Field(gt=0)
    voucher: Line = Field(description="缴款凭证号")
    reason: Prose | None = None


class BenefitGrantReveal(Input):
    """Why the account number is read."""

    reason: Prose


class BenefitGrantRevealed(Output):
    """The account number in the clear; null where there is none."""

    account: str | None


class BenefitFindingReason(Output):
    """One reason of the answer."""

    code: str
    zh: str
    en: str


class BenefitStep(Output):
    """A step of the calculation: base, cap, rounding, yearly_cap or decided; the amount after it."""

    step: str
    amount: str
    limit: str | None


class BenefitFinding(Output):
    """What the rule said of held, verified data, with every leaf of its condition."""

    outcome: str = Field(description="beneficiary, unmet, unknown or excluded")
    result: str = Field(description="Of the condition: met, unmet, unknown, manual_review, not_applicable")
    reasons: list[BenefitFindingReason]
    amount: str | None
    steps: list[BenefitStep]
    used: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    results: list[dict[str, Any]]
    grounds: list[dict[str, Any]] = Field(description="Recognitions that it rests on")
    already: dict[str, Any] | None = Field(description="The grant that pays for the item already")
    had_this_year: str = Field(description="What the organisation has of this fund and year")
    as_of: date
    pack: str
    rule: str
    rule_version: str
    clause: list[str]
    policy: bool = Field(description="False: the amount or condition is a product default")


class BenefitPayment(Output):
    """One attempt to pay."""

    outcome: str
    voucher: str | None
    on: date
    reason: str | None
    amount: str


class BenefitRecovery(Output):
    """What is to come back, and why."""

    opened_on: date
    amount: str
    reason: str
    recognition: str | None


class BenefitRecoveryPart(Output):
    """Money that came back."""

    on: date
    amount: str
    voucher: str


class BenefitGrantOut(RecordOut):
    """A grant with the finding, the decision, its budget and payments."""

    rule: str
    rule_version: str
    mode: str = Field(description="granted 免申即享, at_once 即申即享, reviewed")
    fund: str | None
    exclusive_group: str
    item: str
    year: int
    as_of: date
    origin: str
    run: str | None
    amount: MoneyOut | None
    finding: BenefitFinding | None
    grounds: list[str]
    statement: str | None
    attachments: list[AttachmentOut]
    account_shown: str | None = Field(description="Masked: the last four digits")
    review_opinion: str | None
    decision: dict[str, Any] | None
    granted_on: date | None
    budget: str | None
    booked_on: date | None
    paid: MoneyOut
    paid_on: date | None
    payments: list[BenefitPayment]
    recovered: MoneyOut
    to_recover: MoneyOut = Field(description="What can still be recovered")
    recovery: BenefitRecovery | None
    recoveries: list[BenefitRecoveryPart]
    reason: str | None
