"""Cases: assistance, plans, visits, campaigns."""

from datetime import date
from typing import ClassVar

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class _EnterpriseCase(Registry, Placed):
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
