"""What enterprise-registry tells the others: organisations, authorisations, filings, recognitions."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from kechuang.messaging.events import Event
from kechuang_contracts.parties import Placed


class _Registry(Event):
    service: ClassVar[str] = "enterprise-registry"


class OrganisationChanged(_Registry, Placed):
    """A snapshot after any change; the newest version wins."""

    aggregate_kind: ClassVar[str] = "organisation"
    name: ClassVar[str] = "changed"
    uscc: str
    title: str
    kind: str
    scale: str | None
    industry: str | None
    chains: list[str]
    state: str
    affiliates: list[str] = Field(default_factory=list)


class OrganisationRegistered(_Registry, Placed):
    """Verified by its county: counted once."""

    aggregate_kind: ClassVar[str] = "organisation"
    name: ClassVar[str] = "registered"
    uscc: str
    kind: str
    registered_on: date


class AuthorisationChanged(_Registry):
    """A person's authorisation for an organisation, after any change; the newest version wins."""

    aggregate_kind: ClassVar[str] = "authorisation"
    name: ClassVar[str] = "changed"
    person: str
    organisation: str
    scopes: list[str]
    valid_from: date
    valid_to: date | None
    state: str


class FilingVerified(_Registry, Placed):
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


class FilingSuperseded(_Registry, Placed):
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


class RecognitionDecided(_Registry, Placed):
    """An organisation stands on a rung or holds an honour from a day on, by a decision."""

    aggregate_kind: ClassVar[str] = "recognition"
    name: ClassVar[str] = "decided"
    organisation: str
    kind: str
    level: str | None
    source: str
    decided_by: str
    document_no: str | None
    decided_on: date
    valid_from: date
    valid_to: date | None
    first_time: bool
    renews: str | None
    pack: str | None


class RecognitionEnded(_Registry, Placed):
    """A recognition ended: `expired`, `revoked`, `surrendered` or `superseded`.

    `corrected`: what was told of it before holds no more (`ended_on` lies before its first day); the corrected
    decision follows at once, with the same version.
    `ended_on` is the last day on which it was held: the end of its validity, or the day before the act.
    """

    aggregate_kind: ClassVar[str] = "recognition"
    name: ClassVar[str] = "ended"
    organisation: str
    kind: str
    outcome: str
    ended_on: date


class BudgetOpened(_Registry, Placed):
    """Money was set aside. `allocated`: it was taken from another budget and is no new money."""

    aggregate_kind: ClassVar[str] = "budget"
    name: ClassVar[str] = "opened"
    fund: str
    year: int
    funder: str
    spender: str
    allocated: bool
    amount_fen: int
    opened_on: date


class BudgetAllocated(_Registry, Placed):
    """Another service may spend `amount_fen` as a budget of its own; the record is that new budget."""

    aggregate_kind: ClassVar[str] = "budget"
    name: ClassVar[str] = "allocated"
    fund: str
    year: int
    funder: str
    spender: str
    parent: str
    amount_fen: int
    allocated_on: date


class BudgetClosed(_Registry, Placed):
    """Nothing can be booked on it any more; `amount_fen` is what it had after giving back its rest."""

    aggregate_kind: ClassVar[str] = "budget"
    name: ClassVar[str] = "closed"
    fund: str
    year: int
    spender: str
    amount_fen: int
    paid_fen: int
    closed_on: date


class SelectionRoundAwarded(_Registry, Placed):
    """A selection round was decided to the end; the honours themselves are told as recognitions.

    `kind` is `selection` or `review`, `target` the kind of the recognitions; `quota_taken` counts all rounds.
    """

    aggregate_kind: ClassVar[str] = "selection-round"
    name: ClassVar[str] = "awarded"
    kind: str
    honour: str
    target: str
    node: str
    document_no: str
    awarded_on: date
    awarded: int
    removed: int
    kept: int
    quota_kind: str
    quota_value: int | None
    quota_taken: int
    pack: str | None


class ReservePoolMemberJoined(_Registry, Placed):
    """An enterprise was put into the reserve for a rung."""

    aggregate_kind: ClassVar[str] = "reserve-pool-member"
    name: ClassVar[str] = "joined"
    organisation: str
    pool: str
    rung: str
    joined_on: date
    pack: str | None


class ReservePoolMemberEnded(_Registry, Placed):
    """A member went out of the pool: `graduated` (it counts as converted) or `left`.

    `ended_on` is the day on which it went: the first on which it is no member.
    """

    aggregate_kind: ClassVar[str] = "reserve-pool-member"
    name: ClassVar[str] = "ended"
    organisation: str
    pool: str
    rung: str
    outcome: str
    ended_on: date
    recognition: str | None


class _BenefitMoney(_Registry, Placed):
    aggregate_kind: ClassVar[str] = "benefit-grant"
    organisation: str
    rule: str
    rule_version: str
    mode: str
    fund: str | None
    year: int
    amount_fen: int


class BenefitGranted(_BenefitMoney):
    """An organisation has a right to a benefit: offered and accepted, settled at once, or approved."""

    name: ClassVar[str] = "granted"
    granted_on: date


