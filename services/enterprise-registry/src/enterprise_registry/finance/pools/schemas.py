"""Risk compensation pools on the wire. Amounts are decimal strings in yuan with two places."""

from datetime import date, datetime

from pydantic import Field

from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut
from kechuang.money import Money, MoneyOut

EXAMPLE = {"title": "科技信贷风险补偿资金池", "city": "420800", "share_percent": 40, "multiple": 10}


class RiskPoolCreate(Input):
    """A pool; it is open at once and empty."""

    title: Line
    city: Line = Field(description="Area id of the city", examples=["420800"])
    division: Line | None = Field(default=None, description="The city itself when left out, or a county")
    share_percent: int = Field(ge=1, le=100, description="Of a loss, what the pool bears")
    multiple: int | None = Field(
        default=None, ge=1, le=100, description="Loans it may stand for, as a multiple of its balance"
    )
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class RiskPoolContribute(Input):
    """Money paid in."""

    amount: Money = Field(gt=0)
    contributor: Line = Field(examples=["市财政局"])
    voucher: Line


class RiskPoolLoan(Input):
    """A loan that the pool stands for."""

    need: str = Field(max_length=64, description="Id of the finance need that the loan belongs to")
    loan_no: Line


class RiskPoolCompensate(RiskPoolLoan):
    """A loss of a loan; the pool bears its share of it."""

    loss: Money = Field(gt=0)
    voucher: Line


class RiskPoolDischarge(RiskPoolLoan):
    """A loan that was paid back: the pool stands for it no longer."""

    amount: Money | None = Field(default=None, gt=0, description="All that is left of it when left out")


class RiskPoolRecover(Input):
    """Money that came back from a debtor after a compensation."""

    amount: Money = Field(gt=0)
    voucher: Line


class RiskPoolClose(Input):
    """Why."""

    reason: Prose


class RiskPoolOut(RecordOut):
    """A pool. `balance` = contributed + recovered − compensated; `guaranteed` are the loans it stands for now."""

    title: str
    share_percent: int
    multiple: int | None
    contributed: MoneyOut
    guaranteed: MoneyOut
    compensated: MoneyOut
    recovered: MoneyOut
    balance: MoneyOut
    room: MoneyOut | None = Field(description="Loans that it can still stand for; null without a limit")


class RiskPoolEntry(Output):
    """One row of the ledger; `amount` is above zero and `kind` says what it does."""

    seq: int
    kind: str = Field(description="contributed, guaranteed, discharged, compensated or recovered")
    amount: MoneyOut
    on: date
    at: datetime
    contributor: str | None
    need: str | None
    loan_no: str | None
    voucher: str | None
