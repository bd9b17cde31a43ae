"""A whole ladder on one day, run over many organisations at once or over one with the explanation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from enterprise_registry.ladders.assess import Assessment, OccasionName, assess
from enterprise_registry.ladders.columns import MET, UNMET, Trace, assess_columns
from enterprise_registry.ladders.conditions import CompiledRule
from enterprise_registry.ladders.deciding import Rows, deciding_columns, deciding_leaf
from enterprise_registry.ladders.fact_columns import Codes, FactColumns, Mask
from enterprise_registry.ladders.factbase import FactBase
from enterprise_registry.ladders.nodes import derived_nodes, rule_on, stand
from enterprise_registry.ladders.relations import Relations, relations_of
from enterprise_registry.ladders.results import Result
from enterprise_registry.ladders.vocabulary import Vocabulary, vocabulary
from kechuang_packs import Pack, Packs

REQUIRES, EXCLUDES = "requires", "excludes"
"""Named as the deciding leaf where the relations between nodes decide, and no leaf."""


@dataclass(frozen=True, slots=True)
class NodeRules:
    """How a node is judged: holders by the rule for reviews, others by the one for first applications."""

    name: str
    first: CompiledRule | None
    review: CompiledRule | None
    derived: bool = False


@dataclass(frozen=True, slots=True)
class LadderPlan:
    """All nodes that a pack sees and that a rule or condition decides, on one day."""

    on: dt.date
    vocabulary: Vocabulary
    relations: Relations
    derived: Mapping[str, CompiledRule]
    nodes: tuple[NodeRules, ...]


def plan_of(packs: Packs, pack: Pack, on: dt.date, rules_on: dt.date | None = None) -> LadderPlan:
    """Plan the ladder of a pack version, the national nodes that it sees included.

    Facts are read as of `on`. The rules are those in force on `rules_on`, which may lie ahead of the facts.
    """
    derived = derived_nodes(packs, pack.id, pack.version)
    nodes: dict[str, NodeRules] = {
        name: NodeRules(name, rule, rule, derived=True) for name, rule in derived.items()
    }
    for seen in packs.visible(pack).packs:
        for node in seen.ladder.ladder.nodes if seen.ladder else ():
            name = packs.canonical(seen, node.code)
            if name not in nodes:
                first, review = (
                    rule_on(packs, seen, node.code, rules_on or on, each) for each in ("first", "review")
                )
                if first is not None or review is not None:
                    nodes[name] = NodeRules(name, first, review)
    words = vocabulary(packs, pack.id, pack.version)
    relations = relations_of(packs, pack.id, pack.version)
    return LadderPlan(on, words, relations, derived, tuple(nodes[name] for name in sorted(nodes)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one node and one organisation, and what decided."""

    result: Result
    leaf: str | None


def judge(plan: LadderPlan, facts: FactBase, held: Collection[str]) -> dict[str, Verdict]:
    """Every node for one organisation, by the explained engine: what the columns must agree with."""
    standing = stand(plan.relations, plan.derived, facts, held, plan.on)
    found: dict[str, Verdict] = {}
    for node in plan.nodes:
        holder = node.name in standing.closed
        rule = node.review if holder else node.first
        if rule is None:
            found[node.name] = Verdict(Result.not_applicable, None)
            continue
        occasion: OccasionName = "review" if holder and not node.derived else "first"
        answer = assess(rule, facts, standing.nodes, plan.on, occasion)
        found[node.name] = _related(plan, node, answer, standing.nodes, holder=holder)
    return found


def _related(
    plan: LadderPlan, node: NodeRules, answer: Assessment, standing: frozenset[str], *, holder: bool
) -> Verdict:
    if answer.result in (Result.unmet, Result.not_applicable):
        return Verdict(answer.result, deciding_leaf(answer))
    if not holder and plan.relations.unmet(node.name, standing):
        return Verdict(Result.unmet, REQUIRES)
    if not holder and plan.relations.conflicts(node.name, standing):
        return Verdict(Result.unmet, EXCLUDES)
    return Verdict(answer.result, deciding_leaf(answer))


