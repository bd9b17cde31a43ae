"""How much of a capacity is taken: a counter row with a CHECK, and a ledger that it always equals.

Taking a place locks the counter's row, so concurrent acceptances go one after the other and the one too
many is refused; the CHECK would stop what the code forgot. Keys are taken in ascending order.
"""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from commissioner_matching.metadata import metadata
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text

_counter = sa.Table(
    "capacity_counter",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("places", sa.Integer, comment="NULL: no limit"),
    sa.Column("taken", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint("taken >= 0 AND (places IS NULL OR taken <= places)", name="capacity_kept"),
)
_entry = sa.Table(
    "capacity_entry",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("dispatch", sa.Text, primary_key=True),
    sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("released_at", sa.DateTime(timezone=True)),
    sa.Index("capacity_entry_dispatch", "dispatch"),
)


def server_key(kind: str, server: str) -> str:
    """Name the counter of what a server serves at once."""
    return f"server:{kind}:{server}"


def target_key(programme: str, kind: str, target: str) -> str:
    """Name the counter of who serves a target at once in a programme."""
    return f"target:{programme}:{kind}:{target}"


async def set_limit(uow: UnitOfWork, key: str, places: int | None) -> None:
    """Set how many places there are; refuses (`below_load`) fewer than are taken."""
    await uow.execute(insert(_counter).values(key=key, places=places).on_conflict_do_nothing())
    row = (await uow.execute(sa.select(_counter).where(_counter.c.key == key).with_for_update())).one()
    if places is not None and row.taken > places:
        raise Conflict(
            Text(
                f"正在服务 {row.taken} 个对象，名额不能低于此数。",
                f"{row.taken} places are taken; the capacity cannot be lower.",
            ),
            code="below_load",
            extra={"taken": row.taken},
        )
    await uow.execute(sa.update(_counter).where(_counter.c.key == key).values(places=places))


async def take(uow: UnitOfWork, dispatch: str, limits: Mapping[str, int | None]) -> None:
    """Take one place under every key, or refuse (`over_capacity`) and change nothing.

    `limits` gives the places that a counter begins with when there is none yet.
    """
    for key in sorted(limits):
        await uow.execute(insert(_counter).values(key=key, places=limits[key]).on_conflict_do_nothing())
        free = sa.or_(_counter.c.places.is_(None), _counter.c.taken < _counter.c.places)
        taken = await uow.execute(
            sa.update(_counter).where(_counter.c.key == key, free).values(taken=_counter.c.taken + 1)
        )
        if taken.rowcount != 1:
            row = (await uow.execute(sa.select(_counter).where(_counter.c.key == key))).one()
            who = (
                Text("该特派员", "The server") if key.startswith("server:") else Text("该对象", "The target")
            )
            raise Conflict(
                Text(
                    f"{who.zh}的名额已满（{row.taken}/{row.places}）。",
                    f"{who.en} has no free place ({row.taken}/{row.places}).",
                ),
                code="over_capacity",
                extra={"taken": row.taken, "places": row.places},
            )
        await uow.execute(insert(_entry).values(key=key, dispatch=dispatch, taken_at=uow.now))


async def release(uow: UnitOfWork, dispatch: str) -> None:
    """Give back the places that a dispatch holds; a second time changes nothing."""
    held = await uow.execute(
        sa.update(_entry)
        .where(_entry.c.dispatch == dispatch, _entry.c.released_at.is_(None))
        .values(released_at=uow.now)
        .returning(_entry.c.key)
    )
    for key in sorted(row.key for row in held):
        await uow.execute(sa.update(_counter).where(_counter.c.key == key).values(taken=_counter.c.taken - 1))


async def loads(unit: ReadUnit | UnitOfWork, keys: Collection[str]) -> dict[str, int]:
    """Give how many places are taken under these keys; 0 where there is no counter."""
    rows = await unit.execute(sa.select(_counter).where(_counter.c.key.in_(sorted(keys))))
    found = {row.key: row.taken for row in rows}
    return {key: found.get(key, 0) for key in keys}


async def recount(unit: ReadUnit | UnitOfWork) -> list[tuple[str, int, int]]:
    """Compare every counter with its ledger: (key, counter, ledger) where they differ; empty if all agree."""
    held = (
        sa.select(_entry.c.key, sa.func.count().label("held"))
        .where(_entry.c.released_at.is_(None))
        .group_by(_entry.c.key)
        .subquery()
    )
    rows = await unit.execute(
        sa.select(_counter.c.key, _counter.c.taken, sa.func.coalesce(held.c.held, 0).label("held"))
        .select_from(_counter.outerjoin(held, held.c.key == _counter.c.key))
        .where(_counter.c.taken != sa.func.coalesce(held.c.held, 0))
    )
    return [(row.key, row.taken, row.held) for row in rows]
