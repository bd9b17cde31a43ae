"""Re-running a kept assessment (复算): from its own inputs, under the versions of pack and rule that it names.

Facts that were corrected since, recognitions that ended and newer versions of the pack change nothing in it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from enterprise_registry.applications.store import applications
from enterprise_registry.assessments.explain import answer_of
from enterprise_registry.ladders.conditions import CompiledRule
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.nodes import compiled, derived_nodes
from enterprise_registry.ladders.vocabulary import Vocabulary
from enterprise_registry.policy.facts import stored, vocabulary_of
from enterprise_registry.policy.library import Library, library
from kechuang.db.unit import ReadUnit
from kechuang.errors import Conflict
from kechuang.records import plain
from kechuang.text import Text
from kechuang_packs import Pack


async def of_application(unit: ReadUnit, record_id: str) -> dict[str, Any]:
    """Make the assessment that an application keeps anew, and say whether it is the same."""
    found = await applications.get(unit, record_id)
    kept = found.assessment
    if kept is None or "inputs" not in kept:
        raise Conflict(
            Text(
                "该申报未保存测评：尚未提交，或该梯次没有可机读的条件。",
                "This application keeps no assessment: not submitted yet, or the node has no rule that can be read.",
            ),
            code="no_assessment_kept",
        )
    again = again_from(library(unit), kept)
    differs = sorted(key for key in kept.keys() | again.keys() if kept.get(key) != again.get(key))
    return {"same": not differs, "differs": differs, "kept": kept, "again": again}


def again_from(shelf: Library, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The answer from the kept inputs; nothing is read from the database, and the clock is not asked."""
    pack = shelf.stamped(kept["pack"])
    rule = _rule(shelf, pack, kept)
    words = vocabulary_of(shelf.packs, pack)
    base = FactBase(
        words, date.fromisoformat(kept["as_of"]), dict(_filed(words, each) for each in kept["inputs"])
    )
    found = answer_of(
        shelf, pack, rule, base, frozenset(kept["held"]), kept["target"], kept["occasion"]
    )  # fmt: skip
    again: dict[str, Any] = plain({"organisation": kept["organisation"], "what_if": kept["what_if"], **found})
    return again


def _rule(shelf: Library, pack: Pack, kept: Mapping[str, Any]) -> CompiledRule:
    derived = derived_nodes(shelf.packs, pack.id, pack.version).get(kept["node"])
    if derived is not None:
        return derived
    owner_id = kept["node"].partition("/")[0]
    owner = next(each for each in shelf.packs.visible(pack).packs if each.id == owner_id)
    return compiled(shelf.packs, (owner.id, owner.version), kept["rule"], kept["rule_version"])


def _filed(words: Vocabulary, each: Mapping[str, Any]) -> tuple[FactRef, Filed]:
    return (each["fact"], each["year"]), Filed(stored(words[each["fact"]], each["value"]), each["verified"])
