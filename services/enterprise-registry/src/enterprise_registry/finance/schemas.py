"""Finance needs on the wire. Amounts are decimal strings in yuan with two places."""

from datetime import date
from typing import Literal

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.money import Money, MoneyOut

Purpose = Literal["working_capital", "research", "equipment", "expansion", "listing", "other"]
Product = Literal[
    "technology_loan", "credit_loan", "ip_pledge", "guaranteed_loan", "equity_linked", "other"
]  # fmt: skip
EXAMPLE = {
    "amount": "5000000.00",
    "purpose": "research",
    "description": "新产品中试阶段研发投入。",
    "term_months": 24,
    "shared_with_banks": True,
}
LOAN = {"amount": "3000000.00", "product": "technology_loan", "loan_no": "KDT-2024-0001", "risk_pool": None}


class _Content(Input):
    amount: Money = Field(gt=0)
    purpose: Purpose
    description: Prose
    term_months: int | None = Field(default=None, ge=1, le=360)
    shared_with_banks: bool = Field(
        default=False,
        description="The owner's consent that the banks of the city may read it while it is open",
    )


class FinanceNeedCreate(_Content):
    """A need; only a person who may submit for the enterprise gives the consent."""

    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    meeting: Line | None = Field(
        default=None, description="The bank-enterprise meeting it came from (银企对接)"
    )
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


@merge_patch
class FinanceNeedPatch(_Content):
    """What is to be changed while nobody has taken it; the consent can be withdrawn here."""


class FinanceNeedTake(Input):
    """At which meeting it was taken, if at one."""

    meeting: Line | None = None


class FinanceNeedReason(Input):
    """Why."""

    reason: Prose


class FinanceNeedFund(Input):
    """A loan that was made. With `risk_pool` that pool stands for its share of a loss."""

    amount: Money = Field(gt=0)
    product: Product
    loan_no: Line = Field(description="借款合同号")
    funded_on: date | None = Field(default=None, description="Today when left out")
    term_months: int | None = Field(default=None, ge=1, le=360)
    risk_pool: str | None = Field(
        default=None, max_length=64, description="Id of the pool that guarantees it"
    )


class FinanceNeedClose(Input):
    """How it ended."""

    outcome: Literal["met", "partly_met", "not_met", "no_longer_needed"]
    reason: Prose | None = None


class FinanceLoan(Output):
    """A loan that was made upon the need."""

    bank: str
    amount: str
    product: str
    loan_no: str
    funded_on: date
    term_months: int | None
    risk_pool: str | None


class FinanceNeedOut(RecordOut):
    """A need with the bank that took it and the loans that were made."""

    amount: MoneyOut
    purpose: str
    description: str
    term_months: int | None
    shared_with_banks: bool
    consented_on: date | None
    bank: str | None
    taken_on: date | None
    meeting: str | None
    funded: MoneyOut
    loans: list[FinanceLoan]
    outcome: str | None
    closed_on: date | None
    reason: str | None
