"""facts.yaml: what is filed and what is derived from it; classifications by table (size classes)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from kechuang_packs.models.common import Code, FactKey, Item, Literal_, Provenance, Strict, Text


class Unit(StrEnum):
    """Units of facts. Values are whole numbers of the smallest part (see kechuang_packs.quantities)."""

    CNY = "CNY"  # stored in fen
    percent = "percent"  # stored in parts per million
    ratio = "ratio"  # a pair numerator/denominator, derived facts only
    person = "person"
    person_month = "person_month"
    item = "item"
    point = "point"  # stored in hundredths
    day = "day"
    month = "month"
    year = "year"
    flag = "flag"
    code = "code"
    date = "date"


class PeriodKind(StrEnum):
    """What a value of the fact is about."""

    year = "year"
    quarter = "quarter"
    month = "month"
    instant = "instant"  # the state on a day: the latest value known on it
    static = "static"


class FactDefinition(Provenance):
    """A fact with its unit and period. `statistical: true` feeds totals only and no rule may read it."""

    key: FactKey
    name: Text
    definition: Text | None = Field(
        default=None, description="the scope: the same word differs between policies"
    )
    unit: Unit
    period: PeriodKind
    statistical: bool = False
    codelist: Code | None = None
    codes: tuple[str, ...] = Field(default=(), description="allowed values of a code fact")
    minimum: Literal_ | None = 0
    maximum: Literal_ | None = None
    form: Code | None = Field(default=None, description="the form that files it")
    alias: tuple[str, ...] = Field(default=(), description="Chinese names by which expressions may call it")
    expression: str | None = Field(default=None, description="makes it a derived fact")
    on_zero: Literal["unknown", "zero"] = Field(default="unknown", description="value when a divisor is 0")

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if self.unit is Unit.ratio and self.expression is None:
            raise ValueError("unit ratio is for derived facts; file a percent or two amounts")
        if self.codes and self.unit is not Unit.code:
            raise ValueError("codes are for facts of unit code")
        return self


class SizeLimit(Strict):
    """The lower limits of one class, one for each indicator of the row."""

    code: Code
    lower: dict[FactKey, Literal_] = Field(min_length=1)


class ClassificationRow(Strict):
    """The limits for some values of the `by` fact, from the highest class down."""

    when: tuple[str, ...] = Field(min_length=1)
    name: Text
    classes: tuple[SizeLimit, ...] = Field(min_length=1)


class Classification(Item):
    """A code fact read from a table: the highest class all of whose lower limits are reached, else `otherwise`."""

    fact: FactKey = Field(description="the code fact that it defines")
    by: FactKey
    period: PeriodKind = PeriodKind.year
    rows: tuple[ClassificationRow, ...] = Field(min_length=1)
    otherwise: Code


class FactsFile(Strict):
    """facts.yaml"""

    facts: tuple[FactDefinition, ...] = ()
    classifications: tuple[Classification, ...] = ()
