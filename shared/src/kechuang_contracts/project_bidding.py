"""What project-bidding tells the others: calls, panels, awards, contracts, money, integrity."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, Field

from kechuang.messaging.events import Event
from kechuang_contracts.parties import Placed


class _Bidding(Event):
    service: ClassVar[str] = "project-bidding"


class CallPublished(_Bidding, Placed):
    """A call is open for bids; nothing that follows tells how many there are until it is opened."""

    aggregate_kind: ClassVar[str] = "call"
    name: ClassVar[str] = "published"
    number: str
    title: str
    mode: str
    programme: str
    chain: str | None
    fields: list[str]
    need: str | None
    need_owner: str | None
    budget_fen: int
    closes_at: str
    published_on: date


class CallOpened(_Bidding, Placed):
    """Two officers opened a call: from now on it may be known how many bids there are."""

    aggregate_kind: ClassVar[str] = "call"
    name: ClassVar[str] = "opened"
    number: str
    bids: int
    opened_on: date


class CallEnded(_Bidding, Placed):
    """A published call ended without an award: `no_award` or `cancelled`."""

    aggregate_kind: ClassVar[str] = "call"
    name: ClassVar[str] = "ended"
    number: str
    outcome: str
    ended_on: date


class Stratum(BaseModel):
    """How many seats go to experts of a kind."""

    kind: str
    seats: int


class ReviewPanelRequested(_Bidding, Placed):
    """Asks for a panel, after opening, since recusal needs the bidders. `run_by` are the subjects of the
    officers who run the call: they do not draw."""

    aggregate_kind: ClassVar[str] = "review-panel"
    name: ClassVar[str] = "requested"
    call: str
    call_number: str
    strata: list[Stratum]
    disciplines: list[str]
    recused_organisations: list[str]
    recused_persons: list[str]
    per_employer: int
    run_by: list[str] = Field(default_factory=list)


class AwardDecided(_Bidding, Placed):
    """The award of a call by a decision; `fields` are the call's."""

    aggregate_kind: ClassVar[str] = "award"
    name: ClassVar[str] = "decided"
    call: str
    bid: str
    lead: str
    members: list[str]
    amount_fen: int
    document_no: str
    decided_on: date
    programme: str | None = None


class ContractSigned(_Bidding, Placed):
    """All parties signed a task book or an agreement."""

    aggregate_kind: ClassVar[str] = "contract"
    name: ClassVar[str] = "signed"
    kind: str
    call: str
    need: str | None
    parties: list[str]
    total_fen: int
    fiscal_fen: int
    signed_on: date


class ContractAccepted(_Bidding, Placed):
    """The work was accepted; a need that was escalated into its call is resolved by this."""

    aggregate_kind: ClassVar[str] = "contract"
    name: ClassVar[str] = "accepted"
    call: str
    need: str | None
    outcome: str
    accepted_on: date
    programme: str | None = None


class MilestoneOverdue(_Bidding, Placed):
    """A milestone's due day has passed without approval."""

    aggregate_kind: ClassVar[str] = "contract-milestone"
    name: ClassVar[str] = "overdue"
    contract: str
    due_on: date


class TrancheReleased(_Bidding, Placed):
    """Money went out; one funder a tranche."""

    aggregate_kind: ClassVar[str] = "tranche"
    name: ClassVar[str] = "released"
    contract: str
    funder: str
    fiscal: bool
    amount_fen: int
    released_on: date


class IntegrityRecordChanged(_Bidding):
    """While in force: no bid, review, dispatch, recognition or benefit; the newest version wins."""

    aggregate_kind: ClassVar[str] = "integrity-record"
    name: ClassVar[str] = "changed"
    subject_kind: str
    subject_id: str
    measures: list[str]
    valid_from: date
    valid_to: date | None
    state: str
