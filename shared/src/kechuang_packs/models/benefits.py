"""Benefits (惠企奖补) and the funds that pay them: who qualifies, how much, how often, by which clause."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import Code, FactKey, Item, Literal_, Strict
from kechuang_packs.models.conditions import Bounds, Condition


class Fund(Item):
    """A fund that budgets are drawn up from, one a year and funder (专项资金)."""

    yearly_minimum: Literal_ | None = Field(
        default=None, description="what the document says is set aside a year at least, in CNY"
    )


class AmountBand(Bounds):
    """The amount while the fact `by` lies in this interval: fixed, or a share of the fact `of`."""

    amount: Literal_ | None = None
    rate: str | None = Field(default=None, description="a share of `of`, such as 5%")

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.amount is None) == (self.rate is None):
            raise ValueError("a band has an amount or a rate")
        return self


class AmountBands(Strict):
    """An amount that depends on a fact; a value in no band gives nothing."""

    by: FactKey
    of: FactKey | None = Field(default=None, description="the amount of money that rates are a share of")
    bands: tuple[AmountBand, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rates_have_a_base(self) -> Self:
        if self.of is None and any(band.rate is not None for band in self.bands):
            raise ValueError("a rate needs `of`")
        return self


class Rounding(Strict):
    """How an amount becomes a whole number of its unit; money is never rounded without saying so."""

    to: Literal["fen", "yuan", "hundred_yuan", "thousand_yuan", "ten_thousand_yuan"] = "yuan"
    mode: Literal["down", "half_up", "up"] = "down"


class BenefitRule(Item):
    """One dated version of a benefit: 免申即享 (granted), 即申即享 (at once on application) or by review.

    The amount: `amount`, `amount_expression` or `amount_bands`; then `cap`, then `rounding`, then what
    `yearly_cap` leaves. Several versions of a code follow each other by their dates of force.
    """

    version: str = "1"
    mode: Literal["granted", "at_once", "reviewed"]
    condition: Condition
    amount: Literal_ | None = None
    amount_expression: str | None = Field(default=None, description="over facts, in CNY")
    amount_bands: AmountBands | None = None
    cap: Literal_ | None = Field(default=None, description="most of one grant")
    yearly_cap: Literal_ | None = Field(
        default=None, description="most that one organisation gets in a year out of the fund"
    )
    rounding: Rounding = Rounding()
    fund: Code | None = Field(default=None, description="a fund of this file; any budget when left out")
    once_per: Literal["organisation", "recognition", "year"] = "year"
    exclusive_group: Code | None = Field(
        default=None, description="benefits of one group do not pay for the same item twice (不重复享受)"
    )
    open_to: tuple[str, ...] = Field(default=("enterprise",), description="kinds of organisations")

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        given = (self.amount, self.amount_expression, self.amount_bands)
        if sum(each is not None for each in given) != 1:
            raise ValueError("a benefit has an amount, an amount_expression or amount_bands")
        return self
