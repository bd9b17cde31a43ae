"""The toy service on a real database."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from kechuang.db import tables
from kechuang.testing import ServiceHarness

_spec = importlib.util.spec_from_file_location("kechuang_toy", Path(__file__).with_name("toy.py"))
assert _spec is not None
assert _spec.loader is not None
toy = importlib.util.module_from_spec(_spec)
sys.modules["kechuang_toy"] = toy
_spec.loader.exec_module(toy)


def create_tables(url: str) -> None:
    """Make the tables without migrations: the toy has none."""
    import asyncio

    async def make() -> None:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with engine.begin() as conn:
            await conn.run_sync(tables.metadata.create_all)
            await conn.run_sync(toy.metadata.create_all)
        await engine.dispose()

    asyncio.run(make())


@pytest.fixture(scope="session")
async def notes(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceHarness]:
    """The toy's api process."""
    folder = tmp_path_factory.mktemp("toy")
    service = toy.service(folder)
    harness = ServiceHarness(
        service, engines, migrate=create_tables, files_url=f"file://{folder}/files", body_limit=100_000
    )
    async with harness:
        yield harness
