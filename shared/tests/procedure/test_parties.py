"""What services remember of organisations: newest wins, ends may arrive before beginnings."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from kechuang.access import Actor, PermissionTable
from kechuang.db import tables
from kechuang.db.engines import Database
from kechuang.messaging.events import Received
from kechuang.service import Service
from kechuang.testing import test_settings as settings_for
from kechuang.text import Text
from kechuang_contracts.enterprise_registry import OrganisationChanged, RecognitionDecided, RecognitionEnded
from kechuang_procedure.parties import Parties

USCC = "91440703MA0TEAT010"
PLACE: dict[str, Any] = {"city": "440700", "division": "440703", "zones": []}
metadata = sa.MetaData()
parties = Parties(metadata)
SERVICE = Service(
    name="toy", code="ty", package="toy", title=Text("试", "toy"), summary=Text("试", "toy"),
    metadata=metadata, permissions=PermissionTable({}),
)  # fmt: skip


@pytest.fixture(scope="module")
async def database(engines: Any) -> Any:
    urls = engines.create_database("toy")
    made = Database(settings_for("toy", urls), SERVICE)
    engine = sa.ext.asyncio.create_async_engine(urls.owner.replace("postgresql", "postgresql+asyncpg", 1))
    async with engine.begin() as conn:
        await conn.run_sync(tables.metadata.create_all)
        await conn.run_sync(metadata.create_all)
    await engine.dispose()
    yield made
    await made.stop()


async def tell(database: Database, event: Any, aggregate: str, version: int) -> None:
    handler = next(each for each in parties.handlers() if each.event is type(event))
    async with database.unit(Actor.system("toy")) as uow:
        received = Received(
            id=f"{aggregate}-{version}", type=event.subject(), source="test", aggregate=aggregate,
            version=version, time=uow.now, data=event,
        )  # fmt: skip
        await handler.handle(uow, received)


def organisation(title: str) -> OrganisationChanged:
    return OrganisationChanged(
        **PLACE,
        uscc=USCC,
        title=title,
        kind="enterprise",
        scale="small",
        industry=None,
        chains=[],
        state="active",
    )


async def test_the_newest_snapshot_wins_whatever_the_order(database: Database) -> None:
    await tell(database, organisation("新名"), USCC, 3)
    await tell(database, organisation("旧名"), USCC, 2)
    async with database.reading(Actor.system("toy")) as unit:
        found = await parties.find(unit, USCC)
    assert found is not None
    assert found.title == "新名"


async def test_an_end_that_arrives_first_still_ends_the_rung(database: Database) -> None:
    ended = RecognitionEnded(
        **PLACE, organisation=USCC, kind="tech_sme", outcome="revoked", ended_on=date(2024, 6, 30)
    )
    decided = RecognitionDecided(
        **PLACE, organisation=USCC, kind="tech_sme", level=None, source="list", decided_by="province",
        document_no="〔2024〕1号", decided_on=date(2024, 1, 5), valid_from=date(2024, 1, 5),
        valid_to=date(2024, 12, 31), first_time=True, renews=None, pack=None,
    )  # fmt: skip
    await tell(database, ended, "r-1", 2)
    await tell(database, decided, "r-1", 1)
    async with database.reading(Actor.system("toy")) as unit:
        found = await parties.find(unit, USCC)
    assert found is not None
    assert found.holds("tech_sme", date(2024, 6, 30))
    assert not found.holds("tech_sme", date(2024, 7, 1))
