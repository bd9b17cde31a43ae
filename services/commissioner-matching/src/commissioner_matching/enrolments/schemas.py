"""What enrolments have in common on the wire."""

from datetime import date

from pydantic import Field

from kechuang.http.schemas import Input, Line, Prose, RecordOut


class EnrolmentCreate(Input):
    """Who enrols, where, and which unit sends them."""

    person: Line = Field(description="Id of the person's file")
    city: Line = Field(description="Area id of the city", examples=["440700"])
    division: Line | None = Field(default=None, description="County-level area; by default the city")
    organisation: str | None = Field(
        default=None, max_length=18, description="派出单位: its credit code; it must consent"
    )


class EnrolmentWarning(Input):
    """A warning and until when it stands."""

    reason: Prose
    until: date | None = Field(default=None, description="Last day; by default as the programme says")


class EnrolmentReason(Input):
    """Why; kept in history and audit."""

    reason: Prose


class EnrolmentOut(RecordOut):
    """What every enrolment shows."""

    person: str
    label: str
    consented_by: str | None
    activated_on: date | None
    warned_until: date | None
    warning: str | None
    ended_on: date | None
    cooling_until: date | None
