"""The comparison of two years over verified filings, in one statement.

Accepted is what the county verified: a filing in state `verified`, never a statistical one, and of several of a year
the one verified last. Amounts are compared in whole fen by multiplication, so that the double is exactly the double.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from enterprise_registry.filings.store import filings
from enterprise_registry.organisations.store import organisations
from enterprise_registry.policy.library import Library
from kechuang.db.unit import ReadUnit
from kechuang_packs.models.scoring import GrowthList

Outcome = Literal["grown", "below", "base_zero", "base_missing", "year_missing"]
ACTION = "rd-growth:read"
_filing, _firm = filings.table, organisations.table


@dataclass(frozen=True, slots=True)
class Asked:
    """Which list, between which years, of whom."""

    growth: GrowthList
    factor: int
    base_year: int
    year: int
    city: str
    outcomes: tuple[Outcome, ...] = ()
    division: str | None = None
    zone: str | None = None
    organisation: str | None = None
    flag: bool | None = None


def _fields(shelf: Library, fact: str) -> Mapping[tuple[str, str], str]:
    """In which field each version of a yearly form files a fact; statistical forms are left out."""
    return {
        (form.code, form.version): name
        for _, form in shelf.forms().values()
        if form.purpose == "filing" and form.period == "year" and not form.statistical
        for name, described in form.fields.get("properties", {}).items()
        if described.get("x-fact") == fact
    }


def _stated(fields: Mapping[tuple[str, str], str]) -> sa.ColumnElement[str | None]:
    """What a filing states of a fact, as text; null where its form does not ask or it was left open."""
    cases = [
        (sa.and_(_filing.c.form == form, _filing.c.form_version == version), _filing.c.facts[name].astext)
        for (form, version), name in sorted(fields.items())
    ]
    return sa.case(*cases) if cases else sa.cast(sa.null(), sa.Text)


def _year(unit: ReadUnit, shelf: Library, asked: Asked, year: int, name: str) -> sa.CTE:
    value = _stated(_fields(shelf, asked.growth.fact))
    flag = _stated(_fields(shelf, asked.growth.flag)) if asked.growth.flag else sa.cast(sa.null(), sa.Text)
    held = unit.permissions.tokens(unit.actor, ACTION)
    conditions: list[sa.ColumnElement[bool]] = [
        _filing.c.city == asked.city, _filing.c.period == str(year), _filing.c.state == "verified",
        _filing.c.statistical.is_(False), value.is_not(None),
    ]  # fmt: skip
    if held is not None:
        conditions.append(_filing.c.sight.bool_op("&&")(sa.literal(sorted(held), ARRAY(sa.Text))))
    fen = sa.cast(sa.cast(value, sa.Numeric) * 100, sa.BigInteger)
    return (
        sa.select(
            _filing.c.organisation, _filing.c.id, _filing.c.number, fen.label("fen"),
            sa.cast(flag, sa.Boolean).label("flag"),
        )
        .ext(distinct_on(_filing.c.organisation))
        .where(*conditions)
        .order_by(_filing.c.organisation, _filing.c.verified_on.desc(), _filing.c.id.desc())
        .cte(name)
    )  # fmt: skip


def compared(unit: ReadUnit, shelf: Library, asked: Asked) -> sa.Subquery:
    """Everybody with a verified amount in one of the years, the outcome beside it, filtered as asked."""
    base = _year(unit, shelf, asked, asked.base_year, "base")
    then = _year(unit, shelf, asked, asked.year, "then")
    outcome = sa.case(
        (base.c.fen.is_(None), "base_missing"),
        (then.c.fen.is_(None), "year_missing"),
        (base.c.fen <= 0, "base_zero"),
        (then.c.fen >= base.c.fen * asked.factor, "grown"),
        else_="below",
    )
    everybody = (
        sa.select(
            sa.func.coalesce(then.c.organisation, base.c.organisation).label("uscc"),
            base.c.id.label("base_id"), base.c.number.label("base_number"), base.c.fen.label("base_fen"),
            then.c.id.label("id"), then.c.number.label("number"), then.c.fen.label("fen"),
            then.c.flag.label("flag"), outcome.label("outcome"),
        )
        .select_from(then.join(base, then.c.organisation == base.c.organisation, full=True))
        .subquery()
    )  # fmt: skip
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.division is not None:
        conditions.append(_firm.c.division.in_(asked.division.split(",")))
    if asked.zone is not None:
        conditions.append(_firm.c.zones.contains([asked.zone]))
    if asked.organisation is not None:
        conditions.append(_firm.c.uscc == asked.organisation)
    if asked.flag is not None:
        conditions.append(everybody.c.flag.is_(asked.flag))
    return (
        sa.select(everybody, _firm.c.name, _firm.c.division, _firm.c.zones, _firm.c.id.label("firm"),
                  _firm.c.number.label("firm_number"))
        .select_from(everybody.join(_firm, _firm.c.uscc == everybody.c.uscc))
        .where(*conditions)
        .subquery()
    )  # fmt: skip


async def page(unit: ReadUnit, shelf: Library, asked: Asked, *, after: str, limit: int) -> list[sa.Row[Any]]:
    """A page in the order of credit codes."""
    rows = compared(unit, shelf, asked)
    statement = sa.select(rows).where(rows.c.uscc > after)
    if asked.outcomes:
        statement = statement.where(rows.c.outcome.in_(asked.outcomes))
    return list(await unit.execute(statement.order_by(rows.c.uscc).limit(limit)))


async def counts(unit: ReadUnit, shelf: Library, asked: Asked) -> tuple[dict[Outcome, int], int]:
    """How many there are of each outcome, and of those grown how many with the flag."""
    rows = compared(unit, shelf, asked)
    statement = sa.select(
        rows.c.outcome, sa.func.count().label("rows"), sa.func.count().filter(rows.c.flag).label("flagged")
    ).group_by(rows.c.outcome)
    found = list(await unit.execute(statement))
    flagged = sum(row.flagged for row in found if row.outcome == "grown")
    return {cast("Outcome", row.outcome): int(row.rows) for row in found}, int(flagged)
