"""Submissions on the wire."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, PlainSerializer, model_validator

from indicators.catalogue.periods import PATTERN
from indicators.observations.schemas import NumberIn, plain
from kechuang.http.schemas import ExternalId, Input, Line, Prose, RecordOut, merge_patch

EXAMPLE = {
    "window": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42",
    "area": "360402",
    "period": "2024-Q1",
    "cells": [{"indicator": "jiujiang-2024.rd_activity_coverage", "value": "42.5"}],
}


class SubmissionCell(Input):
    """One reported value."""

    indicator: Line
    value: Annotated[NumberIn, PlainSerializer(plain, return_type=str)] = Field(examples=[Decimal("42.5")])
    reason: Prose | None = Field(default=None, description="Why it differs from what was expected")


class SubmissionCreate(Input):
    """What a unit reports for a period; `nil` without cells says that there is nothing to report."""

    window: Line = Field(description="Return window")
    area: Line = Field(description="Reporting area")
    period: str = Field(pattern=PATTERN)
    nil: bool = False
    cells: list[SubmissionCell] = Field(default_factory=list, max_length=500)
    comment: Prose | None = None
    revises: Line | None = Field(default=None, description="Published submission that this one corrects")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)

    @model_validator(mode="after")
    def _nil_has_no_cells(self) -> Self:
        if self.nil and self.cells:
            raise ValueError("a nil return has no cells")
        return self


@merge_patch
class SubmissionPatch(SubmissionCreate):
    """Fields to change (JSON Merge Patch)."""


class SubmissionOut(RecordOut):
    """A submission."""

    window: str
    area: str
    period: str
    nil: bool
    cells: list[dict[str, Any]]
    comment: str | None
    returns: list[dict[str, Any]]
    revises: str | None
    submitted_at: datetime | None