class BenefitPaid(_BenefitMoney):
    """A benefit was paid."""

    name: ClassVar[str] = "paid"
    budget: str
    paid_on: date


class BenefitRecovered(_BenefitMoney):
    """A paid benefit, or a part of it, came back; `amount_fen` is this part."""

    name: ClassVar[str] = "recovered"
    budget: str
    recovered_on: date


class FinanceNeedFunded(_Registry, Placed):
    """A bank lent to an enterprise; one event a loan."""

    aggregate_kind: ClassVar[str] = "finance-need"
    name: ClassVar[str] = "funded"
    organisation: str
    bank: str
    product: str
    guaranteed: bool
    risk_pool: str | None
    amount_fen: int
    funded_on: date


class RiskPoolChanged(_Registry, Placed):
    """A risk compensation pool after any change; the newest version wins."""

    aggregate_kind: ClassVar[str] = "risk-pool"
    name: ClassVar[str] = "changed"
    contributed_fen: int
    compensated_fen: int
    recovered_fen: int
    balance_fen: int
    state: str


class _EnterpriseCase(_Registry, Placed):
    """A case (企业服务事项) of a kind of the city's pack; `organisation` is null for a campaign."""

    aggregate_kind: ClassVar[str] = "enterprise-case"
    organisation: str | None
    kind: str
    action: str | None


class EnterpriseCaseOpened(_EnterpriseCase):
    """Opened; `targets` counts the organisations that a campaign turns to."""

    name: ClassVar[str] = "opened"
    opened_on: date
    due_on: date | None
    targets: int


class EnterpriseCaseResolved(_EnterpriseCase):
    """Its owner says that it is resolved; `on_time` by the last day it had then. May happen again after `reopened`."""

    name: ClassVar[str] = "resolved"
    resolved_on: date
    on_time: bool


class EnterpriseCaseConfirmed(_EnterpriseCase):
    """The one served agrees: counted from here on."""

    name: ClassVar[str] = "confirmed"
    confirmed_on: date
    satisfaction: int | None


class EnterpriseCaseReopened(_EnterpriseCase):
    """Sent back: what `resolved` or `confirmed` said holds no longer."""

    name: ClassVar[str] = "reopened"
    reopened_on: date


class EnterpriseCaseClosed(_EnterpriseCase):
    """Closed for good, from the state it was in."""

    name: ClassVar[str] = "closed"
    closed_on: date
    from_state: str


class EnterpriseCaseContactLogged(_EnterpriseCase):
    """A contact with an organisation; `first` of this case with it. `led_to` names resources of records."""

    name: ClassVar[str] = "contact-logged"
    contacted_on: date
    way: str
    first: bool
    led_to: list[str]


class RegisterRecordConfirmed(_Registry, Placed):
    """A register record (platform, carrier, tenant, product …) counts from `valid_from` on.

    `standing` is counted, or apart for what is counted apart; `dimensions` are the kind's fields that counts
    may be split by, and read like fields of the event. A correction ends the old record and confirms a new one.
    """

    aggregate_kind: ClassVar[str] = "register-record"
    name: ClassVar[str] = "confirmed"
    group: str
    kind: str
    level: str | None
    organisation: str | None
    parent: str | None
    chain: str | None
    standing: str
    dimensions: dict[str, str | bool | int]
    valid_from: date
    valid_to: date | None
    supersedes: str | None
    pack: str | None


class RegisterRecordEnded(_Registry, Placed):
    """A register record no longer counts: `expired`, `ended` or `corrected`.

    `ended_on` is the last day on which it held; a corrected one never held: the day before its first.
    """

    aggregate_kind: ClassVar[str] = "register-record"
    name: ClassVar[str] = "ended"
    group: str
    kind: str
    level: str | None
    organisation: str | None
    standing: str
    outcome: str
    ended_on: date


class AllianceActivated(_Registry, Placed):
    """An alliance works from a day on: its lead, its members, its one chain."""

    aggregate_kind: ClassVar[str] = "alliance"
    name: ClassVar[str] = "activated"
    kind: str
    level: str | None
    chain: str | None
    lead: str
    members: list[str]
    valid_from: date
    pack: str | None


class AllianceDissolved(_Registry, Placed):
    """An alliance ended; `ended_on` is the last day on which it was active."""

    aggregate_kind: ClassVar[str] = "alliance"
    name: ClassVar[str] = "dissolved"
    kind: str
    chain: str | None
    lead: str
    ended_on: date


class PointEntryRecorded(_Registry, Placed):
    """An entry of innovation points (企业创新积分). The balance of a day is the sum of entries booked up to it.

    `points` are hundredths and below zero for the counter-entry that `reverses` another.
    """

    aggregate_kind: ClassVar[str] = "point-entry"
    name: ClassVar[str] = "recorded"
    organisation: str
    rule: str
    points: int
    booked_on: date
    reverses: str | None
    pack: str | None


class PointEntryReversed(_Registry, Placed):
    """An entry was taken back by the counter-entry that is named; that one was told by itself."""

    aggregate_kind: ClassVar[str] = "point-entry"
    name: ClassVar[str] = "reversed"
    organisation: str
    rule: str
    counter_entry: str
    reversed_on: date
