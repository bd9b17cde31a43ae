"""Affiliation 关联关系 between need owner and solver: the way from one to the other, edge by edge.

Control (parent and subsidiary, controlling shareholder, same controller, same legal representative) is
followed over any number of steps, so that two subsidiaries of one parent are found although no edge joins
them. Weaker ties (a minority holding, shared key staff, kin of controllers) count only directly, and lead to a
person's judgement, as policy-facts 7.6 has it: a hit blocks or goes to manual review.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

RelationKind = Literal[
    "same_legal_person",
    "parent_subsidiary",
    "controlling_shareholding",
    "same_controller",
    "same_legal_representative",
    "minority_shareholding",
    "kin_of_controllers",
    "shared_key_staff",
]
CONTROL: Final[frozenset[RelationKind]] = frozenset(
    {
        "same_legal_person",
        "parent_subsidiary",
        "controlling_shareholding",
        "same_controller",
        "same_legal_representative",
    }
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A tie between two parties (organisations, or a person who controls one), declared or detected, dated.

    `valid_to` is the last day, None while it lasts; `evidence` says where it is known from.
    """

    one: str
    other: str
    kind: RelationKind
    evidence: str
    valid_from: date = date.min
    valid_to: date | None = None

    def on(self, day: date) -> bool:
        """Whether it holds on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def joins(self, a: str, b: str) -> bool:
        """Whether it ties exactly these two."""
        return {self.one, self.other} == {a, b}


def control_path(relations: Iterable[Relation], a: str, b: str, day: date) -> tuple[Relation, ...] | None:
    """The shortest chain of control from `a` to `b` on `day`; () when they are the same party, None without one."""
    if a == b:
        return ()
    edges: dict[str, list[tuple[str, Relation]]] = {}
    for relation in relations:
        if relation.kind in CONTROL and relation.on(day):
            edges.setdefault(relation.one, []).append((relation.other, relation))
            edges.setdefault(relation.other, []).append((relation.one, relation))
    ways: dict[str, tuple[Relation, ...]] = {a: ()}
    waiting = deque([a])
    while waiting:
        here = waiting.popleft()
        for there, relation in edges.get(here, []):
            if there not in ways:
                ways[there] = (*ways[here], relation)
                waiting.append(there)
    return ways.get(b)


def weaker_ties(relations: Sequence[Relation], a: str, b: str, day: date) -> tuple[Relation, ...]:
    """Direct ties short of control between `a` and `b` on `day`."""
    return tuple(r for r in relations if r.kind not in CONTROL and r.on(day) and r.joins(a, b))
