"""Turns the engine's answer into what goes over the wire: units written out, facts named, inputs kept."""

from typing import Any, Literal

from enterprise_registry.ladders.assess import Assessment, PartResult, assess
from enterprise_registry.ladders.conditions import CompiledRule, ScoreTest
from enterprise_registry.ladders.deciding import deciding_leaf
from enterprise_registry.ladders.factbase import FactBase, FactRef
from enterprise_registry.ladders.gaps import Gap, node_gap
from enterprise_registry.ladders.needs import facts_named
from enterprise_registry.ladders.relations import relations_of
from enterprise_registry.ladders.scores import ScoreResult
from enterprise_registry.ladders.vocabulary import Vocabulary
from enterprise_registry.policy.facts import shown, shown_stored
from enterprise_registry.policy.library import Library, stamp
from kechuang_packs import Pack
from kechuang_packs.models.facts import Classification, Unit
from kechuang_packs.visibility import Visible


def answer_of(
    shelf: Library,
    pack: Pack,
    rule: CompiledRule,
    base: FactBase,
    standing: frozenset[str],
    target: str,
    occasion: Literal["first", "review"],
) -> dict[str, Any]:
    """Assess and explain. Nothing but the arguments is looked at, so the same inputs give the same answer for ever.

    `standing`: canonical names of all nodes stood upon. The answer carries what it was made from (`inputs`, `held`,
    `pack`, `rule`, `rule_version`, `as_of`, `occasion`).
    """
    canonical = shelf.canonical(pack, target)
    answer = assess(rule, base, standing, base.on, occasion)
    gap = node_gap(answer, base, standing)
    explain = Explainer(shelf.packs.visible(pack), base.vocabulary)
    unmet = relations_of(shelf.packs, pack.id, pack.version).unmet(canonical, standing)
    return {
        "target": target,
        "node": canonical,
        "as_of": base.on,
        "occasion": occasion,
        "pack": stamp(pack),
        "rule": rule.id,
        "rule_version": rule.version,
        "result": answer.result.name,
        "decided_by": deciding_leaf(answer),
        "evidence": evidence_of(answer),
        "results": [explain.part(leaf) for leaf in answer.root.leaves()],
        "tree": explain.part(answer.root),
        "gaps": [explain.gap(each) for each in gap.gaps],
        "earliest": gap.earliest,
        "missing": [explain.ref(each) for each in answer.missing],
        "inputs": explain.inputs(rule, base),
        "held": sorted(standing),
        "requires_missing": sorted({shelf.local_code(pack, each) for one in unmet for each in one.any_of}),
    }


class Explainer:
    """Names and units of the facts that one pack sees."""

    def __init__(self, visible: Visible, words: Vocabulary) -> None:
        self._visible, self._words = visible, words

    def ref(self, ref: FactRef) -> dict[str, Any]:
        """A fact with its name."""
        found = self._visible.facts.get(ref[0])
        name = found.name.model_dump(include={"zh", "en"}) if found is not None else None
        return {"fact": ref[0], "name": name, "year": ref[1]}

    def inputs(self, rule: CompiledRule, base: FactBase) -> list[dict[str, Any]]:
        """Every filed fact that the rule could look at, as it was on the day: what a re-run starts from."""
        words = self._words
        keys = frozenset().union(*(words.filed(name) for name in facts_named(rule.root)))
        return [
            {
                **self.ref(ref),
                "value": shown_stored(words[ref[0]].unit, filed.value),
                "verified": filed.verified,
            }
            for ref, filed in sorted(base.filed.items(), key=str)
            if ref[0] in keys
        ]

    def unit(self, key: str | None) -> Unit | None:
        """The unit of a fact."""
        found = self._visible.facts.get(key or "")
        return None if found is None else Unit.code if isinstance(found, Classification) else found.unit

    def part(self, part: PartResult) -> dict[str, Any]:
        """One part of the condition with everything below it."""
        unit = self.unit(part.fact)
        return {
            "id": part.source.id,
            "kind": part.kind,
            "name": dict(part.source.name) if part.source.name else None,
            "result": part.result.name,
            "clause": list(part.source.clause),
            "document": part.source.document,
            "policy": part.source.policy,
            "evidence": part.evidence,
            "materials": list(part.source.evidence),
            "veto": part.part.veto,
            "waived": part.waived,
            "fact": self.ref((part.fact, None)) if part.fact else None,
            "unit": unit.value if unit else None,
            "comparator": part.comparator,
            "threshold": part.threshold,
            "observed": [
                {
                    "year": each.year,
                    "value": shown(unit, each.value) if unit else None,
                    "threshold": _threshold(unit, each.threshold),
                }
                for each in part.observed
            ],
            "holds": sorted(part.holds),
            "score": self._score(part, part.score) if part.score else None,
            "missing": [self.ref(each) for each in part.missing],
            "parts": [self.part(each) for each in part.parts],
            "waiver": self.part(part.waiver) if part.waiver else None,
        }

    def _score(self, part: PartResult, score: ScoreResult) -> dict[str, Any]:
        test = part.part.test
        assert isinstance(test, ScoreTest), "a score comes from a score test"
        return {
            "points": _points(score.low),
            "points_to": _points(score.high),
            "total": _points(test.total),
            "pass_mark": None if test.pass_mark is None else _points(test.pass_mark),
            "lines": [
                {
                    "block": each.block,
                    "line": each.line.id,
                    "name": dict(each.line.name),
                    "points": _points(each.points.low),
                    "points_to": _points(each.points.high),
                    "max": _points(each.line.max),
                    "measure": each.measure,
                    "clause": list(each.line.clause),
                    "missing": [self.ref(ref) for ref in each.missing],
                }
                for each in score.lines
            ],
        }

    def gap(self, gap: Gap) -> dict[str, Any]:
        """What one leaf lacks."""
        changes = []
        for each in gap.changes:
            unit = self.unit(each.fact) or Unit.item
            needed = each.needed
            changes.append(
                {
                    "fact": self.ref((each.fact, each.year)),
                    "current": shown_stored(unit, each.current),
                    "needed": list(needed) if isinstance(needed, tuple) else shown_stored(unit, needed),
                    "unit": unit.value,
                }
            )
        return {
            "leaf": gap.leaf,
            "result": gap.result.name,
            "changes": changes,
            "provide": [self.ref(each) for each in gap.provide],
            "hold_one_of": sorted(gap.hold_one_of),
            "points_short": _points(gap.points_short) if gap.lines else None,
            "earliest": gap.earliest,
        }


def evidence_of(assessment: Assessment) -> str:
    """What the whole answer rests on: `verified` only when every leaf with values does."""
    seen = {leaf.evidence for leaf in assessment.root.leaves()} - {"none"}
    return "none" if not seen else "verified" if seen == {"verified"} else "submitted"


def _points(hundredths: int) -> str:
    return str(shown_stored(Unit.point, hundredths))


def _threshold(unit: Unit | None, value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return shown(unit, value) if unit and value is not None else None
