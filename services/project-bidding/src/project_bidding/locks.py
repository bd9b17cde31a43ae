"""Taking turns where there is no row to lock yet."""

import sqlalchemy as sa

from kechuang.db.unit import UnitOfWork


async def take_turns(uow: UnitOfWork, *key: str) -> None:
    """Wait until no other transaction holds this key; held to the end of this one.

    Two keys may share a lock by their hash: they wait for each other without need, which harms nobody.
    """
    await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("|".join(key), 0))))
