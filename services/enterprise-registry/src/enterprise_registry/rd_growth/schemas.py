"""The growth of R&D input on the wire."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from kechuang.http.schemas import Output, Reference
from kechuang.money import MoneyOut


class RdGrowthAmount(Output):
    """The accepted amount of a year, and the verified filing that states it."""

    year: int
    amount_fen: MoneyOut = Field(serialization_alias="amount")
    filing: Reference


class RdGrowthItem(Output):
    """One enterprise. `ratio` is null where the base is missing or zero."""

    organisation: str
    name: str
    division: str | None
    zones: Sequence[str]
    base: RdGrowthAmount | None
    current: RdGrowthAmount | None
    ratio: str | None = Field(description="With two places, cut off and never rounded up", examples=["2.13"])
    outcome: Literal["grown", "below", "base_zero", "base_missing", "year_missing"]
    reserve_fund: bool | None = Field(description="Filed for the later year; null when that was left open")


class RdGrowthCounts(Output):
    """How many of each outcome, within the filters but for `outcome`."""

    grown: int
    below: int
    base_zero: int
    base_missing: int
    year_missing: int
    grown_with_reserve_fund: int


class RdGrowth(Output):
    """Those whose accepted amount reached `factor` times that of the base year."""

    city: str
    list: str
    fact: str
    factor: int
    base_year: int
    year: int
    product_default: bool = Field(description="The list is the product's and no policy of the city")
    clause: Sequence[str]
    counts: RdGrowthCounts | None = Field(description="With the first page")
    items: Sequence[RdGrowthItem]
    next_cursor: str | None
