"""Dispatches on the wire."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from kechuang.http.schemas import Input, Line, Output, Prose, RecordOut

EXAMPLE = {
    "server_kind": "commissioner",
    "server": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42",
    "target_kind": "need",
    "target": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f43",
}


class DispatchCreate(Input):
    """A proposal: who is sent to whom.

    For `target_kind` `need` the target is the need's id and the host its owner; the programme is the
    commissioner's own.
    """

    server_kind: Literal["commissioner", "team", "organisation"] = "commissioner"
    server: Line = Field(
        description="Id of the commissioner or the team, or the credit code of the organisation"
    )
    target_kind: Literal["need", "enterprise", "organisation", "township", "village", "chain", "cluster"]
    target: Line = Field(description="Id of the need, credit code, area id, or code of the chain or cluster")
    host: str | None = Field(
        default=None, max_length=18, description="Organisation that confirms the service"
    )
    city: Line | None = Field(default=None, description="Where the target is no need: the city's area id")
    division: Line | None = Field(default=None, description="Its county; by default the host's, or the city")
    programme: Line | None = Field(default=None, description="For an organisation as server")
    level: Line | None = None


class DispatchAccept(Input):
    """Acceptance; `as` only where the caller could accept in several roles."""

    as_: Literal["server", "sending_unit", "host", "target", "county"] | None = Field(
        default=None, alias="as"
    )


class DispatchReason(Input):
    """Why; kept in history and audit."""

    reason: Prose


class DispatchSign(Input):
    """The agreement that all parties signed."""

    agreement_no: Line = Field(examples=["江科特派〔2024〕12号"])
    signed_on: date | None = Field(default=None, description="By default today")


class DispatchActivate(Input):
    """From when it runs; the end follows from the programme's term unless given."""

    valid_from: date | None = Field(default=None, description="First day; by default today")
    valid_to: date | None = Field(default=None, description="Last day; by default the programme's term")
    notice: Line | None = Field(default=None, description="公示 document, where the programme demands one")


class DispatchReplace(Input):
    """Who takes over, and why."""

    server: Line = Field(description="Id of the commissioner who takes over")
    reason: Prose


class DispatchAssess(Input):
    """The result of the assessment (考核)."""

    grade: Line = Field(description="Grade of the programme", examples=["excellent"])
    remarks: Prose | None = None


class DispatchContact(Output):
    """Who serves, in clear."""

    person: str
    name: str | None
    phone: str | None


class DispatchContacts(Output):
    """Who serves, in clear; never stored."""

    items: list[DispatchContact]


class DispatchOut(RecordOut):
    """A dispatch. `missing` names those who have not accepted yet."""

    server_kind: str
    server: str
    server_label: str
    persons: list[str]
    sending_unit: str | None
    target_kind: str
    target: str
    host: str | None
    need: str | None
    programme: str
    level: str | None
    required: list[str]
    acceptances: list[dict[str, Any]]
    missing: list[str]
    agreement_required: bool
    notice_required: bool
    agreement_no: str | None
    signed_on: date | None
    notice: str | None
    valid_from: date | None
    valid_to: date | None
    ended_on: date | None
    grade: str | None
    remarks: str | None
    replaces: str | None
    renews: str | None
