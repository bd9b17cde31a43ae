"""Filings that the county accepted, and what took their place."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class FilingVerified(Registry, Placed):
    """The county accepted a filing; `supersedes` names the filing it corrects, which counts no more.

    `counted_on`: the day its figures count on; a correction keeps the day of what it corrects. `totals` are the
    numbers that its form adds to totals: whole ones, money in fen under codes that end in `_fen`.
    """

    aggregate_kind: ClassVar[str] = "filing"
    name: ClassVar[str] = "verified"
    organisation: str
    form: str
    period: str
    statistical: bool
    supersedes: str | None
    verified_on: date
    counted_on: date | None = None
    totals: dict[str, int] = Field(default_factory=dict)


class FilingSuperseded(Registry, Placed):
    """A correction took the place of a verified filing: its figures never held.

    `superseded_on` therefore lies on the day before it counted; `by` is the correction.
    """

    aggregate_kind: ClassVar[str] = "filing"
    name: ClassVar[str] = "superseded"
    organisation: str
    form: str
    period: str
    statistical: bool
    by: str
    superseded_on: date
