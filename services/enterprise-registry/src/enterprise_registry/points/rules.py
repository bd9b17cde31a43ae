"""The point rules of a city's pack: which of them a source meets, and for how many points."""

from collections.abc import Iterator

from enterprise_registry.ladders.vocabulary import span
from enterprise_registry.policy.facts import vocabulary_of
from enterprise_registry.policy.library import Library
from kechuang_packs import Pack
from kechuang_packs.models.scoring import PointRule
from kechuang_packs.quantities import parse_points
from kechuang_packs.scalar import Value


def rules(shelf: Library, pack: Pack) -> Iterator[PointRule]:
    """Give the rules that a pack sees, its own first; a code of its own hides another's."""
    seen: set[str] = set()
    for each in shelf.packs.visible(pack).packs:
        for rule in each.scoring.points:
            if rule.code not in seen:
                seen.add(rule.code)
                yield rule


def for_recognition(
    shelf: Library, pack: Pack, node: str, *, first_time: bool
) -> Iterator[tuple[PointRule, int]]:
    """Give the rules that a recognition of a node (by its one name) meets, with hundredths of points."""
    for rule in rules(shelf, pack):
        nodes = {shelf.canonical(pack, each) for each in rule.holds if shelf.find_node(pack, each)}
        if node in nodes and (first_time or not rule.first_time):
            yield rule, parse_points(rule.points or 0)


def for_register(shelf: Library, pack: Pack, kind: str) -> Iterator[tuple[PointRule, int]]:
    """Give the rules that a confirmed record of a kind meets."""
    for rule in rules(shelf, pack):
        if rule.register_ == kind:
            yield rule, parse_points(rule.points or 0)


def for_event(shelf: Library, pack: Pack, event: str) -> Iterator[tuple[PointRule, int]]:
    """Give the rules that an event of another service meets."""
    for rule in rules(shelf, pack):
        if rule.event == event:
            yield rule, parse_points(rule.points or 0)


def banded(shelf: Library, pack: Pack, rule: PointRule, value: Value) -> int:
    """The points of a fact's rule for a value; 0 where no band has it."""
    unit = vocabulary_of(shelf.packs, pack)[rule.fact or ""].unit
    return next((parse_points(band.points) for band in rule.bands if span(band, unit).holds(value)), 0)
