"""The nodes of a pack's ladder, ready to run: their rules on a day, their derived conditions, who stands where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from enterprise_registry.ladders.assess import OccasionName, assess
from enterprise_registry.ladders.conditions import CompiledRule, compile_condition, compile_rule
from enterprise_registry.ladders.factbase import FactBase
from enterprise_registry.ladders.relations import Relations
from enterprise_registry.ladders.results import Result
from kechuang_packs import Pack, Packs


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an organisation stands on a day: nodes held by recognition, those that follow, those that facts make."""

    held: frozenset[str]
    closed: frozenset[str]
    """held, implied and covered"""
    derived: frozenset[str]

    @property
    def nodes(self) -> frozenset[str]:
        """All of them."""
        return self.closed | self.derived


@lru_cache(maxsize=512)
def compiled(packs: Packs, owner: tuple[str, str], rule_id: str, rule_version: str) -> CompiledRule:
    """A rule of a pack version, compiled once."""
    pack = packs.version(*owner)
    rule = next(each for each in pack.rules if (each.id, each.version) == (rule_id, rule_version))
    return compile_rule(packs, pack, rule)


def rule_on(
    packs: Packs, pack: Pack, ref: str, on: dt.date, occasion: OccasionName = "first"
) -> CompiledRule | None:
    """The compiled rule that decides a node on the day; None where no document gives one."""
    found = packs.rule(pack, ref, on, occasion)
    if found is None:
        return None
    owner, rule = found
    return compiled(packs, (owner.id, owner.version), rule.id, rule.version)


@lru_cache(maxsize=64)
def derived_nodes(packs: Packs, pack_id: str, version: str) -> Mapping[str, CompiledRule]:
    """The derived nodes that a pack version sees, in the order of their text, with their conditions."""
    found: dict[str, CompiledRule] = {}
    for seen in packs.visible(packs.version(pack_id, version)).packs:
        for node in seen.ladder.ladder.nodes if seen.ladder else ():
            if node.condition is not None:
                name = packs.canonical(seen, node.code)
                found.setdefault(name, compile_condition(packs, seen, node.condition, node.code))
    return found


def stand(
    relations: Relations,
    derived: Mapping[str, CompiledRule],
    facts: FactBase,
    held: Iterable[str],
    on: dt.date,
) -> Standing:
    """Where an organisation stands that holds these recognitions.

    A derived node may rest on another one, so they are tried until nothing is added. One that a node already
    stood upon excludes is not added: a recognition is an act, and what follows from facts gives way to it.
    """
    recognised = frozenset(held)
    closed = relations.closed(recognised)
    standing, grown = closed, True
    while grown:
        grown = False
        for name, rule in derived.items():
            if name in standing or relations.conflicts(name, standing):
                continue
            if assess(rule, facts, standing, on).result is Result.met:
                standing, grown = standing | relations.closed({name}), True
    return Standing(recognised, closed, standing - closed)
