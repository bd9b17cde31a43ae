"""Many new filings at once: which windows ask for them, and the rosters that follow them, each in one statement."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from enterprise_registry.filing_windows.domain import STANDING
from enterprise_registry.filing_windows.feature import filing_windows
from enterprise_registry.filing_windows.store import roster_entry as entry
from kechuang.db.unit import UnitOfWork

_OPEN = ("open", "closed")


@dataclass(frozen=True, slots=True)
class Asking:
    """A window on whose roster an organisation stands; what is submitted from `closes_at` on is late."""

    id: str
    closes_at: datetime


async def asking_all(
    uow: UnitOfWork, form: str, organisations: Collection[str], periods: Collection[str]
) -> dict[tuple[str, str], Asking]:
    """For each organisation and period the window that asks for the form: the one that ends last."""
    windows = filing_windows.records.table
    found = await uow.execute(
        sa.select(entry.c.organisation, entry.c.period, windows.c.id, windows.c.closes_at)
        .join(windows, windows.c.id == entry.c.window)
        .where(
            entry.c.form == form, windows.c.state.in_(_OPEN),
            entry.c.organisation == sa.any_(sa.literal(list(organisations), ARRAY(sa.Text))),
            entry.c.period == sa.any_(sa.literal(list(periods), ARRAY(sa.Text))),
        )
        .order_by(windows.c.closes_at)
    )  # fmt: skip
    return {(row.organisation, row.period): Asking(row.id, row.closes_at) for row in found}


async def follow_new(uow: UnitOfWork, filings: Iterable[Any]) -> None:
    """Let the rosters follow filings that were made just now, submitted or verified and no corrections.

    The windows are held for reading, so that one that closes at the same time finds its entries as they are then.
    """
    rows = [
        {
            "organisation": each.organisation, "form": each.form, "period": each.period, "filing": each.id,
            "state": STANDING[each.state], "late": each.late, "submitted_on": str(each.submitted_on),
            "verified_on": str(each.verified_on) if each.verified_on else None,
        }
        for each in filings
        if each.window is not None
    ]  # fmt: skip
    if not rows:
        return
    new: Any = (
        sa.func.jsonb_to_recordset(sa.literal(rows, JSONB))
        .table_valued(
            *(sa.column(name, sa.Text) for name in ("organisation", "form", "period", "filing", "state")),
            sa.column("late", sa.Boolean), sa.column("submitted_on", sa.Date), sa.column("verified_on", sa.Date),
        )
        .render_derived(name="new", with_types=True)
    )  # fmt: skip
    windows = filing_windows.records.table
    meant = (
        entry.c.organisation == new.c.organisation, entry.c.form == new.c.form, entry.c.period == new.c.period,
    )  # fmt: skip
    concerned = sa.select(entry.c.window).where(*meant)
    held = (
        sa.select(windows.c.id)
        .where(windows.c.id.in_(concerned), windows.c.state.in_(_OPEN))
        .order_by(windows.c.id)
        .with_for_update(read=True)
    )
    ids = list((await uow.execute(held)).scalars())
    names = ("filing", "state", "late", "submitted_on", "verified_on")
    await uow.execute(
        sa.update(entry).where(*meant, entry.c.window.in_(ids)).values({name: new.c[name] for name in names})
    )
