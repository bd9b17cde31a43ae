"""Alembic for every service: one environment, timeouts, an advisory lock, and the readiness check."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory

from kechuang.db import tables

if TYPE_CHECKING:
    from kechuang.db.engines import Database

_LOCK = 7_220_114  # any constant: keeps two migrations of one database apart


def config(package: str, url: str = "") -> Config:
    """Give Alembic's configuration of a service; its scripts lie beside its source."""
    root = Path(str(import_module(package).__file__)).parents[2]
    made = Config()
    made.set_main_option("script_location", str(root / "migrations"))
    made.set_main_option("version_path_separator", "os")
    made.attributes["url"] = url
    made.attributes["package"] = package
    return made


def upgrade(package: str, url: str) -> None:
    """Bring a database to the newest version."""
    command.upgrade(config(package, url), "head")


def run_environment() -> None:
    """What each service's `migrations/env.py` calls."""
    settings = context.config
    metadata = [tables.metadata, import_module(f"{settings.attributes['package']}.service").SERVICE.metadata]
    if settings.attributes.get("connection") is not None:
        _run(settings.attributes["connection"], metadata)
        return
    url = settings.attributes["url"].replace("postgresql://", "postgresql+asyncpg://", 1)
    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def online() -> None:
        engine = create_async_engine(url)
        async with engine.connect() as conn:
            await conn.run_sync(_run, metadata)
            await conn.commit()
        await engine.dispose()

    asyncio.run(online())


def _run(connection: sa.Connection, metadata: list[sa.MetaData]) -> None:
    # A migration that waits for a lock makes all writers wait behind it: rather fail and be repeated.
    connection.execute(sa.text("SET lock_timeout = '4s'"))
    connection.execute(sa.text("SET statement_timeout = '10min'"))
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def create_kit_tables(connection: sa.Connection) -> None:
    """Create the side tables; the first migration of every service calls this."""
    tables.metadata.create_all(connection, checkfirst=False)


@lru_cache
def _head(package: str) -> str | None:
    return ScriptDirectory.from_config(config(package)).get_current_head()


async def is_current(database: "Database") -> bool:
    """Tell whether the database has the newest migration that this program knows."""
    async with database.read.connect() as conn:
        found = (await conn.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar()
    return found == _head(database.service.package)
