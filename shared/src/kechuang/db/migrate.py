"""Bring a service's database to the newest version: `python -m kechuang.db.migrate <package>`.

`--revision "title"` writes a new migration from the difference between tables and database;
`--check` fails when there is one.
"""

import argparse
import asyncio

from alembic import command
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from kechuang.db.migrations import config, upgrade
from kechuang.db.tables import clock_offset
from kechuang.settings import Settings


async def start_clock(url: str, seconds: int) -> None:
    """Give a new database's business clock its start; one that was moved already stays."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as conn:
        statement = insert(clock_offset).values(single=True, seconds=seconds)
        await conn.execute(statement.on_conflict_do_nothing())
    await engine.dispose()


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Migrate one service's database")
    parser.add_argument("package")
    parser.add_argument("--revision", metavar="TITLE")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    made = config(asked.package, Settings().database_owner_url.get_secret_value())
    if asked.revision:
        command.revision(made, asked.revision, autogenerate=True)
    elif asked.check:
        command.check(made)
    else:
        settings = Settings()
        url = settings.database_owner_url.get_secret_value()
        upgrade(asked.package, url)
        if settings.clock_movable and settings.clock_offset:
            asyncio.run(start_clock(url, settings.clock_offset))


if __name__ == "__main__":
    main()
