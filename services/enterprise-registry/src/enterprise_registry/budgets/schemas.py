"""Budgets on the wire. Amounts are decimal strings in yuan with two places."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch
from kechuang.money import Money, MoneyOut

EXAMPLE = {
    "title": "市级科技创新专项资金",
    "city": "360400",
    "fund": "st_reward_fund",
    "year": 2024,
    "funder": "九江市财政局",
    "amount": "30000000.00",
    "document_no": "九财科〔2024〕1号",
}


class _Content(Input):
    title: Line = Field(examples=["市级科技创新专项资金"])
    funder: Line = Field(description="Who gives the money", examples=["市财政局"])
    amount: Money = Field(gt=0)
    document_no: Line | None = Field(default=None, description="下达文号")


class BudgetCreate(_Content):
    """A budget of one of the city's funds for one year; a draft until it is opened."""

    city: Line = Field(description="Area id of the city", examples=["360400"])
    division: Line | None = Field(default=None, description="The city itself when left out, or a county")
    fund: Line = Field(description="Code of a fund in the city's pack (`services.yaml`, `funds`)")
    year: int = Field(ge=2000, le=2100)
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


@merge_patch
class BudgetPatch(_Content):
    """What of a draft is to be changed."""


class BudgetOpen(Input):
    """The document by which the money is set aside."""

    document_no: Line | None = Field(default=None, description="下达文号")


class BudgetAllocate(Input):
    """A part that becomes a budget of its own."""

    amount: Money = Field(gt=0)
    spender: Literal["enterprise-registry", "commissioner-matching", "project-bidding"] = Field(
        default="enterprise-registry", description="The service that may spend it"
    )
    title: Line | None = Field(default=None, description="The giving budget's when left out")
    division: Line | None = Field(default=None, description="A county that it is for")
    document_no: Line | None = None


class BudgetClose(Input):
    """Why, and what another service has left."""

    reason: Prose
    unspent: Money | None = Field(
        default=None, description="Only for a budget that another service spends: what it gives back"
    )


class BudgetAllocation(Output):
    """What was given to another budget."""

    budget: str
    number: str
    spender: str
    amount: str
    on: date


class BudgetOut(RecordOut):
    """A budget. `free` is what can still be booked or allocated: amount − allocated − booked."""

    title: str
    fund: str
    year: int
    funder: str
    spender: str
    parent: str | None
    document_no: str | None
    amount: MoneyOut
    allocated: MoneyOut
    booked: MoneyOut = Field(description="Of it `paid` has left already")
    paid: MoneyOut
    recovered: MoneyOut = Field(description="Came back and went to the treasury; it cannot be spent again")
    free: MoneyOut
    opened_on: date | None
    closed_on: date | None
    allocations: list[BudgetAllocation]


class BudgetEntry(Output):
    """One row of the ledger; `amount` is above zero and `kind` says what it does."""

    seq: int
    kind: str = Field(
        description="set_aside, allocated, taken_back, given_back, booked, released, paid or recovered"
    )
    amount: MoneyOut
    on: date
    at: datetime
    record: str | None
    voucher: str | None


class BudgetFundYear(Output):
    """A fund in one year: what was set aside over all funders, against what the plan promises."""

    fund: str
    name_zh: str
    name_en: str
    clause: list[str]
    policy: bool = Field(description="False: a product default and not said by the document")
    year: int
    yearly_minimum: MoneyOut | None
    amount: MoneyOut = Field(description="Set aside by funders; allocations within the fund count once")
    booked: MoneyOut
    paid: MoneyOut
    free: MoneyOut
    meets_minimum: bool | None = Field(description="Null where the plan promises no amount")


class BudgetFundYears(Output):
    """The funds of a city in one year."""

    city: str
    year: int
    items: list[BudgetFundYear]


class BudgetRecountJob(Output):
    """The job that recounts the ledgers; its result has `checked` and `differing`."""

    id: str
    state: str
