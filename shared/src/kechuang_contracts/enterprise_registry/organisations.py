"""Organisations and who may act for them."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class OrganisationChanged(Registry, Placed):
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


class OrganisationRegistered(Registry, Placed):
    """Verified by its county: counted once."""

    aggregate_kind: ClassVar[str] = "organisation"
    name: ClassVar[str] = "registered"
    uscc: str
    kind: str
    registered_on: date


class AuthorisationChanged(Registry):
    """A person's authorisation for an organisation, after any change; the newest version wins."""

    aggregate_kind: ClassVar[str] = "authorisation"
    name: ClassVar[str] = "changed"
    person: str
    organisation: str
    scopes: list[str]
    valid_from: date
    valid_to: date | None
    state: str
