"""One stack for this folder: every service with two copies of its api and of its worker."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import nats
import pytest

from kechuang_embedded.testing_load import Registrations
from kechuang_embedded.testing_stack import WholeStack, whole_stack

REGISTRY, MATCHING, INDICATORS = "enterprise-registry", "commissioner-matching", "indicators"
CLOCK_START = "2024-03-01T08:30:00+08:00"
CHANGED = "kechuang.enterprise-registry.organisation.changed.v1"


@pytest.fixture(scope="package")
def stack() -> Iterator[WholeStack]:
    """Starting it takes much of this folder's time, so all tests share it; each leaves it whole."""
    with whole_stack(copies=2, clock_start=CLOCK_START) as running:
        yield running


_AREAS = iter(("440103", "440104", "440105", "440106", "440111", "440112", "440113"))


@pytest.fixture
def load(stack: WholeStack) -> Registrations:
    """Registrations of another government system, with credit codes and keys of the test's own."""
    area = next(_AREAS)
    return Registrations(stack.gateway, stack.token("integration"), seed=int(area), area=area)


class Books:
    """What the services' databases hold, read by their SELECT-only roles."""

    def __init__(self, stack: WholeStack) -> None:
        self._stack = stack

    async def rows(self, service: str, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Run one query in a service's database."""
        connection = await asyncpg.connect(self._stack.reader(service))
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def column(self, service: str, statement: str, *values: Any) -> list[Any]:
        """Run a query of one column."""
        return [row[0] for row in await self.rows(service, statement, *values)]

    async def agree_with(self, load: Registrations) -> None:
        """What was acknowledged is in the registry once, and everybody else knows exactly that."""
        assert len(load.acknowledged) == len(load.begun)
        known = {each.uscc: each.answer["id"] for each in load.acknowledged if each.answer}
        assert len(known) == len(load.begun)

        stored = await self.rows(
            REGISTRY, "SELECT uscc, id, name, version, state FROM organisation WHERE uscc = ANY($1)", [*known]
        )
        assert {row["uscc"]: row["id"] for row in stored} == known
        for table in ("history", "audit"):
            told = await self.column(REGISTRY, _TOLD[table], [*known.values()])
            assert sorted(told) == sorted(known.values()), f"{table}: one row an organisation"

        events = await self.rows(
            REGISTRY,
            "SELECT event_id, aggregate, aggregate_version FROM outbox WHERE subject = $1 AND aggregate = ANY($2)",
            *(CHANGED, [*known]),
        )
        assert sorted(row["aggregate"] for row in events) == sorted(known)

        await self._arrived([row["event_id"] for row in events])
        parties = await self.rows(
            MATCHING, "SELECT uscc, title, version, state FROM party WHERE uscc = ANY($1)", [*known]
        )
        assert {tuple(row) for row in parties} == {
            (row["uscc"], row["name"], row["version"], row["state"]) for row in stored
        }
        facts = await self.rows(
            INDICATORS,
            "SELECT event, record, version FROM fact WHERE kind = 'organisation.changed' AND record = ANY($1)",
            [*known],
        )
        assert sorted(map(tuple, facts)) == sorted(map(tuple, events))
        assert await self.dead_letters() == 0

    async def _arrived(self, events: list[str]) -> None:
        """Wait until both listeners have handled the events, once."""
        for service, consumer in ((MATCHING, "parties"), (INDICATORS, "facts")):
            async with asyncio.timeout(90):  # one that was in the hands of a killed worker comes after 30 s
                while sorted(await self.column(service, _HANDLED, consumer, events)) != sorted(events):  # noqa: ASYNC110  the database sets no event
                    await asyncio.sleep(0.2)

    async def dead_letters(self) -> int:
        """How many events nobody could handle."""
        client = await nats.connect(self._stack.described["nats_url"])
        try:
            return int((await client.jetstream().stream_info("DLQ")).state.messages)
        finally:
            await client.close()


_HANDLED = "SELECT event_id FROM inbox WHERE consumer = $1 AND event_id = ANY($2)"
_TOLD = {
    "history": "SELECT record_id FROM history WHERE verb = 'create' AND record_id = ANY($1)",
    "audit": "SELECT record_id FROM audit WHERE action = 'organisations:create' AND record_id = ANY($1)",
}


@pytest.fixture
def books(stack: WholeStack) -> Books:
    return Books(stack)
