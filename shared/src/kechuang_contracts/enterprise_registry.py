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
