"""The rung on a date: what is held by recognition, what that implies, and what facts alone make true."""

from datetime import date
from typing import Literal

from pydantic import Field

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.assessments.use_cases import with_implied
from enterprise_registry.ladders.assess import assess
from enterprise_registry.ladders.conditions import compile_condition
from enterprise_registry.ladders.results import Result
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.recognitions.counts import held_nodes
from enterprise_registry.recognitions.domain import last_day
from kechuang.db.unit import ReadUnit
from kechuang.http.schemas import Output


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


class OrganisationRungs(Output):
    """All nodes on a day; `highest` is the one with the greatest order on the ladder."""

    as_of: date
    pack: str | None
    items: list[OrganisationRung]
    highest: str | None = Field(description="Code of the highest rung; null when there is none")


async def on_day(unit: ReadUnit, organisation: Organisation, day: date) -> OrganisationRungs:
    """Work out the rungs of an organisation on a day under the city's pack of that day."""
    shelf = library(unit)
    pack = shelf.city_pack(organisation.city, day)
    if pack is None or pack.ladder is None:
        return OrganisationRungs(as_of=day, pack=None, items=[], highest=None)
    held = await held_nodes(unit, organisation.uscc, day)
    closed = with_implied(shelf, pack, held)
    base = await fact_base(unit, pack, organisation.uscc, on=day)
    items: list[OrganisationRung] = []
    listed: set[str] = set()
    local = [(shelf.canonical(pack, node.code), node) for node in pack.ladder.ladder.nodes]
    ours = {name for name, _ in local}
    beside = [(name, seen[1]) for name in sorted(closed - ours) if (seen := shelf.find_node(pack, name))]
    for name, node in [*local, *beside]:
        by: Literal["recognition", "implied", "derived"] | None = None
        if name in held:
            by = "recognition"
        elif name in closed:
            by = "implied"
        elif node.condition is not None:
            rule = compile_condition(shelf.packs, pack, node.condition, node.code)
            by = "derived" if assess(rule, base, closed, day).result is Result.met else None
        if by is None or name in listed:
            continue
        listed.add(name)
        latest = held[name][-1] if name in held else None
        items.append(
            OrganisationRung(
                kind=shelf.local_code(pack, name),
                node=name,
                name_zh=node.name.zh,
                name_en=node.name.en,
                order=node.order if name in ours else None,
                by=by,
                recognition=latest.id if latest else None,
                valid_from=latest.valid_from if latest else None,
                valid_to=last_day(latest) if latest else None,
            )
        )
    ranked = [each for each in items if each.order is not None]
    highest = max(ranked, key=lambda each: each.order or 0).kind if ranked else None
    return OrganisationRungs(as_of=day, pack=stamp(pack), items=items, highest=highest)
