"""The pools after the database closed their connections, as a restart does."""

import asyncio
from typing import Any

import asyncpg

from kechuang.testing import ServiceHarness

_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kechuang' AND datname = $1"
_CLOSE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kechuang' AND datname = $1
"""


async def close_all_connections(notes: ServiceHarness, admin_url: str) -> int:
    """Close what the application holds; gives how many connections that were."""
    admin = await asyncpg.connect(admin_url)
    database = notes.urls.writer.rpartition("/")[2]
    try:
        closed = await admin.fetch(_CLOSE, database)
        async with asyncio.timeout(10):
            while await admin.fetchval(_OPEN, database):  # noqa: ASYNC110  the database sets no event
                await asyncio.sleep(0.01)
        return len(closed)
    finally:
        await admin.close()


async def test_no_request_gets_a_connection_that_the_database_closed(
    notes: ServiceHarness, engines: Any
) -> None:
    clerk = notes.client(roles=["enterprise_clerk"], organisation="91440703MA0TEAT010")

    async def six_of_each() -> set[int]:
        writes = [clerk.post("notes", {"title": f"便条{n}"}) for n in range(6)]
        reads = [clerk.get("notes") for _ in range(6)]
        return {each.status_code for each in await asyncio.gather(*writes, *reads)}

    assert await six_of_each() == {200, 201}
    assert await close_all_connections(notes, engines.admin_url) >= 2
    assert await six_of_each() == {200, 201}
