"""An authorisation: requested by a clerk or granted by the signatory, in force between two days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "requested": Text("已申请", "Requested"),
    "granted": Text("已授权未生效", "Granted, not yet in force"),
    "active": Text("生效中", "Active"),
    "expired": Text("已到期", "Expired"),
    "revoked": Text("已撤销", "Revoked"),
}
SCOPES = {
    "draft": Text("填报", "Draft"),
    "submit": Text("提交", "Submit"),
    "sign": Text("签署", "Sign"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation(Record):
    """What a person may do for an organisation, from a day to the end of another (授权委托书)."""

    person: str
    scopes: Sequence[str]
    valid_from: date
    valid_to: date | None
    letter: str | None


MACHINE = Machine(
    "authorisations",
    STATES,
    "requested",
    (
        verb("grant", "授权", "Grant", from_="requested"),
        verb("revoke", "撤销", "Revoke", from_=("requested", "granted", "active"), to="revoked"),
        verb("activate", "生效", "Come into force", from_="granted", to="active", automatic=True),
        verb("expire", "到期", "Expire", from_=("granted", "active"), to="expired", automatic=True),
    ),
    awaits=(Awaits("requested", "grant"),),
)


def sight(authorisation: Authorisation) -> Iterable[str]:
    """The organisation, the person, and the officers of the organisation's place."""
    yield from access.owner(authorisation.organisation)
    yield from access.person(authorisation.person)
    yield from access.place(authorisation.city, authorisation.division)


def state_on(today: date, valid_from: date) -> str:
    """In force from the first day on, until then only granted."""
    return "active" if valid_from <= today else "granted"
