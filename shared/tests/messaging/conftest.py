"""A small world on real engines: a registry that tells of enterprises, a listener that keeps a list of them."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
import nats
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine

from kechuang.access import Actor, PermissionTable
from kechuang.db import tables
from kechuang.db.engines import Database
from kechuang.messaging.broker import Broker
from kechuang.messaging.events import Event
from kechuang.messaging.relay import Relay
from kechuang.service import Service
from kechuang.settings import Settings
from kechuang.tasks import end
from kechuang.text import Text
from kechuang_embedded.testing import TestEngines

PATIENCE = 15.0


class Listed(Event):
    """An enterprise was entered or renamed."""

    service: ClassVar[str] = "enterprise-registry"
    aggregate_kind: ClassVar[str] = "enterprise"
    name: ClassVar[str] = "listed"
    title: str
    employees: int = 0


class Foreign(Event):
    """An event that the registry has no right to publish."""

    service: ClassVar[str] = "indicators"
    aggregate_kind: ClassVar[str] = "value"
    name: ClassVar[str] = "stolen"


toy_metadata = sa.MetaData()
enterprises = sa.Table(
    "enterprise_view",
    toy_metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("seen_version", sa.Integer, nullable=False),
)
effects = sa.Table(
    "effect",
    toy_metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
)


@dataclass
class World:
    """What tests use: makers of services, databases and connections, all closed at the end."""

    engines: TestEngines
    stack: AsyncExitStack
    Listed = Listed
    Foreign = Foreign
    enterprises = enterprises
    effects = effects

    def settings(self, service: str, urls: Any, **more: Any) -> Settings:
        user, password = self.engines.nats.users[service]
        return Settings(
            service=service,
            database_url=urls.writer,
            database_read_url=urls.reader,
            database_owner_url=urls.owner,
            nats_url=self.engines.nats.url,
            nats_user=user,
            nats_password=SecretStr(password),
            signing_key=SecretStr(base64.b64encode(b"s" * 32).decode()),
            clock_movable=True,
            write_pool=6,
            read_pool=3,
            **more,
        )

    async def database(self, name: str = "enterprise-registry", **parts: Any) -> Database:
        """A service of these parts with a fresh database; `audit_roots` goes to the settings."""
        roots = {"audit_roots": str(parts.pop("audit_roots"))} if "audit_roots" in parts else {}
        service = Service(
            name=name,
            code="er" if name == "enterprise-registry" else "in",
            package=name.replace("-", "_"),
            title=Text("试", "Test"),
            summary=Text("试", "Test"),
            metadata=toy_metadata,
            permissions=PermissionTable({}),
            **parts,
        )
        urls = await asyncio.to_thread(self.engines.create_database, service.package)
        owner = create_async_engine(urls.owner.replace("postgresql://", "postgresql+asyncpg://"))
        async with owner.begin() as conn:
            await conn.run_sync(tables.metadata.create_all)
            await conn.run_sync(toy_metadata.create_all)
        await owner.dispose()
        return await self.copy(Database(self.settings(name, urls, **roots), service))

    async def copy(self, database: Database) -> Database:
        """Start a database object that is stopped at the end of the test."""
        await database.start()
        self.stack.push_async_callback(database.stop)
        return database

    async def broker(self, service: str, database: Database) -> Broker:
        broker = Broker(database.settings, service)
        await broker.start()
        self.stack.push_async_callback(broker.stop)
        async with asyncio.timeout(PATIENCE):
            await broker.connected()
        return broker

    async def connection(self, database: Database) -> asyncpg.Connection:
        conn = await asyncpg.connect(database.settings.database_url.get_secret_value())
        self.stack.push_async_callback(conn.close)
        return conn

    async def admin_connection(self, database: Database) -> asyncpg.Connection:
        """A connection of the server's administrator to the database, closed at the latest at the end."""
        name = database.settings.database_url.get_secret_value().rpartition("/")[2]
        conn = await asyncpg.connect(f"{self.engines.admin_url.rpartition('/')[0]}/{name}")
        self.stack.push_async_callback(conn.close)
        return conn

    async def relay(self, database: Database) -> Relay:
        from kechuang.messaging.bell import Ring

        broker = await self.broker(database.service.name, database)
        url = database.settings.database_url.get_secret_value()
        return Relay(url, broker, database.clock, Ring())

    @asynccontextmanager
    async def running(self, *work: Any) -> AsyncIterator[None]:
        """Run coroutines beside the block."""
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            await end(*tasks, again_after=2)

    async def list_enterprise(self, database: Database, number: int, version: int = 1, **values: Any) -> None:
        async with database.unit(Actor.system(database.service.name)) as unit:
            unit.emit(
                Listed(**{"title": f"五邑第{number}机械厂", **values}),
                aggregate=f"e-{number}",
                version=version,
            )

    async def in_stream(self, stream: str = "ENTERPRISE_REGISTRY") -> list[tuple[str, Mapping[str, Any]]]:
        """Everything in a stream, in order: (event id, envelope)."""
        import orjson

        admin = await nats.connect(**self.engines.nats.options("admin"))
        try:
            js = admin.jetstream()
            last = (await js.stream_info(stream)).state.last_seq
            found = []
            for seq in range(1, last + 1):
                message = await js.get_msg(stream, seq)
                envelope = orjson.loads(message.data or b"{}")
                found.append((envelope["id"], envelope))
            return found
        finally:
            await admin.close()

    async def column(self, database: Database, column: sa.ColumnElement[Any]) -> Sequence[Any]:
        """All values of a column, sorted."""
        async with database.read.connect() as conn:
            return sorted((await conn.execute(sa.select(column))).scalars())

    async def until(self, holds: Callable[[], Awaitable[Any]]) -> Any:
        """Wait until a condition holds and give its value."""
        async with asyncio.timeout(PATIENCE):
            while not (value := await holds()):  # noqa: ASYNC110  engines outside have no event to wait for
                await asyncio.sleep(0.01)
            return value


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    with TestEngines() as started:
        yield started


@pytest.fixture
async def world(engines: TestEngines) -> AsyncIterator[World]:
    await asyncio.to_thread(engines.clear_streams)
    async with AsyncExitStack() as stack:
        yield World(engines, stack)
