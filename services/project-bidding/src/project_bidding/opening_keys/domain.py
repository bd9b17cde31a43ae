"""An opening officer's public key; the private one never leaves the officer's own machine."""

from collections.abc import Iterable
from dataclasses import dataclass

from kechuang import access
from kechuang.access import Actor
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {"active": Text("有效", "Active"), "retired": Text("已停用", "Retired")}

MACHINE = Machine(
    "opening-keys",
    STATES,
    "active",
    (verb("retire", "停用", "Retire", from_="active", to="retired", decides=True),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningKey(Record):
    """`officer` is who holds the private key; `public_key` is the raw key in base64."""

    officer: str
    suite: str
    public_key: str


def officer_of(actor: Actor) -> str:
    """Name an officer: by person where the token names one."""
    return actor.person or actor.subject


def sight(key: OpeningKey) -> Iterable[str]:
    """Officers of the place."""
    yield from access.place(key.city)
