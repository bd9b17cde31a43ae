"""What commissioner-matching tells the others: persons' roles, needs, dispatches, draws."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel

from kechuang.messaging.events import Event
from kechuang_contracts.parties import Placed


class _Matching(Event):
    service: ClassVar[str] = "commissioner-matching"


class CommissionerActivated(_Matching, Placed):
    """A person may be dispatched in a programme."""

    aggregate_kind: ClassVar[str] = "commissioner"
    name: ClassVar[str] = "activated"
    person: str
    programme: str
    level: str | None
    activated_on: date


class CommissionerEnded(_Matching, Placed):
    """A person's enrolment was suspended or ended."""

    aggregate_kind: ClassVar[str] = "commissioner"
    name: ClassVar[str] = "ended"
    person: str
    programme: str
    outcome: str
    ended_on: date


class TechnicalNeedSubmitted(_Matching, Placed):
    """An enterprise submitted a need; its confidential part stays where it is."""

    aggregate_kind: ClassVar[str] = "technical-need"
    name: ClassVar[str] = "submitted"
    organisation: str
    chain: str | None
    fields: list[str]
    submitted_on: date


class TechnicalNeedConfirmed(_Matching, Placed):
    """The enterprise confirmed that its need is resolved; only these count as problems solved."""

    aggregate_kind: ClassVar[str] = "technical-need"
    name: ClassVar[str] = "confirmed"
    organisation: str
    chain: str | None
    way: str
    dispatch: str | None
    contract: str | None
    confirmed_on: date


class TechnicalNeedReopened(_Matching, Placed):
    """A confirmed need was reopened: it no longer counts as solved."""

    aggregate_kind: ClassVar[str] = "technical-need"
    name: ClassVar[str] = "reopened"
    organisation: str
    reopened_on: date


class TechnicalNeedEscalated(_Matching, Placed):
    """A need becomes a draft call; the owner consented to the public text."""

    aggregate_kind: ClassVar[str] = "technical-need"
    name: ClassVar[str] = "escalated"
    organisation: str
    need_number: str
    public_title: str
    public_text: str
    fields: list[str]
    chain: str | None
    budget_fen: int | None
    consented_by: str
    consented_at: str


class DispatchActivated(_Matching, Placed):
    """A commissioner, team or organisation serves from a day on; persons, person-times and teams are
    counts of these same facts."""

    aggregate_kind: ClassVar[str] = "dispatch"
    name: ClassVar[str] = "activated"
    server_kind: str
    persons: list[str]
    team: str | None
    programme: str
    level: str | None
    target_kind: str
    target: str
    host: str | None
    need: str | None
    valid_from: date
    valid_to: date | None


class DispatchEnded(_Matching, Placed):
    """A dispatch was completed, recalled or replaced.

    `ended_on` is the first day that no longer counts as service: the day of the act, and for a term that ran
    out the day after its last one, which still counts whole.
    """

    aggregate_kind: ClassVar[str] = "dispatch"
    name: ClassVar[str] = "ended"
    outcome: str
    ended_on: date


class PanelSeat(BaseModel):
    """One drawn expert: the person's id only; names stay with the drawing officers."""

    seat: int
    person: str
    stratum: str


class ExpertDrawDrawn(_Matching):
    """A panel was drawn and confirmed, or one of a confirmed panel was replaced: the newest version wins.

    `record` is what asked for it: for a call the review panel's id, with the call's id in `call`.
    """

    aggregate_kind: ClassVar[str] = "expert-draw"
    name: ClassVar[str] = "drawn"
    purpose: str
    record: str
    call: str | None = None
    panel: list[PanelSeat]
    pool_digest: str
    drawn_on: date
