"""The roster as rows: computed, followed by filings, closed, counted, all by whole statements."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert

from enterprise_registry.filing_windows.domain import STANDING, EntryState, standing
from enterprise_registry.filing_windows.selecting import conditions, in_areas
from enterprise_registry.filing_windows.store import roster_entry as entry
from enterprise_registry.filings.store import FILINGS
from enterprise_registry.organisations.store import ORGANISATIONS
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_procedure.windows import Window

_firm, _filing = ORGANISATIONS.table, FILINGS.table
_COPIED = ("organisation", "city", "division", "zones", "sight")
STATES: tuple[EntryState, ...] = get_args(EntryState)


def _entries(window: Window, state: EntryState, *where: Any) -> Any:
    """Insert an entry for each organisation that the conditions name."""
    fixed = {"window": window.id, "form": window.target, "period": window.details["period"], "state": state}
    selected = sa.select(
        *(sa.literal(each) for each in fixed.values()),
        _firm.c.uscc, _firm.c.city, _firm.c.division, _firm.c.zones, _firm.c.sight,
    ).where(*where)  # fmt: skip
    return insert(entry).from_select([*fixed, *_COPIED], selected).on_conflict_do_nothing()


async def listed(uow: UnitOfWork, window: Window, organisations: Sequence[str]) -> list[str]:
    """Keep a given list with a planned window; gives those who are not verified organisations of its areas."""
    await uow.execute(sa.delete(entry).where(entry.c.window == window.id))
    codes = sa.literal(list(organisations), ARRAY(sa.Text))
    await uow.execute(_entries(window, "listed", in_areas(window), _firm.c.uscc == sa.any_(codes)))
    kept = set(
        (await uow.execute(sa.select(entry.c.organisation).where(entry.c.window == window.id))).scalars()
    )
    return [each for each in organisations if each not in kept]


async def forget_list(uow: UnitOfWork, window: Window) -> None:
    """A planned window has no list any more."""
    await uow.execute(sa.delete(entry).where(entry.c.window == window.id))


async def compute(uow: UnitOfWork, window: Window, rule: Mapping[str, Any], kind: str) -> int:
    """Make the roster of a window that opens; gives how many are due. What was filed before counts at once."""
    mine = entry.c.window == window.id
    if rule.get("listed") is None:
        await uow.execute(_entries(window, "due", *conditions(window, rule, kind, uow.today)))
    else:
        still = sa.exists().where(_firm.c.uscc == entry.c.organisation, in_areas(window))
        await uow.execute(sa.update(entry).where(mine).values(state=sa.case((still, "due"), else_="dropped")))
    filed = (
        sa.select(_filing.c.organisation, _filing.c.id, _filing.c.state, _filing.c.submitted_on, _filing.c.verified_on)
        .ext(distinct_on(_filing.c.organisation))
        .where(
            _filing.c.form == window.target, _filing.c.period == window.details["period"],
            _filing.c.state.in_(list(STANDING)), _filing.c.city == window.city,
        )
        .order_by(_filing.c.organisation, (_filing.c.state == "verified").desc(), _filing.c.id)
        .subquery()
    )  # fmt: skip
    await uow.execute(
        sa.update(entry)
        .where(mine, entry.c.state == "due", entry.c.organisation == filed.c.organisation)
        .values(
            state=sa.case(*((filed.c.state == name, to) for name, to in STANDING.items())),
            filing=filed.c.id, submitted_on=filed.c.submitted_on, verified_on=filed.c.verified_on,
        )
    )  # fmt: skip
    count = sa.select(sa.func.count()).where(mine, entry.c.state != "dropped")
    return int((await uow.execute(count)).scalar_one())


async def follow(uow: UnitOfWork, windows: sa.Table, filing: Any) -> None:
    """Take a filing's new state into the entries that wait for it, in the filing's own transaction.

    A correction counts from the day it is verified; before that the entry stays with what it corrects. Once a
    window is concluded, only what it had taken before still moves its roster. The
    window is held for reading, so that one that closes at the same time finds the entry as it is then.
    """
    if filing.supersedes is not None and filing.state != "verified":
        return
    waiting = (
        entry.c.organisation == filing.organisation, entry.c.form == filing.form, entry.c.period == filing.period,
    )  # fmt: skip
    found = await uow.execute(
        sa.select(windows.c.id, windows.c.state)
        .join(entry, entry.c.window == windows.c.id)
        .where(
            *waiting,
            sa.or_(windows.c.state.in_(("open", "closed")), windows.c.id == filing.window),
            windows.c.state != "planned",
        )
        .order_by(windows.c.id)
        .with_for_update(read=True, of=windows)
    )
    for window in found.all():
        state = standing(filing.state, window_state=window.state)
        counts = state in ("filed", "returned", "verified")
        values: dict[str, Any] = {"state": state, "filing": filing.id if counts else None}
        if filing.supersedes is None:
            values["late"] = counts and filing.late
            values["submitted_on"] = filing.submitted_on if counts else None
        values["verified_on"] = filing.verified_on
        await uow.execute(sa.update(entry).where(*waiting, entry.c.window == window.id).values(**values))


async def close(uow: UnitOfWork, window: Window) -> None:
    """Mark the missing; who was deregistered meanwhile owes nothing."""
    due = sa.and_(entry.c.window == window.id, entry.c.state == "due")
    gone = sa.exists().where(_firm.c.uscc == entry.c.organisation, _firm.c.state == "deregistered")
    await uow.execute(sa.update(entry).where(due).values(state=sa.case((gone, "dropped"), else_="missing")))


async def take_reminded(
    uow: UnitOfWork, window: Window, held: frozenset[str] | None, today: date
) -> list[str]:
    """Mark those who are still due (or missing) and were not reminded today; gives their codes."""
    waits = entry.c.state == ("due" if window.state == "open" else "missing")
    conditions_ = [
        entry.c.window == window.id, waits,
        sa.or_(entry.c.reminded_on.is_(None), entry.c.reminded_on < today),
    ]  # fmt: skip
    if held is not None:
        conditions_.append(entry.c.sight.overlap(sorted(held)))
    taken = await uow.execute(
        sa.update(entry)
        .where(*conditions_)
        .values(reminded_on=today, reminders=entry.c.reminders + 1)
        .returning(entry.c.organisation)
    )
    return sorted(taken.scalars())


async def counts(unit: ReadUnit | UnitOfWork, *where: Any) -> dict[str | None, dict[str, int]]:
    """Count entries by division and state, with those that are late and the total."""
    found: dict[str | None, dict[str, int]] = {}
    rows = await unit.execute(
        sa.select(
            entry.c.division, entry.c.state, sa.func.count().label("rows"),
            sa.func.count().filter(entry.c.late).label("late"),
        )
        .where(*where)
        .group_by(entry.c.division, entry.c.state)
    )  # fmt: skip
    for row in rows:
        here = found.setdefault(row.division, dict.fromkeys((*STATES, "late", "total"), 0))
        here[row.state] += row.rows
        here["late"] += row.late
        here["total"] += row.rows
    return found


def added(divisions: Mapping[Any, Mapping[str, int]]) -> dict[str, int]:
    """The sum over divisions."""
    return {name: sum(each[name] for each in divisions.values()) for name in (*STATES, "late", "total")}
