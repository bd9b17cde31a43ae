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
    """The county accepted a filing; `supersedes` names the filing it corrects."""

    aggregate_kind: ClassVar[str] = "filing"
    name: ClassVar[str] = "verified"
    organisation: str
    form: str
    period: str
    statistical: bool
    supersedes: str | None
    verified_on: date


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
