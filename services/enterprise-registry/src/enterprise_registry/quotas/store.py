"""A counter row a quota, locked by what takes from it, and its ledger, which is the truth.

The counter is changed by one UPDATE that carries its own condition, and a CHECK stands behind it: no reader's
snapshot, no isolation level and no forgotten rule can pass a cap.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert

from enterprise_registry.metadata import metadata
from enterprise_registry.quotas.domain import Quota, QuotaKey, QuotaTerms
from kechuang.clock import end_of_day
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text
from kechuang.timers import Timer

CHECK = "quotas.check"
_log = structlog.get_logger(__name__)

quota = sa.Table(
    "quota",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("honour", sa.Text, nullable=False),
    sa.Column("first", sa.Date, nullable=False),
    sa.Column("last", sa.Date, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", sa.Integer),
    sa.Column("taken", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint("taken >= 0 AND (kind <> 'cap' OR taken <= value)", name="quota_never_passed"),
)
entry = sa.Table(
    "quota_entry",
    metadata,
    sa.Column("quota", sa.Text, nullable=False),
    sa.Column("recognition", sa.Text, primary_key=True, comment="one award takes one place, once"),
    sa.Column("round", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("quota_entry_quota", "quota"),
)
_COLUMNS = [quota.c[name] for name in Quota.__dataclass_fields__]


class LedgerError(Exception):
    """A counter differs from its ledger: somebody wrote past this module."""


async def declare(uow: UnitOfWork, key: QuotaKey, terms: QuotaTerms) -> Quota:
    """Give the quota of an honour and its period, made when it is not there yet.

    A round that states no terms takes part in the quota as it stands, and one that does sets them only where none
    are set yet: whoever comes later never lifts a cap for the rounds before. The pack's terms bind; a later version
    may change them, but never below what is taken already: such a change waits.
    """
    made = insert(quota).values(
        id=key.text(), city=key.city, honour=key.honour, first=key.first, last=key.last, kind=terms.kind,
        value=terms.value,
    )  # fmt: skip
    if terms.stated_by is None:
        await uow.execute(made.on_conflict_do_nothing())
        return await read(uow, key.text())
    changes = (
        sa.or_(quota.c.kind != terms.kind, quota.c.value.is_distinct_from(terms.value))
        if terms.stated_by == "pack"
        else quota.c.kind == "none"
    )
    fits = sa.true() if terms.kind != "cap" else quota.c.taken <= terms.value
    await uow.execute(
        made.on_conflict_do_update(
            index_elements=["id"],
            set_={"kind": made.excluded.kind, "value": made.excluded.value},
            where=sa.and_(changes, fits),
        )
    )
    return await read(uow, key.text())


async def read(unit: ReadUnit | UnitOfWork, quota_id: str) -> Quota:
    """Give a quota as it stands."""
    row = (await unit.execute(sa.select(*_COLUMNS).where(quota.c.id == quota_id))).one()
    return Quota(**row._mapping)  # noqa: SLF001  the Row's accessor


async def take(uow: UnitOfWork, quota_id: str, round_id: str, awards: Iterable[tuple[str, str]]) -> Quota:
    """Take a place for each award (recognition id, organisation), or refuse all of them.

    Raises Conflict `quota_exhausted` with `remaining` when a cap has fewer places than asked for. The row
    stays locked until the transaction ends, so of two rounds that want the last place one waits and is refused.
    """
    asked = list(awards)
    if not asked:
        return await read(uow, quota_id)
    changed = (
        await uow.execute(
            sa.update(quota)
            .where(
                quota.c.id == quota_id,
                sa.or_(quota.c.kind != "cap", quota.c.taken + len(asked) <= quota.c.value),
            )
            .values(taken=quota.c.taken + len(asked))
            .returning(*_COLUMNS)
        )
    ).first()
    if changed is None:
        raise exhausted(await read(uow, quota_id), len(asked))
    await uow.execute(
        sa.insert(entry),
        [
            {"quota": quota_id, "recognition": recognition, "round": round_id, "organisation": organisation,
             "taken_at": uow.now}
            for recognition, organisation in asked
        ],
    )  # fmt: skip
    uow.schedule(CHECK, end_of_day(uow.today), quota_id, 1)
    return Quota(**changed._mapping)  # noqa: SLF001  the Row's accessor


def exhausted(found: Quota, asked: int) -> Conflict:
    """The refusal of award number 101 of 100."""
    left = found.remaining or 0
    return Conflict(
        Text(
            f"名额不足：共 {found.value} 个，已用 {found.taken} 个，剩余 {left} 个，本次拟用 {asked} 个。"
            "请减少本次授予的对象，或对其作出不授予的决定。",
            f"The quota of {found.value} has {left} place(s) left and {asked} are asked for. "
            "Award fewer now, or decline the others with a reason.",
        ),
        code="quota_exhausted",
        extra={"quota": found.shown(), "asked": asked, "remaining": left},
    )


async def ledger(unit: ReadUnit | UnitOfWork, quota_id: str) -> list[dict[str, Any]]:
    """List what took the places, oldest first."""
    rows = await unit.execute(
        sa.select(entry).where(entry.c.quota == quota_id).order_by(entry.c.taken_at, entry.c.recognition)
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  the Row's accessor


async def check(uow: UnitOfWork, timer: Timer) -> None:
    """Hold the counter against its ledger, the day after places were taken.

    A difference fails the timer loudly (it stays due, is logged and counted); nothing is set right in silence.
    """
    counted = sa.select(sa.func.count()).where(entry.c.quota == quota.c.id).scalar_subquery()
    statement = sa.select(quota.c.taken, counted.label("booked")).where(quota.c.id == timer.record_id)
    row = (await uow.execute(statement.with_for_update(of=quota))).one()
    if row.taken != row.booked:
        _log.error(
            "a quota differs from its ledger", quota=timer.record_id, counter=row.taken, ledger=row.booked
        )
        raise LedgerError(f"quota {timer.record_id}: counter {row.taken}, ledger {row.booked}")
