"""Observations on the wire."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer

from indicators.catalogue.periods import PATTERN
from kechuang.http.schemas import ExternalId, Input, Line, Prose, RecordOut

EXAMPLE = {
    "indicator": "jiujiang-2024.rd_activity_coverage",
    "period": "2024-Q1",
    "value": "42.5",
    "source": "市统计局",
}


def plain(value: Decimal) -> str:
    """Write a number without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


NumberIn = Annotated[
    Decimal,
    Field(max_digits=24, decimal_places=6, allow_inf_nan=False, description="Decimal number, as text"),
]
NumberOut = Annotated[Decimal, PlainSerializer(plain, return_type=str)]


class ObservationCreate(Input):
    """A reported value in the indicator's unit; a second one for the same cell revises the first."""

    indicator: Line = Field(description="Key `<pack>.<code>`")
    area: Line | None = Field(default=None, description="Area id; the pack's city when left out")
    period: str = Field(pattern=PATTERN, description="`2024`, `2024-H1`, `2024-Q1` or `2024-03`")
    value: NumberIn
    source: Line = Field(description="Who or what says so: an office, a yearbook, a document number")
    note: Prose | None = None
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class ObservationOut(RecordOut):
    """A reported value; `known_to` is null while it is the newest that is known."""

    indicator: str
    area: str
    period: str
    last_day: date
    value: NumberOut
    source: str
    note: str | None
    submission: str | None
    supersedes: str | None
    known_from: datetime
    known_to: datetime | None
