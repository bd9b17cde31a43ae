"""State machines as tables.

One table says which verb leads from which states to which state; the transition itself, the list of
allowed actions, the specification's labels and the drawn documentation all read the same table.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kechuang.errors import StateForbids
from kechuang.text import Text


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verb is not allowed now."""

    code: str
    detail: Text


Guard = Callable[[Any], Iterable[Reason]]


@dataclass(frozen=True, slots=True)
class Verb:
    """A transition.

    `to` is None where the state stays. `decides` demands `If-Match` and an idempotency key.
    `handles` notes the actor among those who handled the record; `not_by_handler` refuses them
    (who handled a matter does not decide it). `guards` see the record alone and are pure.
    `authority` is the scope of authorisation that a person needs who acts for an organisation.
    """

    name: str
    label: Text
    from_: frozenset[str]
    to: str | None
    decides: bool = False
    handles: bool = False
    not_by_handler: bool = False
    authority: str | None = None
    guards: tuple[Guard, ...] = ()
    automatic: bool = False


def verb(
    name: str,
    zh: str,
    en: str,
    *,
    from_: str | Iterable[str],
    to: str | None = None,
    **options: Any,
) -> Verb:
    """Declare a verb; `from_` is one state or several."""
    states = frozenset([from_] if isinstance(from_, str) else from_)
    return Verb(name, Text(zh, en), states, to, **options)


@dataclass(frozen=True, slots=True)
class Awaits:
    """In `state`, somebody is expected to do `verb`: the source of work items."""

    state: str
    verb: str
    days: int | None = None


@dataclass(frozen=True)
class Machine:
    """The states of one resource, their labels, and the verbs between them."""

    resource: str
    states: Mapping[str, Text]
    initial: str
    verbs: tuple[Verb, ...]
    awaits: tuple[Awaits, ...] = ()
    _by_name: dict[str, Verb] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a table that names an unknown state: a typing error here would strand records."""
        by_name = {each.name: each for each in self.verbs}
        object.__setattr__(self, "_by_name", by_name)
        if len(by_name) != len(self.verbs):
            raise ValueError(f"{self.resource}: a verb is declared twice")
        for each in self.verbs:
            unknown = (each.from_ | ({each.to} if each.to else set())) - set(self.states)
            if unknown:
                raise ValueError(f"{self.resource}: verb {each.name} names unknown states {unknown}")
        for wait in self.awaits:
            if wait.state not in self.states or wait.verb not in by_name:
                raise ValueError(f"{self.resource}: awaits {wait} names an unknown state or verb")

    def verb(self, name: str) -> Verb:
        """Give the verb of this name."""
        return self._by_name[name]

    def allowed_in(self, state: str) -> list[str]:
        """Name the verbs that a person may use in this state."""
        return [each.name for each in self.verbs if state in each.from_ and not each.automatic]

    def require(self, name: str, state: str) -> Verb:
        """Give the verb if the state allows it, or refuse with what is allowed instead."""
        found = self._by_name[name]
        if state in found.from_:
            return found
        label = self.states.get(state, Text(state, state))
        raise StateForbids(
            Text(
                f"当前状态为“{label.zh}”，不能{found.label.zh}。",
                f"The record is “{label.en}” ({state}); it cannot be “{found.label.en}” now.",
            ),
            extra={"state": state, "allowed": self.allowed_in(state)},
        )
