"""Locks for what has no row yet."""

import sqlalchemy as sa

from kechuang.db.unit import UnitOfWork


async def hold(uow: UnitOfWork, *key: str) -> None:
    """Let concurrent units with the same key go one after the other, until this one ends."""
    await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("|".join(key), 0))))
