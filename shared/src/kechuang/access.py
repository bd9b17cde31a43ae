"""Who may do what: the actor, the sight tokens of a record, and the permission table.

A record carries `sight`: the tokens of everybody who may see it (`owner:<USCC>`, `party:<USCC>`,
`person:<id>`, `self:<subject>`, `place:<area>`, `opened:<area>`, `unit:<id>`, `public`). An actor's roles grant an action within a scope;
scope and claims give the tokens that the actor holds for that action. The actor reaches a record when
the two sets meet, or when a role's scope is `all`. One array and one index serve every resource, every
list query and every decision, so a permission cannot be forgotten in one of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

ALL = "all"
ROLES = (
    "public", "enterprise_clerk", "enterprise_signatory", "sending_unit", "commissioner", "expert",
    "carrier", "bank", "evaluator", "township_officer", "county_officer", "zone_officer",
    "city_officer", "city_approver", "department_officer", "finance_officer", "supervisor",
    "integration", "auditor", "administrator", "security_administrator",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the verified claims of a token, or a service acting by itself."""

    subject: str
    roles: frozenset[str] = frozenset()
    areas: tuple[str, ...] = ()
    unit: str | None = None
    organisation: str | None = None
    person: str | None = None
    client: str | None = None
    is_system: bool = False

    @classmethod
    def system(cls, service: str) -> "Actor":
        """The service itself, when an event or a timer makes it act."""
        return cls(subject=f"service:{service}", is_system=True)

    def claims(self) -> dict[str, Any]:
        """Give what a durable job needs in order to act for the same actor later."""
        return {
            "subject": self.subject,
            "roles": sorted(self.roles),
            "areas": list(self.areas),
            "unit": self.unit,
            "organisation": self.organisation,
            "person": self.person,
            "client": self.client,
            "is_system": self.is_system,
        }

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> "Actor":
        """Undo `claims`."""
        return cls(
            **{**claims, "roles": frozenset(claims["roles"]), "areas": tuple(claims["areas"])},
        )


ANONYMOUS = Actor(subject="anonymous", roles=frozenset({"public"}))


def owner(uscc: str | None) -> tuple[str, ...]:
    """Tokens of the organisation a record belongs to; an owner is a party too."""
    return (f"owner:{uscc}", f"party:{uscc}") if uscc else ()


def party(*usccs: str | None) -> tuple[str, ...]:
    """Tokens of organisations that take part."""
    return tuple(f"party:{each}" for each in usccs if each)


def person(*ids: str | None) -> tuple[str, ...]:
    """Tokens of persons whom the record is about or assigned to."""
    return tuple(f"person:{each}" for each in ids if each)


def own(subject: str) -> tuple[str, ...]:
    """Token of the one who made it, whoever that is: jobs, uploads."""
    return (f"self:{subject}",)


def place(*areas: str | None) -> tuple[str, ...]:
    """Tokens of the areas whose officers see the record: city, county, zones."""
    return tuple(f"place:{each}" for each in areas if each)


def opened(*areas: str | None) -> tuple[str, ...]:
    """Tokens of the areas to whose third parties (banks) the owner opened the record."""
    return tuple(f"opened:{each}" for each in areas if each)


def unit(*units: str | None) -> tuple[str, ...]:
    """Tokens of the departments that are named in the record."""
    return tuple(f"unit:{each}" for each in units if each)


PUBLIC = ("public",)


_TOKENS: Mapping[str, Callable[[Actor], tuple[str, ...]]] = {
    "owner": lambda actor: (f"owner:{actor.organisation}",) if actor.organisation else (),
    "party": lambda actor: party(actor.organisation),
    "person": lambda actor: person(actor.person),
    "self": lambda actor: own(actor.subject),
    "place": lambda actor: place(*actor.areas),
    "opened": lambda actor: opened(*actor.areas),
    "unit": lambda actor: unit(actor.unit),
    "public": lambda _: PUBLIC,
}
SCOPES = frozenset({*_TOKENS, ALL})


@dataclass(frozen=True)
class PermissionTable:
    """Role × action × scope, read from one YAML file a service (`kechuang_contracts/permissions`)."""

    grants: Mapping[str, Mapping[str, tuple[str, ...]]] = field(repr=False)

    @classmethod
    def load(cls, package: str, *names: str) -> "PermissionTable":
        """Read `<name>.yaml` files of a package and refuse unknown roles and scopes."""
        grants: dict[str, dict[str, tuple[str, ...]]] = {}
        for name in names:
            text = files(package).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
            for resource, actions in yaml.load(
                text, Loader=yaml.CSafeLoader
            ).items():  # every process does this
                for action, roles in actions.items():
                    if action == "title":
                        continue
                    grants[f"{resource}:{action}"] = {
                        role: _scopes(f"{resource}:{action}", role, scopes)
                        for role, scopes in (roles or {}).items()
                    }
        return cls(grants)

    def knows(self, action: str) -> bool:
        """Tell whether the table has a row for this action."""
        return action in self.grants

    def may_ever(self, actor: Actor, action: str) -> bool:
        """Tell whether one of the actor's roles may do this with some record."""
        if actor.is_system:
            return True
        return not self.grants[action].keys().isdisjoint(actor.roles | {"public"})

    def tokens(self, actor: Actor, action: str) -> frozenset[str] | None:
        """Give the tokens that the actor holds for the action; None means every record."""
        if actor.is_system:
            return None
        return _held(self, actor, action)

    def permits(self, actor: Actor, action: str, sight: Iterable[str]) -> bool:
        """Tell whether the actor may do this with a record of this sight."""
        held = self.tokens(actor, action)
        return held is None or not held.isdisjoint(sight)

    def __hash__(self) -> int:
        """Identity: a table is loaded once and never changed."""
        return id(self)


@lru_cache(maxsize=4096)
def _held(table: PermissionTable, actor: Actor, action: str) -> frozenset[str] | None:
    held: set[str] = set()
    roles = table.grants[action]
    for role in actor.roles | {"public"}:
        for scope in roles.get(role, ()):
            if scope == ALL:
                return None
            held.update(_TOKENS[scope](actor))
    return frozenset(held)


def _scopes(action: str, role: str, scopes: str | list[str]) -> tuple[str, ...]:
    listed = tuple(scopes.split()) if isinstance(scopes, str) else tuple(scopes)
    if role not in ROLES:
        raise ValueError(f"{action}: unknown role {role!r}")
    for scope in listed:
        if scope not in SCOPES:
            raise ValueError(f"{action}: unknown scope {scope!r} for {role}")
    return listed