class PlanColumns:
    """The same for many organisations."""

    def __init__(self, plan: LadderPlan, facts: FactColumns) -> None:
        self._plan, self._size = plan, facts.size
        self._none = np.zeros(facts.size, bool)
        closed = self._closed(dict(facts.held))
        self._closed_held: Mapping[str, Mask] = closed
        standing = dict(closed)
        grown = True
        while grown:
            grown = False
            for name, rule in plan.derived.items():
                met = assess_columns(rule, facts.with_held(standing)) == MET
                added = met & ~standing.get(name, self._none) & ~self._conflicting(name, standing)
                if added.any():
                    standing, grown = self._closed(standing, {name: added}), True
        self._facts = facts.with_held(standing)
        self._standing: Mapping[str, Mask] = standing

    def _closed(self, held: dict[str, Mask], more: Mapping[str, Mask] | None = None) -> dict[str, Mask]:
        """The masks of what is held, with all that stands with it."""
        found = dict(held)
        for start, mask in (more if more is not None else held).items():
            for name in self._plan.relations.closed({start}):
                found[name] = found[name] | mask if name in found else mask
        return found

    def _any(self, names: Collection[str], standing: Mapping[str, Mask]) -> Mask:
        masks = [standing[name] for name in names if name in standing]
        return reduce(np.logical_or, masks) if masks else self._none

    def _conflicting(self, name: str, standing: Mapping[str, Mask]) -> Mask:
        return self._any(self._plan.relations.excludes.get(name, frozenset()) - {name}, standing)

    def judge(self, node: NodeRules) -> NodeColumns:
        """One node for all."""
        holders = self._closed_held.get(node.name, self._none)
        first = _Run.over(node.first, self._facts, "first")
        same = node.first is node.review and not (node.first and _by_occasion(node.first))
        if node.derived or same or not holders.any():
            review = first
        else:
            review = _Run.over(node.review, self._facts, "review")
        result = first.result if review is first else np.where(holders, review.result, first.result)
        requires, excludes = self._none, self._none
        open_ = (result > UNMET) & ~holders
        for each in self._plan.relations.requires.get(node.name, ()):
            requires = requires | (open_ & ~self._any(each.any_of, self._standing))
        if self._plan.relations.excludes.get(node.name):
            excludes = open_ & ~requires & self._conflicting(node.name, self._standing)
        result = np.where(requires | excludes, UNMET, result)
        return NodeColumns(result, holders, first, review, requires, excludes)


@dataclass(frozen=True, slots=True)
class _Run:
    rule: CompiledRule | None
    result: Codes
    trace: Trace

    @classmethod
    def over(cls, rule: CompiledRule | None, facts: FactColumns, occasion: OccasionName) -> _Run:
        trace: Trace = {}
        if rule is None:
            return cls(None, np.full(facts.size, np.int8(Result.not_applicable)), trace)
        return cls(rule, assess_columns(rule, facts, occasion, trace), trace)

    def deciding(self, rows: Rows) -> list[str | None]:
        if self.rule is None:
            return [None] * len(rows)
        chosen, ids = deciding_columns(self.rule, self.result, self.trace, rows)
        return [ids[place] for place in chosen[rows].tolist()]


@dataclass(frozen=True, slots=True)
class NodeColumns:
    """One node for many organisations: results, who holds it, and what decided on demand."""

    result: Codes
    holders: Mask
    first: _Run
    review: _Run
    requires: Mask
    excludes: Mask

    def deciding(self, rows: Rows) -> list[str | None]:
        """What decided for these rows."""
        found: dict[int, str | None] = dict.fromkeys(rows.tolist())
        for run, here in ((self.first, ~self.holders), (self.review, self.holders)):
            mine = rows[here[rows]]
            found.update(zip(mine.tolist(), run.deciding(mine), strict=True))
        found.update(dict.fromkeys(rows[self.requires[rows]].tolist(), REQUIRES))
        found.update(dict.fromkeys(rows[self.excludes[rows]].tolist(), EXCLUDES))
        return [found[row] for row in rows.tolist()]


def _by_occasion(rule: CompiledRule) -> bool:
    """Whether any part looks at one occasion alone."""
    from enterprise_registry.ladders.conditions import Group, Part
    from kechuang_packs.models.conditions import Occasion

    def differs(part: Part) -> bool:
        return (
            part.applies_to is not Occasion.both
            or (isinstance(part.test, Group) and any(map(differs, part.test.parts)))
            or (part.waived_by is not None and differs(part.waived_by))
        )

    return differs(rule.root)
