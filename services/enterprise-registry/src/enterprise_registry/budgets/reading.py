"""Questions about budgets: the ledger, the funds of a year, and whether every figure equals its ledger."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from enterprise_registry.budgets.domain import Figures, total
from enterprise_registry.budgets.schemas import BudgetFundYear
from enterprise_registry.budgets.store import budgets, entry, table
from enterprise_registry.policy.library import library
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.jobs import Chunk, Job, JobKind
from kechuang_packs.models.benefits import Fund
from kechuang_packs.models.common import Source
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import parse_quantity

RECOUNT = "budgets.recount"
_SHOWN = 200
_FIGURES = ("amount", "allocated", "booked", "paid", "recovered")


async def ledger(unit: ReadUnit, budget: str, after: int, limit: int) -> Sequence[Any]:
    """Rows of a ledger after a sequence number, oldest first."""
    statement = sa.select(entry).where(entry.c.budget == budget, entry.c.seq > after)
    return list(await unit.execute(statement.order_by(entry.c.seq).limit(limit)))


async def differing(unit: ReadUnit | UnitOfWork) -> tuple[int, list[dict[str, Any]]]:
    """Recount the ledgers within the caller's sight: how many, and those whose figures are not their sum."""
    counted = sa.select(
        entry.c.budget, entry.c.kind, sa.cast(sa.func.sum(entry.c.amount), sa.BigInteger).label("amount")
    ).group_by(entry.c.budget, entry.c.kind)
    rows: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in await unit.execute(counted):
        rows[row.budget].append((row.kind, row.amount))
    wrong = []
    statement = sa.select(table.c.id, table.c.number, table.c.state, *(table.c[name] for name in _FIGURES))
    found = list(await unit.execute(statement.where(budgets.visible(unit)).order_by(table.c.id)))
    for budget in found:
        held = Figures(*(getattr(budget, name) for name in _FIGURES))
        # A draft's amount is a plan: its ledger begins when it is opened.
        due = Figures(amount=held.amount) if budget.state == "draft" else total(rows[budget.id])
        if held != due:
            wrong.append({"id": budget.id, "number": budget.number, "held": _plain(held), "due": _plain(due)})
    return len(found), wrong


def _plain(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in _FIGURES}


async def _nothing(_uow: UnitOfWork, _job: Job, _chunk: Chunk) -> None:
    """A recount is one statement; the job has no chunks and the answer comes at its end."""


async def _recount(uow: UnitOfWork, _job: Job) -> Mapping[str, Any]:
    """Answer how many ledgers were recounted and which differ; amounts in fen."""
    checked, wrong = await differing(uow)
    return {"checked": checked, "differing": len(wrong), "budgets": wrong[:_SHOWN]}


RECOUNT_JOB = JobKind(_nothing, _recount)


async def fund_years(unit: ReadUnit, city: str, year: int) -> list[BudgetFundYear]:
    """The funds of the city's pack with what was set aside, booked and paid in the year."""
    shelf = library(unit)
    pack = shelf.require_city_pack(city, unit.today)
    sums: dict[str, Figures] = {}
    statement = (
        sa.select(
            table.c.fund,
            # What was allocated within the fund stands in the budget that gave it and in the one that got it.
            _sum(sa.case((table.c.parent.is_(None), table.c.amount), else_=0)).label("amount"),
            *(_sum(table.c[name]).label(name) for name in ("booked", "paid", "recovered")),
        )
        .where(
            budgets.visible(unit), table.c.city == city, table.c.year == str(year), table.c.state != "draft"
        )
        .group_by(table.c.fund)
    )
    for row in await unit.execute(statement):
        sums[row.fund] = Figures(row.amount, 0, row.booked, row.paid, row.recovered)
    return [_fund_year(each, year, sums.get(each.code, Figures())) for each in pack.services.funds]


def _sum(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


def _fund_year(fund: Fund, year: int, figures: Figures) -> BudgetFundYear:
    least = None if fund.yearly_minimum is None else parse_quantity(fund.yearly_minimum, Unit.CNY)
    return BudgetFundYear(
        fund=fund.code, name_zh=fund.name.zh, name_en=fund.name.en, clause=list(fund.clause),
        policy=fund.source is Source.policy, year=year, yearly_minimum=least, amount=figures.amount,
        booked=figures.booked, paid=figures.paid, free=figures.free,
        meets_minimum=None if least is None else figures.amount >= least,
    )  # fmt: skip
