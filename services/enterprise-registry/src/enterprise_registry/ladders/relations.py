"""What the nodes of a ladder say about one another: imply, cover, exclude, require (蕴含、涵盖、互斥、前置).

All names are canonical (`pack-id/code`). A city's node and the national one it stands for are one name, and what
either says holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from kechuang_packs import Pack, Packs
from kechuang_packs.models.ladder import LadderFile


@dataclass(frozen=True, slots=True)
class Requirement:
    """At least one of these must be held before the node is applied for or decided."""

    any_of: frozenset[str]
    skipping: bool = False
    """whether it comes from a ladder whose rungs may not be skipped, and not from the node itself"""


@dataclass(frozen=True, slots=True)
class Relations:
    """The relations that one pack version sees."""

    given: Mapping[str, frozenset[str]]
    """node → nodes that stand with it: what it implies, and every union that covers it"""
    requires: Mapping[str, tuple[Requirement, ...]]
    excludes: Mapping[str, frozenset[str]]
    """node → nodes that may not stand beside it; both ways round"""

    def closed(self, held: Iterable[str]) -> frozenset[str]:
        """What is held, with all that stands with it."""
        found: set[str] = set()
        waiting = list(held)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.given.get(name, ())
        return frozenset(found)

    def unmet(self, node: str, standing: Collection[str]) -> tuple[Requirement, ...]:
        """The requirements of the node that nothing in `standing` fulfils."""
        return tuple(each for each in self.requires.get(node, ()) if each.any_of.isdisjoint(standing))

    def conflicts(self, node: str, standing: Collection[str]) -> frozenset[str]:
        """What stands already and excludes the node."""
        return self.excludes.get(node, frozenset()) & frozenset(standing) - {node}


@lru_cache(maxsize=64)
def relations_of(packs: Packs, pack_id: str, version: str) -> Relations:
    """The relations that a pack version sees; gathered once."""
    pack = packs.version(pack_id, version)
    given: dict[str, set[str]] = {}
    requires: dict[str, set[Requirement]] = {}
    excludes: dict[str, set[str]] = {}
    for seen in packs.visible(pack).packs:
        if seen.ladder is not None:
            _gather(packs, seen, seen.ladder, (given, requires, excludes))
    return Relations(
        {name: frozenset(each) for name, each in given.items()},
        {
            name: tuple(sorted(each, key=lambda one: (one.skipping, sorted(one.any_of))))
            for name, each in requires.items()
        },
        {name: frozenset(each) for name, each in excludes.items()},
    )


_Gathered = tuple[dict[str, set[str]], dict[str, set[Requirement]], dict[str, set[str]]]


def _gather(packs: Packs, pack: Pack, file: LadderFile, into: _Gathered) -> None:
    given, requires, excludes = into

    def name(ref: str) -> str:
        return packs.canonical(pack, ref)

    for node in file.ladder.nodes:
        own = name(node.code)
        given.setdefault(own, set()).update(map(name, node.implies))
        for part in node.covers:
            given.setdefault(name(part), set()).add(own)
        requires.setdefault(own, set()).update(Requirement(frozenset({name(ref)})) for ref in node.requires)
        for ref in node.excludes:
            excludes.setdefault(own, set()).add(name(ref))
            excludes.setdefault(name(ref), set()).add(own)
    if not file.ladder.skipping:
        before: dict[str, set[str]] = {}
        for edge in file.ladder.edges:
            before.setdefault(name(edge.to), set()).add(name(edge.from_))
        for own, earlier in before.items():
            requires.setdefault(own, set()).add(Requirement(frozenset(earlier), skipping=True))


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the ladder: from a node, or into the ladder where `start` is None."""

    start: str | None
    to: str
    meaning: Mapping[str, str] | None


@lru_cache(maxsize=64)
def steps_of(packs: Packs, pack_id: str, version: str) -> tuple[Step, ...]:
    """The steps of a pack's own ladder: its edges, the order of its tracks, and the ways in."""
    pack = packs.version(pack_id, version)
    if pack.ladder is None:
        return ()
    ladder = pack.ladder.ladder
    steps: dict[tuple[str | None, str], Step] = {}

    def add(start: str | None, to: str, meaning: Mapping[str, str] | None = None) -> None:
        steps.setdefault((start, to), Step(start, to, meaning))

    for edge in ladder.edges:
        words = None if edge.meaning is None else {"zh": edge.meaning.zh, "en": edge.meaning.en}
        add(packs.canonical(pack, edge.from_), packs.canonical(pack, edge.to), words)
    for track in ladder.tracks:
        names = [packs.canonical(pack, ref) for ref in track.nodes]
        for start, to in pairwise(names):
            add(start, to)
    reached = {step.to for step in steps.values()}
    for node in ladder.nodes:
        name = packs.canonical(pack, node.code)
        if node.on_ladder and node.gained_by != "derived" and not node.covers and name not in reached:
            add(None, name)
    return tuple(steps.values())


def open_steps(steps: Collection[Step], standing: Collection[str]) -> list[Step]:
    """The steps from where an organisation stands, and the ways in; none to what lies behind it already."""

    def passed(node: str) -> bool:
        seen, waiting = {node}, [node]
        while waiting:
            here = waiting.pop()
            if here in standing:
                return True
            further = {step.to for step in steps if step.start == here} - seen
            seen |= further
            waiting += further
        return False

    return [step for step in steps if (step.start is None or step.start in standing) and not passed(step.to)]
