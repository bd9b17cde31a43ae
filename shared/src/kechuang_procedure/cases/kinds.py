"""Kinds of cases: what differs between an assistance request, a plan, a campaign … A service reads them from packs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kechuang.calendar import Period
from kechuang.text import Text

About = Literal["organisation", "targets", "nobody"]
Confirmer = Literal["organisation", "officer", "nobody"]
Contacts = Literal["none", "many", "once_each"]
Superior = Literal["division", "city", "unit"]

OFFICES: Final[Mapping[str, frozenset[str]]] = {
    "organisation": frozenset({"enterprise_clerk", "enterprise_signatory", "sending_unit"}),
    "township": frozenset({"township_officer"}),
    "county": frozenset({"county_officer", "zone_officer"}),
    "city": frozenset({"city_officer", "city_approver"}),
    "department": frozenset({"department_officer"}),
    "supervisor": frozenset({"supervisor"}),
    "integration": frozenset({"integration"}),
}
"""The words that a pack uses for who may open a case, and the roles that they stand for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each stage may last; None is without limit. A period starts the day after the stage began."""

    assign: Period | None = None
    start: Period | None = None
    resolve: Period | None = None
    confirm: Period | None = None
    fast_lane: Period | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One step of the escalation chain (升级层级): to whom, how long after the missed day; None is at once."""

    to: Superior
    after: Period | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of cases under one version of a pack.

    `pack` is the stamp that the case keeps. `exclusive` allows one live case of the kind an organisation.
    `catalogue` names the list that `action` is taken from; None: the kind has no actions. `measures_first`
    asks for a measure before work starts.
    """

    code: str
    name: Text
    pack: str
    about: About
    opened_by: frozenset[str]
    confirmed_by: Confirmer
    limits: Limits
    escalation: tuple[Level, ...] = ()
    contacts: Contacts = "none"
    exclusive: bool = False
    catalogue: str | None = None
    measures_first: bool = False
