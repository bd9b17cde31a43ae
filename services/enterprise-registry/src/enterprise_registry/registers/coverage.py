"""Coverage rules by enterprise size (骨干企业有研发中心、规上企业有合作院校、小微企业有指导专家).

A rule is pack data: a population (size classes, a registered flag, a list, a rung) and what each member must
have (a counted register record, or a dispatch of a programme). Both sides are conditions of one statement.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.library import Library, library, stamp
from enterprise_registry.recognitions.counts import held_on
from enterprise_registry.recognitions.store import table as recognition
from enterprise_registry.registers.links import table as link
from enterprise_registry.registers.schemas import (
    CoverageDivision,
    CoverageEnterprise,
    CoverageOut,
    CoverageRules,
)
from enterprise_registry.registers.store import records
from kechuang.db.unit import ReadUnit
from kechuang.errors import NotFound
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models.registers import CoverageRule
from kechuang_procedure.registers.domain import HELD_STATES

_enterprise = organisations.table


async def coverage(unit: ReadUnit, city: str, day: date) -> CoverageRules:
    """Every rule of the city's pack with its numbers by division, of the enterprises that the caller sees."""
    shelf = library(unit)
    pack = shelf.require_city_pack(city, day)
    items = [await _rule(unit, shelf, pack, each, day) for each in pack.registers.coverage_rules]
    return CoverageRules(city=city, as_of=day, pack=stamp(pack), items=items)


async def _rule(unit: ReadUnit, shelf: Library, pack: Pack, rule: CoverageRule, day: date) -> CoverageOut:
    has = _covered(rule, day)
    statement = (
        sa.select(
            _enterprise.c.division,
            sa.func.count().label("population"),
            sa.func.count().filter(has).label("covered"),
        )
        .where(*_population(unit, shelf, pack, rule, day))
        .group_by(_enterprise.c.division)
        .order_by(_enterprise.c.division)
    )
    divisions = [
        CoverageDivision(
            division=row.division, population=row.population, covered=row.covered,
            uncovered=row.population - row.covered,
        )
        for row in await unit.execute(statement)
    ]  # fmt: skip
    return CoverageOut(
        rule=rule.code, name_zh=rule.name.zh, name_en=rule.name.en, must_have_zh=rule.must_have.zh,
        must_have_en=rule.must_have.en, clause=rule.clause,
        population=sum(each.population for each in divisions),
        covered=sum(each.covered for each in divisions),
        uncovered=sum(each.uncovered for each in divisions), divisions=divisions,
    )  # fmt: skip


async def members(
    unit: ReadUnit,
    city: str,
    day: date,
    rule: str,
    *,
    covered: bool | None,
    division: str | None,
    after: str,
    limit: int,
) -> Sequence[CoverageEnterprise]:
    """A page of a rule's population in the order of ids, from the one after `after` on."""
    shelf = library(unit)
    pack = shelf.require_city_pack(city, day)
    found = next((each for each in pack.registers.coverage_rules if each.code == rule), None)
    if found is None:
        raise NotFound(Text("该市没有这条覆盖要求。", "The city has no such coverage rule."))
    has = _covered(found, day)
    columns = [_enterprise.c[name] for name in ("id", "uscc", "name", "division", "scale")]
    conditions = [*_population(unit, shelf, pack, found, day), _enterprise.c.id > after]
    if covered is not None:
        conditions.append(has if covered else sa.not_(has))
    if division is not None:
        conditions.append(_enterprise.c.division == division)
    statement = (
        sa.select(*columns, has.label("covered")).where(*conditions).order_by(_enterprise.c.id).limit(limit)
    )
    return [CoverageEnterprise.model_validate(row._mapping) for row in await unit.execute(statement)]  # noqa: SLF001  the Row's accessor


def _population(unit: ReadUnit, shelf: Library, pack: Pack, rule: CoverageRule, day: date) -> list[Any]:
    who = rule.population
    found: list[Any] = [
        organisations.visible(unit),
        _enterprise.c.kind == "enterprise",
        _enterprise.c.state == "active",
        _enterprise.c.city == pack.header.area,
    ]
    if who.scales:
        found.append(_enterprise.c.scale.in_(who.scales))
    if who.fact is not None:
        found.append(_enterprise.c.facts[who.fact]["value"].astext == "true")
    if who.listed_in is not None:
        found.append(_recorded((who.listed_in,), day))
    if who.holds is not None:
        node = shelf.canonical(pack, who.holds)
        held = (recognition.c.organisation == _enterprise.c.uscc, recognition.c.node == node, held_on(day))
        found.append(sa.exists().where(*held))
    return found


def _covered(rule: CoverageRule, day: date) -> sa.ColumnElement[bool]:
    ways: list[sa.ColumnElement[bool]] = []
    if rule.register_kinds:
        ways.append(_recorded(rule.register_kinds, day))
    if rule.programmes:
        ways.append(
            sa.exists().where(
                link.c.target == _enterprise.c.uscc,
                link.c.programme.in_(rule.programmes),
                link.c.valid_from <= day,
                sa.or_(link.c.valid_to.is_(None), link.c.valid_to >= day),
                sa.or_(link.c.ended_on.is_(None), link.c.ended_on > day),
            )
        )
    return sa.or_(*ways)


def _recorded(kinds: Sequence[str], day: date) -> sa.ColumnElement[bool]:
    table, last = records.table, records.counting.last
    return sa.exists().where(
        table.c.organisation == _enterprise.c.uscc,
        table.c.city == _enterprise.c.city,
        table.c.kind.in_(kinds),
        table.c.state.in_(HELD_STATES),
        table.c.standing == "counted",
        table.c.valid_from <= day,
        sa.or_(last.is_(None), last >= day),
    )
