"""Every event that the other services declare becomes a fact: a new event takes part by being declared."""

from inspect import isclass
from types import ModuleType

from indicators.facts.store import fact, write_fact
from kechuang.messaging.events import Event
from kechuang.messaging.handlers import AnyHandler, Handler
from kechuang_contracts import commissioner_matching, enterprise_registry, project_bidding


def declared_in(*modules: ModuleType) -> list[type[Event]]:
    """List the event classes of contract modules, by subject."""
    found = {
        each
        for module in modules
        for each in vars(module).values()
        if isclass(each) and issubclass(each, Event) and "name" in vars(each)
    }
    return sorted(found, key=lambda each: each.subject())


EVENTS = declared_in(enterprise_registry, commissioner_matching, project_bidding)
KINDS = {f"{each.aggregate_kind}.{each.name}": each for each in EVENTS}
HANDLERS: tuple[AnyHandler, ...] = tuple(
    Handler(each, write_fact, name="facts", derives=(fact,)) for each in EVENTS
)
