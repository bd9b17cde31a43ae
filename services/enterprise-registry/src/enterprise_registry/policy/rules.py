"""The conditions of a ladder's nodes as everybody may read them: every dated version, with its transition."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from enterprise_registry.policy import schemas
from enterprise_registry.policy.library import Library, stamp
from kechuang_packs import Pack
from kechuang_packs.models.conditions import Condition, Rule, Transition
from kechuang_packs.models.ladder import Node


def rules_of(shelf: Library, pack: Pack, day: date) -> Iterator[schemas.LadderRule]:
    """The rules of a pack's nodes, in the order of the ladder, the earliest version first; national ones included."""
    assert pack.ladder is not None, "asked of packs with a ladder"
    for node in pack.ladder.ladder.nodes:
        owner_id, code = shelf.canonical(pack, node.code).split("/")
        owner = next(each for each in shelf.packs.visible(pack).packs if each.id == owner_id)
        yield from _derived(pack, node, day)
        for rule in sorted(owner.rules, key=lambda each: each.in_force_from):
            if rule.node == code:
                yield _shown(owner, node.code, rule, day)


def _shown(owner: Pack, node: str, rule: Rule, day: date) -> schemas.LadderRule:
    return schemas.LadderRule(
        node=node, rule=rule.id, version=rule.version, pack=stamp(owner),
        name=schemas.PolicyName(zh=rule.name.zh, en=rule.name.en), in_force_from=rule.in_force_from,
        in_force_to=rule.in_force_to, in_force=_holds(rule.in_force_from, rule.in_force_to, day),
        clause=list(rule.clause), document=rule.document, source=rule.source.value, confidence=rule.confidence,
        transition=_transition(rule.transition), condition=_tree(rule.condition),
    )  # fmt: skip


def _derived(pack: Pack, node: Node, day: date) -> Iterator[schemas.LadderRule]:
    """A derived node is true while its condition holds; its version is that of the pack."""
    if node.condition is not None:
        first = node.in_force_from or pack.header.in_force_from
        yield schemas.LadderRule(
            node=node.code, rule=node.code, version=pack.version, pack=stamp(pack),
            name=schemas.PolicyName(zh=node.name.zh, en=node.name.en), in_force_from=first,
            in_force_to=node.in_force_to, in_force=_holds(first, node.in_force_to, day),
            clause=list(node.clause), document=node.document, source=node.source.value,
            confidence=node.confidence, transition=None, condition=_tree(node.condition),
        )  # fmt: skip


def _holds(first: date, last: date | None, day: date) -> bool:
    return first <= day and (last is None or day <= last)


def _transition(found: Transition) -> schemas.LadderTransition:
    return schemas.LadderTransition(
        held_titles=found.held_titles,
        reviews_under_previous_until=found.reviews_under_previous_until,
        applications_under_previous_until=found.applications_under_previous_until,
        words=found.words,
        clause=list(found.clause),
    )


def _tree(condition: Condition) -> dict[str, Any]:
    """As it is written, with what is left out left out."""
    return condition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
