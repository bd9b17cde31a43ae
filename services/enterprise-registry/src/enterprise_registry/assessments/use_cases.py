"""Assessing an organisation: the same engine for what was filed and for what might be."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from enterprise_registry.assessments.explain import answer_of
from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.assessments.schemas import AssessmentCreate, AssessmentFactInput
from enterprise_registry.assessments.standing import standing_of
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.nodes import derived_nodes, rule_on
from enterprise_registry.metadata import parties
from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.facts import FactFormatError, stored
from enterprise_registry.policy.library import Library, library
from enterprise_registry.recognitions.counts import held_nodes
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import FieldError, Invalid, NotFound, invalid
from kechuang.text import Text
from kechuang_packs import Pack


async def run(uow: UnitOfWork, body: AssessmentCreate) -> dict[str, Any]:
    """Assess an organisation that the caller may see."""
    uscc = body.organisation or uow.actor.organisation
    if uscc is None:
        raise invalid("/organisation", "missing", "请指明单位。", "Name the organisation.")
    found = await organisations.lookup_one(uow, uscc=uscc)
    if found is None or not uow.permissions.permits(uow.actor, "assessments:create", found.sight):
        raise NotFound(Text("未找到该单位。", "There is no such organisation for you."))
    await parties.require_authority(uow, uscc, "draft")
    if not body.what_if and (body.facts or body.held):
        raise invalid(
            "/what_if", "what_if_needed", "假设数据仅用于 what_if=true。", "Hypothetical facts need what_if."
        )
    shelf = library(uow)
    day = body.as_of or uow.today
    pack = (
        shelf.stamped(body.pack) if body.pack else shelf.require_city_pack(found.city, day, "/organisation")
    )
    return await assessed(
        uow, pack, uscc, body.target, day, body.occasion, facts=body.facts, held=body.held,
        what_if=body.what_if,
    )  # fmt: skip


async def assessed(
    unit: ReadUnit | UnitOfWork,
    pack: Pack,
    uscc: str,
    target: str,
    on: date,
    occasion: Literal["first", "review"] = "first",
    *,
    facts: Iterable[AssessmentFactInput] = (),
    held: Iterable[str] = (),
    what_if: bool = False,
) -> dict[str, Any]:
    """Give the whole answer as it goes over the wire; refuses a node without a rule on the day."""
    shelf = library(unit)
    shelf.node(pack, target, "/target")
    derived = derived_nodes(shelf.packs, pack.id, pack.version).get(shelf.canonical(pack, target))
    rule = derived or rule_on(shelf.packs, pack, target, on, occasion)
    if rule is None:
        raise invalid(
            "/target", "no_rule", "该梯次在该日没有可机读的认定条件。", "The node has no rule on that day."
        )
    base = await fact_base(unit, pack, uscc, on=on)
    held_now = set(await held_nodes(unit, uscc, on))
    if what_if:
        base = base.with_facts(_hypothetical(base, facts))
        held_now |= {shelf.canonical(pack, _known(shelf, pack, each)) for each in held}
    standing = standing_of(shelf, pack, base, held_now, on)
    found = answer_of(shelf, pack, rule, base, standing.nodes, target, occasion)
    return {"organisation": uscc, "what_if": what_if, **found}


def _known(shelf: Library, pack: Pack, ref: str) -> str:
    shelf.node(pack, ref, "/held")
    return ref


def _hypothetical(base: FactBase, facts: Iterable[AssessmentFactInput]) -> dict[FactRef, Filed]:
    changes: dict[FactRef, Filed] = {}
    errors: list[FieldError] = []
    for index, each in enumerate(facts):
        key = base.vocabulary.aliases.get(each.fact, each.fact)
        fact = base.vocabulary.facts.get(key)
        where = f"/facts/{index}"
        if fact is None or fact.expr is not None or fact.table is not None:
            errors.append(FieldError(f"{where}/fact", "fact_unknown",
                                     Text("没有这个可填报的指标。", "No such filed fact.")))  # fmt: skip
            continue
        if fact.yearly != (each.year is not None):
            errors.append(FieldError(f"{where}/year", "year_mismatch",
                                     Text("年度指标需要年份，其他指标没有年份。",
                                          "A yearly fact has a year, another has none.")))  # fmt: skip
            continue
        try:
            changes[key, each.year] = Filed(stored(fact, each.value))
        except FactFormatError:
            errors.append(FieldError(f"{where}/value", "fact_format",
                                     Text(f"应为“{fact.unit.value}”类型的值。",
                                          f"A value of unit {fact.unit.value} is needed.")))  # fmt: skip
    if errors:
        raise Invalid(Text("假设数据填写有误。", "A hypothetical fact is wrong."), errors=errors)
    return changes
