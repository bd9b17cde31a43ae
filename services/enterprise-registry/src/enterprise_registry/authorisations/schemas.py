"""Authorisations on the wire."""

from datetime import date
from typing import Literal

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Line, Prose, RecordOut

EXAMPLE = {
    "organisation": "91440703MATE000L4P",
    "person": "person-clerk",
    "scopes": ["draft", "submit"],
    "valid_from": "2024-03-01",
    "valid_to": "2025-02-28",
    "letter": "授权委托书 2024-03-01",
}


class AuthorisationCreate(Input):
    """What a person may do for the organisation; a year at most is usual, no end is allowed."""

    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    person: Line = Field(description="The person's id, as in the token's claim `person`")
    scopes: list[Literal["draft", "submit", "sign"]] = Field(min_length=1, max_length=3)
    valid_from: date
    valid_to: date | None = Field(default=None, description="Last day, inclusive")
    letter: Line | None = Field(default=None, description="授权委托书: a file id or the letter's number")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class AuthorisationRevoke(Input):
    """Why it ends."""

    reason: Prose


class AuthorisationOut(RecordOut):
    """An authorisation."""

    person: str
    scopes: list[str]
    valid_from: date
    valid_to: date | None
    letter: str | None
