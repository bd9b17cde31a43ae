"""Which facts, nodes, documents, periods, forms and messages a pack can name: its own and those of the packs it refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kechuang_packs.models.cases import CaseKind
from kechuang_packs.models.content import Codelist, FormDefinition, MessageTemplate, NoticePeriod
from kechuang_packs.models.facts import Classification, FactDefinition
from kechuang_packs.models.ladder import Node
from kechuang_packs.models.pack import Pack


class UnknownReferenceError(LookupError):
    """A reference that leads nowhere."""


@dataclass
class Visible:
    """What one pack sees; `clashes` are keys defined twice among the packs it sees."""

    packs: tuple[Pack, ...]
    facts: dict[str, FactDefinition | Classification] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    codelists: dict[str, Codelist] = field(default_factory=dict)
    periods: dict[str, NoticePeriod] = field(default_factory=dict)
    forms: dict[str, FormDefinition] = field(default_factory=dict)
    case_kinds: dict[str, CaseKind] = field(default_factory=dict)
    messages: dict[str, MessageTemplate] = field(default_factory=dict)
    areas: set[str] = field(default_factory=set)
    clashes: list[tuple[str, str, str]] = field(default_factory=list)

    def node(self, ref: str) -> tuple[Pack, Node]:
        """The node behind `code` or `pack-id/code`."""
        pack_id, _, code = ref.rpartition("/")
        for pack in self.packs if pack_id else self.packs[:1]:
            if pack_id in ("", pack.id) and pack.ladder is not None:
                for node in pack.ladder.ladder.nodes:
                    if node.code == code:
                        return pack, node
        raise UnknownReferenceError(f"no node {ref}")

    def fact_key(self, name: str) -> str | None:
        """The key of a fact called by key or alias."""
        return name if name in self.facts else self.aliases.get(name)


def version_key(version: str) -> tuple[int, ...]:
    """Versions in their order: 2024.10 comes after 2024.9."""
    return tuple(int(part) for part in version.split("."))


def visible_from(pack: Pack, packs: Mapping[tuple[str, str], Pack]) -> Visible:
    """What the pack sees, itself first; references to packs that are not there are left out."""
    order: list[Pack] = []
    waiting = [pack]
    while waiting:
        current = waiting.pop(0)
        if current in order:
            continue
        order.append(current)
        waiting += [
            packs[r.pack, r.version] for r in current.header.refers_to if (r.pack, r.version) in packs
        ]
    visible = Visible(packs=tuple(order))
    for seen in order:
        _add(visible, seen)
    return visible


def _add(visible: Visible, pack: Pack) -> None:
    def put(table: dict[str, Any], kind: str, key: str, value: Any) -> None:
        if key in table:
            visible.clashes.append((kind, key, pack.id))
        table.setdefault(key, value)

    for fact in pack.facts.facts:
        put(visible.facts, "fact", fact.key, fact)
        visible.owners.setdefault(fact.key, pack.id)
        for alias in fact.alias:
            put(visible.aliases, "alias", alias, fact.key)
    for classification in pack.facts.classifications:
        put(visible.facts, "fact", classification.fact, classification)
        visible.owners.setdefault(classification.fact, pack.id)
    for codelist in pack.codelists.codelists:
        put(visible.codelists, "code list", codelist.code, codelist)
    nearest: tuple[tuple[dict[str, Any], Any], ...] = (
        (visible.periods, pack.periods.periods),
        (visible.forms, pack.forms),
        (visible.case_kinds, pack.cases.kinds),
        (visible.messages, pack.messages.messages),
    )
    for table, items in nearest:  # a pack's own stands before those it refers to
        for each in items:
            table.setdefault(each.code, each)
    visible.areas |= {area.id for area in pack.areas.areas}


def canonical_node(visible: Callable[[Pack], Visible], pack: Pack, ref: str) -> str:
    """`pack-id/code` with `same_as` followed to its end; UnknownReferenceError when it leads nowhere or in a circle."""
    seen: set[str] = set()
    while True:
        owner, node = visible(pack).node(ref)
        name = f"{owner.id}/{node.code}"
        if name in seen:
            raise UnknownReferenceError(f"same_as goes in a circle at {name}")
        seen.add(name)
        if node.same_as is None:
            return name
        pack, ref = owner, node.same_as
