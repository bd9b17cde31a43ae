"""Codes are unique, references lead somewhere, ladders and requirements do not go in circles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import BaseModel

from kechuang_packs.checks.walk import lists, walk
from kechuang_packs.models import (
    areas,
    bidding,
    cases,
    conditions,
    content,
    facts,
    indicators,
    ladder,
    programmes,
    registers,
)
from kechuang_packs.models.benefits import BenefitRule
from kechuang_packs.models.common import Provenance
from kechuang_packs.models.conditions import Condition
from kechuang_packs.models.pack import Pack
from kechuang_packs.reading import Path_
from kechuang_packs.visibility import UnknownReferenceError, Visible

# (model, field) → what the field's codes name. Fields that hold one code or several are treated alike.
REFERENCES: Mapping[tuple[type[BaseModel], str], str] = {
    (ladder.CountTarget, "indicator"): "indicator",
    (ladder.PopulationTarget, "indicator"): "indicator",
    (programmes.ProgrammeTarget, "indicator"): "indicator",
    (bidding.YearlyAim, "indicator"): "indicator",
    (registers.PlatformGoal, "indicator"): "indicator",
    (registers.AllianceKind, "indicator"): "indicator",
    (indicators.Target, "indicator"): "indicator",
    (indicators.Relation, "indicator"): "indicator",
    (indicators.Relation, "of"): "indicator",
    (registers.PlatformGoal, "register_kind"): "register kind",
    (registers.RegisterKind, "parent"): "register kind",
    (registers.CoverageRule, "indicator"): "indicator",
    (registers.CoverageRule, "register_kinds"): "register kind",
    (registers.CoverageRule, "programmes"): "commissioner programme",
    (registers.CoveragePopulation, "listed_in"): "register kind",
    (registers.CoveragePopulation, "holds"): "node",
    (registers.CoveragePopulation, "fact"): "fact",
    (registers.AllianceLead, "listed_in"): "register kind",
    (registers.AllianceLead, "holds"): "node",
    (programmes.Training, "kind"): "register kind",
    (programmes.CommissionerProgramme, "talent_programme"): "talent programme",
    (programmes.CommissionerProgramme, "public_notice"): "period",
    (bidding.Step, "period"): "period",
    (bidding.BiddingProgramme, "periods"): "period",
    (content.ServiceItem, "time_limit"): "period",
    (cases.CaseLimits, "assign"): "period",
    (cases.CaseLimits, "start"): "period",
    (cases.CaseLimits, "resolve"): "period",
    (cases.CaseLimits, "confirm"): "period",
    (cases.CaseLimits, "fast_lane"): "period",
    (cases.EscalationLevel, "after"): "period",
    (bidding.BiddingProgramme, "forms"): "form",
    (programmes.TalentProgramme, "form"): "form",
    (facts.FactDefinition, "form"): "form",
    (indicators.Feed, "form"): "form",
    (facts.FactDefinition, "codelist"): "code list",
    (bidding.PanelRules, "criteria"): "scoring model",
    (indicators.Assessment, "scheme"): "scoring model",
    (ladder.Honour, "scheme"): "scoring model",
    (ladder.Honour, "exclusive_with"): "honour",
    (ladder.Honour, "benefits"): "honour benefit",
    (bidding.BiddingProgramme, "lists"): "list",
    (bidding.Focus, "chains"): "chain",
    (bidding.Focus, "fields"): "field",
    (areas.Chain, "fields"): "field",
    (areas.TechnologyField, "parent"): "field",
    (areas.Chain, "group"): "field group",
    (areas.TechnologyField, "group"): "field group",
    (indicators.Indicator, "family"): "family",
    (conditions.Rule, "supersedes"): "rule",
    (ladder.Node, "same_as"): "node",
    (ladder.Node, "implies"): "node",
    (ladder.Node, "excludes"): "node",
    (ladder.Node, "requires"): "node",
    (ladder.Node, "covers"): "node",
    (ladder.Edge, "from_"): "node",
    (ladder.Edge, "to"): "node",
    (ladder.Track, "nodes"): "node",
    (ladder.ReservePool, "for_node"): "node",
    (ladder.PopulationTarget, "covers"): "node",
    (ladder.Honour, "open_to"): "node",
    (ladder.Honour, "node"): "node",
    (conditions.Rule, "node"): "node",
    (conditions.HoldsLeaf, "holds"): "node",
    (bidding.Eligibility, "holds_any"): "node",
    (content.ServiceItem, "open_to"): "node",
    (areas.Area, "parents"): "area",
    (indicators.Target, "area"): "area",
    (indicators.Milestone, "areas"): "area",
}


def duplicates(pack: Pack, visible: Visible) -> Iterator[tuple[Path_, str]]:
    """The same code twice in one list, the same fact or code list in two packs."""
    for path, items in lists(pack):
        seen: set[str] = set()
        for index, item in enumerate(items):
            key = _key_of(item)
            if key is not None and key in seen:
                yield (*path, index), f"{key} stands here twice"
            seen.add(key or "")
    for kind, key, owner in visible.clashes:
        yield ("header", "refers_to"), f"{kind} {key} is defined in more than one visible pack ({owner})"


def _key_of(item: BaseModel) -> str | None:
    if isinstance(item, BenefitRule):  # dated versions of one benefit stand beside each other
        return f"{item.code} {item.version}"
    for name in ("key", "code", "id"):
        value = getattr(item, name, None)
        if isinstance(value, str):
            return value
    return None


def references(pack: Pack, visible: Visible) -> Iterator[tuple[Path_, str]]:
    """Every code that names something names something that is there."""
    tables = _tables(pack, visible)
    for path, model in walk(pack):
        for (owner, field), kind in REFERENCES.items():
            if isinstance(model, owner):
                for ref in _codes(getattr(model, field)):
                    if not tables[kind](ref):
                        yield (*path, type(model).model_fields[field].alias or field), f"no {kind} {ref}"
        document = getattr(model, "document", None)
        if (
            isinstance(model, Provenance | conditions.FactLeaf)
            and document
            and not tables["document"](document)
        ):
            yield (*path, "document"), f"no document {document} in pack.yaml"


def _codes(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _tables(pack: Pack, visible: Visible) -> dict[str, Callable[[str], bool]]:
    def among(items: Iterable[Any]) -> Callable[[str], bool]:
        codes = {item.code for item in items}
        return lambda ref: ref in codes

    def node(ref: str) -> bool:
        try:
            visible.node(ref)
        except UnknownReferenceError:
            return False
        return True

    honours = pack.ladder.honours if pack.ladder else ()
    benefits = pack.ladder.honour_benefits if pack.ladder else ()
    documents = {document.id for document in pack.header.documents}
    rules = {rule.id for rule in pack.rules}
    return {
        "indicator": among(pack.indicators.indicators),
        "family": among(pack.indicators.families),
        "register kind": among(kind for seen in visible.packs for kind in seen.registers.kinds),
        "talent programme": among(pack.talent.programmes),
        "commissioner programme": among(pack.commissioners.programmes),
        "fact": lambda ref: visible.fact_key(ref) is not None,
        "period": visible.periods.__contains__,
        "form": visible.forms.__contains__,
        "code list": visible.codelists.__contains__,
        "scoring model": among(model for seen in visible.packs for model in seen.scoring.models),
        "honour": among(honours),
        "honour benefit": among(benefits),
        "list": among(entry for group in pack.lists.groups for entry in group.lists),
        "chain": among(chain for seen in visible.packs for chain in seen.chains.chains),
        "field": among(entry for seen in visible.packs for entry in seen.fields.fields),
        "field group": among(group for seen in visible.packs for group in seen.fields.groups),
        "rule": rules.__contains__,
        "document": documents.__contains__,
        "area": visible.areas.__contains__,
        "node": node,
    }


def ladder_cycles(pack: Pack, _visible: Visible) -> Iterator[tuple[Path_, str]]:
    """Edges, requires, implies, covers, same_as and derived conditions lead upwards and never back."""
    if pack.ladder is None:
        return
    nodes = pack.ladder.ladder.nodes
    at: dict[str, Path_] = {n.code: ("ladder", "ladder", "nodes", i) for i, n in enumerate(nodes)}
    steps: dict[str, dict[str, set[str]]] = {
        "edges": {},
        "requires": {n.code: set(n.requires) for n in nodes},
        "implies": {n.code: set(n.implies) for n in nodes},
        "covers": {n.code: set(n.covers) for n in nodes},
        "condition": {n.code: _held_in(n.condition) for n in nodes},
    }
    for edge in pack.ladder.ladder.edges:
        steps["edges"].setdefault(edge.from_, set()).add(edge.to)
    for what, graph in steps.items():
        cycle = find_cycle(graph)
        if cycle:
            yield at.get(cycle[0], ("ladder",)), f"{what} go in a circle: {' → '.join(cycle)}"
    for node in nodes:
        if node.same_as is not None and node.same_as.rpartition("/")[0] in ("", pack.id):
            yield (*at[node.code], "same_as"), "same_as names a node of another pack"


def _held_in(condition: Condition | None) -> set[str]:
    if condition is None:
        return set()
    return {
        ref
        for leaf in conditions.leaves(condition)
        if isinstance(leaf, conditions.HoldsLeaf)
        for ref in leaf.holds
    }


def find_cycle(graph: Mapping[str, set[str]]) -> list[str] | None:
    """A circle in the graph, or None."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return None
