"""A chunk of a city's enterprises as columns: three queries, then arrays by fact and year."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa

from enterprise_registry.assessments.factbases import FormOf, gathered
from enterprise_registry.filings.store import FILINGS
from enterprise_registry.ladders.fact_columns import FactColumns, Mask
from enterprise_registry.ladders.needs import needed_words
from enterprise_registry.ladders.plan import LadderPlan
from enterprise_registry.ladders.tables import fact_columns
from enterprise_registry.organisations.store import ORGANISATIONS
from enterprise_registry.recognitions.counts import held_on
from enterprise_registry.recognitions.store import RECOGNITIONS
from kechuang.db.unit import ReadUnit, UnitOfWork

_organisation, _filing, _recognition = ORGANISATIONS.table, FILINGS.table, RECOGNITIONS.table


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was read of some organisations, in one order; plain data, so that a thread can work on it."""

    organisations: tuple[str, ...]
    divisions: tuple[str | None, ...]
    registered: tuple[Mapping[str, Any], ...]
    filings: Mapping[str, list[Any]]
    held: Mapping[str, tuple[str, ...]]
    """credit code → nodes"""


def in_population(city: str, as_of: date) -> sa.ColumnElement[bool]:
    """The enterprises of a city that existed on the day."""
    ended = _organisation.c.deregistered_on
    return sa.and_(
        _organisation.c.city == city,
        _organisation.c.kind == "enterprise",
        _organisation.c.registered_on <= as_of,
        sa.or_(ended.is_(None), ended > as_of),
    )


async def bounds(unit: ReadUnit | UnitOfWork, city: str, as_of: date, size: int) -> list[str]:
    """Every `size`-th id of the population and its last one: the ends of the chunks."""
    numbered = (
        sa.select(
            _organisation.c.id,
            sa.func.row_number().over(order_by=_organisation.c.id).label("n"),
            sa.func.count().over().label("total"),
        )
        .where(in_population(city, as_of))
        .subquery()
    )
    ends = sa.select(numbered.c.id).where(sa.or_(numbered.c.n % size == 0, numbered.c.n == numbered.c.total))
    return list((await unit.execute(ends.order_by(numbered.c.id))).scalars())


async def read_chunk(
    unit: ReadUnit | UnitOfWork, city: str, as_of: date, after: str | None, last: str
) -> Chunk:
    """Read the enterprises with `after` < id <= `last`: facts, filings and what they hold on the day."""
    mine = sa.and_(in_population(city, as_of), _organisation.c.id <= last)
    if after is not None:
        mine = sa.and_(mine, _organisation.c.id > after)
    org = _organisation.c
    rows = list(await unit.execute(sa.select(org.uscc, org.division, org.facts).where(mine).order_by(org.id)))
    codes = [row.uscc for row in rows]
    among = sa.any_(sa.literal(codes, sa.ARRAY(sa.Text)))
    f = _filing.c
    filed: dict[str, list[Any]] = defaultdict(list)
    for row in await unit.execute(
        sa.select(
            f.id, f.organisation, f.state, f.form, f.period, f.pack, f.facts, f.supersedes, f.submitted_on,
            f.verified_on,
        ).where(f.organisation == among, f.statistical.is_(False), f.submitted_on <= as_of)
    ):  # fmt: skip
        filed[row.organisation].append(row)
    held: dict[str, set[str]] = defaultdict(set)
    found = sa.select(_recognition.c.organisation, _recognition.c.node)
    for row in await unit.execute(found.where(_recognition.c.organisation == among, held_on(as_of))):
        held[row.organisation].add(row.node)
    return Chunk(
        tuple(codes), tuple(row.division for row in rows), tuple(row.facts for row in rows), filed,
        {code: tuple(sorted(nodes)) for code, nodes in held.items()},
    )  # fmt: skip


def columns_of(chunk: Chunk, form_of: FormOf, plan: LadderPlan, *others: LadderPlan) -> FactColumns:
    """The chunk's facts as the plans' rules read them, gathered by the very function of the explained engine.

    The plans share one vocabulary and one day.
    """
    words = needed_words(plan, *others)
    facts = (
        gathered(words, registered, chunk.filings.get(code, ()), form_of, on=plan.on)
        for code, registered in zip(chunk.organisations, chunk.registered, strict=True)
    )
    filed = fact_columns(words, facts, len(chunk.organisations))
    return FactColumns(plan.vocabulary, plan.on, len(chunk.organisations), filed, _held(chunk))


def _held(chunk: Chunk) -> dict[str, Mask]:
    masks: dict[str, Mask] = {}
    for row, code in enumerate(chunk.organisations):
        for node in chunk.held.get(code, ()):
            if node not in masks:
                masks[node] = np.zeros(len(chunk.organisations), bool)
            masks[node][row] = True
    return masks
