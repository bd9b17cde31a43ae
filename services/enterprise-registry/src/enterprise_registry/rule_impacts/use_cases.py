"""Starting a rule impact, and reading the enterprises that it names."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enterprise_registry.ladders.impact import Outcome
from enterprise_registry.ladders.results import Result
from enterprise_registry.organisations.store import ORGANISATIONS
from enterprise_registry.pack_versions.use_cases import named
from enterprise_registry.policy.library import library, stamp
from enterprise_registry.rule_impacts.domain import RuleImpact
from enterprise_registry.rule_impacts.population import bounds
from enterprise_registry.rule_impacts.run import CHUNK_SIZE, KIND
from enterprise_registry.rule_impacts.schemas import RuleImpactCase, RuleImpactCases, RuleImpactCreate
from enterprise_registry.rule_impacts.store import cases, rule_impacts
from kechuang.access import own, place
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang.http.paging import Cursor, binding_of, decode, page_clause
from kechuang.ids import new_id
from kechuang.jobs import start_job


async def start(uow: UnitOfWork, body: RuleImpactCreate) -> RuleImpact:
    """Plan the chunks of the population and start the job."""
    shelf = library(uow)
    as_of = body.as_of or uow.today
    if as_of > uow.today:
        raise invalid(
            "/as_of", "in_the_future", "截止日不能晚于今天；未来的规则请填 candidate_on。",
            "Not in the future; for rules of the future give `candidate_on`.",
        )  # fmt: skip
    city_pack = shelf.require_city_pack(body.city, as_of)
    packs, pack, _ = await named(uow, shelf, body.candidate, body.city, "/candidate")
    if pack.header.area not in (None, body.city):
        raise invalid("/candidate", "other_city", "该版本属于其他城市。", "The version is another city's.")
    if body.baseline is None:
        in_force = city_pack if pack.header.area else shelf.packs.in_force(pack.id, as_of)
        versions = shelf.packs.versions(pack.id)
        old = in_force or (versions[-1] if versions else city_pack)
    else:
        _, old, _ = await named(uow, shelf, body.baseline, body.city, "/baseline")
    impact = new_id()
    ends = await bounds(uow, body.city, as_of, CHUNK_SIZE)
    plan = [{"after": after, "last": last} for after, last in zip([None, *ends], ends, strict=False)]
    job = await start_job(
        uow, KIND, chunks=plan, resource="rule-impacts", sight=[*own(uow.actor.subject), *place(body.city)],
        input={"impact": impact},
    )  # fmt: skip
    return await rule_impacts.create(
        uow, record_id=impact, city=body.city, division=body.city, zones=[], pack=stamp(old),
        baseline=stamp(old), candidate=body.candidate, digest=packs.digests[pack.id, pack.version],
        as_of=as_of, candidate_on=body.candidate_on or max(as_of, pack.header.in_force_from), job=job,
        population=None, counts=[],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of the named enterprises: None for all."""

    outcome: str | None
    node: str | None
    division: str | None


ORDER = (cases.c.outcome, cases.c.node, cases.c.organisation)


def asked_cases(impact: str, asked: Asked) -> sa.Select[Any]:
    """The enterprises of an impact with their names, by outcome, node and credit code."""
    organisation = ORGANISATIONS.table
    statement = (
        sa.select(cases, organisation.c.name)
        .join(organisation, organisation.c.uscc == cases.c.organisation)
        .where(cases.c.impact == impact)
    )
    if asked.outcome is not None:
        statement = statement.where(cases.c.outcome == int(Outcome[asked.outcome]))
    if asked.node is not None:
        statement = statement.where(cases.c.node == asked.node)
    if asked.division is not None:
        statement = statement.where(cases.c.division == asked.division)
    return statement.order_by(*ORDER)


async def list_cases(
    unit: ReadUnit, record_id: str, asked: Asked, *, limit: int, cursor: str | None
) -> RuleImpactCases:
    """One page of the enterprises with an outcome."""
    found = await rule_impacts.get(unit, record_id)
    statement = asked_cases(found.id, asked)
    binding = binding_of(found.id, asked.outcome, asked.node, asked.division)
    if cursor is not None:
        here = decode(cursor, binding, cases.c.node)
        statement = statement.where(page_clause(cases.c.node, cases.c.organisation, here, descending=False))
    rows = list(await unit.execute(statement.limit(limit + 1)))
    items = [case(row) for row in rows[:limit]]
    more = len(rows) > limit
    following = Cursor(items[-1].node, items[-1].organisation).encode(binding) if more else None
    return RuleImpactCases(items=items, next_cursor=following)


def case(row: Any) -> RuleImpactCase:
    """A row as the API shows it."""
    return RuleImpactCase.model_validate(
        {
            "organisation": row.organisation, "name": row.name, "division": row.division, "node": row.node,
            "outcome": Outcome(row.outcome).name, "before": Result(row.before).name,
            "after": Result(row.after).name, "leaf": row.leaf, "holds": row.holds,
        }
    )  # fmt: skip
