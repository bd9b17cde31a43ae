"""The rung on a date: what is held by recognition, what that implies, what facts alone make true, and what is next."""

from datetime import date
from typing import Literal

from pydantic import Field

from enterprise_registry.assessments.explain import Explainer
from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.assessments.schemas import ResultName
from enterprise_registry.assessments.standing import standing_of
from enterprise_registry.ladders.assess import assess
from enterprise_registry.ladders.factbase import FactBase
from enterprise_registry.ladders.nodes import derived_nodes, rule_on
from enterprise_registry.ladders.relations import Step, open_steps, relations_of, steps_of
from enterprise_registry.ladders.results import Result
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.policy.library import Library, library, stamp
from enterprise_registry.recognitions.counts import held_nodes
from enterprise_registry.recognitions.domain import last_day
from kechuang.db.unit import ReadUnit
from kechuang.http.schemas import Output
from kechuang_packs import Pack


class OrganisationRung(Output):
    """A node on which the organisation stands."""

    kind: str
    node: str
    name_zh: str
    name_en: str
    order: int | None
    by: Literal["recognition", "implied", "derived"]
    recognition: str | None
    valid_from: date | None
    valid_to: date | None
    conflicts_with: list[str] = Field(description="Codes of held nodes that the pack says exclude it")


class OrganisationStepLack(Output):
    """A leaf of the next node's condition that is not met."""

    leaf: str | None
    name: str | None
    result: ResultName
    clause: list[str]
    fact: str | None
    holds: list[str]


class OrganisationNextStep(Output):
    """A step of the ladder that is open: from a node stood upon, or into the ladder (`from_kind` null)."""

    from_kind: str | None
    kind: str
    node: str
    name_zh: str
    name_en: str
    meaning_zh: str | None
    meaning_en: str | None
    gained_by: str
    decided_by: str
    result: ResultName | None = Field(description="Null where no document gives a rule that can be read")
    lacks: list[OrganisationStepLack]
    requires: list[str] = Field(description="Codes of nodes, one of which must be held first")


class OrganisationRungs(Output):
    """All nodes on a day; `highest` is the one with the greatest order on the ladder."""

    as_of: date
    pack: str | None
    items: list[OrganisationRung]
    highest: str | None = Field(description="Code of the highest rung; null when there is none")
    next: list[OrganisationNextStep]


async def on_day(unit: ReadUnit, organisation: Organisation, day: date) -> OrganisationRungs:
    """Work out the rungs of an organisation on a day under the city's pack of that day."""
    shelf = library(unit)
    pack = shelf.city_pack(organisation.city, day)
    if pack is None or pack.ladder is None:
        return OrganisationRungs(as_of=day, pack=None, items=[], highest=None, next=[])
    held = await held_nodes(unit, organisation.uscc, day)
    base = await fact_base(unit, pack, organisation.uscc, on=day)
    standing = standing_of(shelf, pack, base, held, day)
    relations = relations_of(shelf.packs, pack.id, pack.version)
    local = {shelf.canonical(pack, node.code): node for node in pack.ladder.ladder.nodes}
    beside = {
        name: seen[1]
        for name in sorted(standing.nodes - local.keys())
        if (seen := shelf.find_node(pack, name))
    }
    items: list[OrganisationRung] = []
    for name, node in (local | beside).items():
        if name not in standing.nodes:
            continue
        latest = held[name][-1] if name in held else None
        items.append(
            OrganisationRung(
                kind=shelf.local_code(pack, name),
                node=name,
                name_zh=node.name.zh,
                name_en=node.name.en,
                order=node.order if name in local else None,
                by="recognition" if latest else "derived" if name in standing.derived else "implied",
                recognition=latest.id if latest else None,
                valid_from=latest.valid_from if latest else None,
                valid_to=last_day(latest) if latest else None,
                conflicts_with=sorted(
                    shelf.local_code(pack, each) for each in relations.conflicts(name, standing.nodes)
                ),
            )
        )
    ranked = [each for each in items if each.order is not None]
    highest = max(ranked, key=lambda each: each.order or 0).kind if ranked else None
    ahead = [
        _next(shelf, pack, step, base, standing.nodes)
        for step in open_steps(steps_of(shelf.packs, pack.id, pack.version), standing.nodes)
    ]
    return OrganisationRungs(as_of=day, pack=stamp(pack), items=items, highest=highest, next=ahead)


def _next(
    shelf: Library, pack: Pack, step: Step, base: FactBase, standing: frozenset[str]
) -> OrganisationNextStep:
    code = shelf.local_code(pack, step.to)
    node = shelf.packs.node(pack, code)[1]
    rule = derived_nodes(shelf.packs, pack.id, pack.version).get(step.to) or rule_on(
        shelf.packs, pack, code, base.on
    )
    answer = None if rule is None else assess(rule, base, standing, base.on)
    explain = Explainer(shelf.packs.visible(pack), base.vocabulary)
    relations = relations_of(shelf.packs, pack.id, pack.version)
    return OrganisationNextStep(
        from_kind=None if step.start is None else shelf.local_code(pack, step.start),
        kind=code,
        node=step.to,
        name_zh=node.name.zh,
        name_en=node.name.en,
        meaning_zh=step.meaning["zh"] if step.meaning else None,
        meaning_en=step.meaning["en"] if step.meaning else None,
        gained_by=node.gained_by,
        decided_by=node.decided_by,
        result=None if answer is None else answer.result.name,  # type: ignore[arg-type]  # the names of Result
        lacks=[]
        if answer is None
        else [
            OrganisationStepLack.model_validate(
                {
                    "leaf": leaf.source.id,
                    "name": (explain.ref((leaf.fact, None))["name"] or {}).get("zh") if leaf.fact else None,
                    "result": leaf.result.name,
                    "clause": list(leaf.source.clause),
                    "fact": leaf.fact,
                    "holds": sorted(leaf.holds),
                }
            )
            for leaf in answer.root.leaves()
            if leaf.result not in (Result.met, Result.not_applicable)
        ],
        requires=sorted(
            {
                shelf.local_code(pack, each)
                for one in relations.unmet(step.to, standing)
                for each in one.any_of
            }
        ),
    )
