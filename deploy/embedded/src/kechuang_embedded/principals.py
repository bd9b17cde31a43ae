"""Whom the embedded issuer speaks for: the demonstration principals, and anybody else on demand."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ruamel.yaml import YAML

from kechuang.access import ROLES
from kechuang.codes.uscc import UsccError, check_uscc

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PERSONS_ROLES: Final = ("commissioner", "expert")


class UnknownPrincipalError(ValueError):
    """The request names nobody that a token can be given to."""


@dataclass(frozen=True, slots=True)
class Principal:
    """What a token says of its holder."""

    roles: tuple[str, ...]
    areas: tuple[str, ...] = ()
    unit: str | None = None
    organisation: str | None = None
    person: str | None = None
    client: str | None = None

    @property
    def subject(self) -> str:
        return self.person or self.client or "-".join((*self.roles, *self.areas))

    def claims(self) -> dict[str, Any]:
        claims: dict[str, Any] = {"sub": self.subject, "roles": list(self.roles), "areas": list(self.areas)}
        named = {"unit": self.unit, "organisation": self.organisation, "person": self.person}
        return claims | {name: value for name, value in named.items() if value}


@cache
def demonstration_principals() -> dict[str, Principal]:
    """By name, as `principals.yaml` lists them."""
    text = files("kechuang_embedded").joinpath("principals.yaml").read_text(encoding="utf-8")
    document: dict[str, dict[str, Any]] = YAML(typ="safe").load(text)
    return {name: _listed(entry) for name, entry in document.items()}


def _listed(entry: dict[str, Any]) -> Principal:
    lists: dict[str, Any] = {name: tuple(entry.get(name, ())) for name in ("roles", "areas")}
    return Principal(**(entry | lists))


def on_demand(
    *,
    principal: str = "",
    person: str = "",
    organisation: str = "",
    role: str = "",
    area: str = "",
    unit: str = "",
) -> Principal:
    """The principal that the parameters of a token request describe: a demonstration principal by name, or
    `person` (by default as commissioner and expert), `organisation` with `role`, or `role` with `area`. `role`
    and `area` may list several, separated by blanks; `person` beside others tells apart who acts.
    """
    if principal:
        return _by_name(principal)
    known = {each.person: each for each in demonstration_principals().values() if each.person}
    if person in known and not (organisation or role or area):
        return known[person]
    roles, areas = tuple(role.split()), tuple(area.split())
    _check_ids((*areas, *filter(None, (person, unit))))
    if unknown := set(roles) - set(ROLES) | set(roles) & {"public"}:
        raise UnknownPrincipalError(f"no such role: {', '.join(sorted(unknown))}")
    if organisation:
        organisation = _organisation(organisation)
        if not roles:
            raise UnknownPrincipalError("organisation=<USCC> needs role=<role>")
        person = person or f"person-{organisation}-{roles[0]}"
    elif not roles and person:
        roles = _PERSONS_ROLES
    elif not roles or not (areas or person):
        raise UnknownPrincipalError(
            "give principal=<name>, person=<id>, organisation=<USCC>&role=<role> or role=<role>&area=<id>"
        )
    person = person or f"person-{'-'.join((*roles, *areas))}"
    return Principal(
        roles=roles, areas=areas, unit=unit or None, organisation=organisation or None, person=person
    )


def _by_name(name: str) -> Principal:
    try:
        return demonstration_principals()[name]
    except KeyError:
        raise UnknownPrincipalError(f"no demonstration principal {name!r}") from None


def _organisation(code: str) -> str:
    try:
        return check_uscc(code)
    except UsccError as error:
        raise UnknownPrincipalError(f"organisation: {error}") from error


def _check_ids(ids: Iterable[str]) -> None:
    for each in ids:
        if _ID.fullmatch(each) is None:
            raise UnknownPrincipalError(f"not an id: {each!r}")
