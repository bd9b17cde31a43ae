"""The pools after the database closed their connections, as a restart does."""

import asyncio
from typing import Any

import asyncpg
import pytest

from kechuang.db import engines as engines_module
from kechuang.db.engines import Turns
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


async def test_connections_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    turns, served = Turns(2), []
    done = asyncio.Event()

    async def ask(number: int) -> None:
        async with turns.turn():
            served.append(number)
            await done.wait()

    asking = []
    for number in range(6):
        asking.append(asyncio.create_task(ask(number)))
        await asyncio.sleep(0)  # it stands in the line
    assert served == [0, 1]
    done.set()
    late = asyncio.create_task(ask(6))  # comes when the first ones leave
    await asyncio.gather(*asking, late)
    assert served == [0, 1, 2, 3, 4, 5, 6]


async def test_who_waits_too_long_or_leaves_takes_no_connection_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines_module, "_POOL_SECONDS", 0.01)
    turns = Turns(1)
    async with turns.turn():
        with pytest.raises(TimeoutError):
            await turns.take()
        gone = asyncio.create_task(turns.take())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
    async with turns.turn():
        pass  # at once, or the test would end with a TimeoutError
