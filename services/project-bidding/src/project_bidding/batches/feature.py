"""Call batches: table, rules and addresses. Calls name their batch; a batch is published with a list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from pydantic import Field

from kechuang import access
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Input, Line, Prose, RecordOut
from kechuang.money import Money, MoneyOut
from kechuang.records import Records
from kechuang.resources import Record, Resource, record_table
from kechuang.states import Machine, verb
from kechuang.text import Text
from project_bidding import packs
from project_bidding.metadata import metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBatch(Record):
    """A batch of calls under one programme."""

    title: str
    programme: str
    aim: str | None
    budget_fen: int | None
    published_on: date | None


_STATES = {
    "planned": Text("计划", "Planned"),
    "collecting": Text("征集中", "Collecting"),
    "published": Text("已发布", "Published"),
    "closed": Text("已截止", "Closed"),
    "concluded": Text("已办结", "Concluded"),
}
MACHINE = Machine(
    "call-batches",
    _STATES,
    "planned",
    (
        verb("open", "开始征集", "Open", from_="planned", to="collecting"),
        verb("publish", "发布", "Publish", from_=("planned", "collecting"), to="published", decides=True),
        verb("close", "截止", "Close", from_="published", to="closed"),
        verb("conclude", "办结", "Conclude", from_="closed", to="concluded"),
    ),
)


def sight(batch: CallBatch) -> Iterable[str]:
    """Officers of the place; everybody once needs are collected for it."""
    yield from access.place(batch.city)
    if batch.state != "planned":
        yield from access.PUBLIC


_table = record_table(
    "call_batch",
    metadata,
    "CB",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("aim", sa.Text),
    sa.Column("budget_fen", sa.BigInteger),
    sa.Column("published_on", sa.Date),
)
CALL_BATCHES: Resource[CallBatch] = Resource(
    name="call-batches",
    singular="call_batch",
    title=Text("榜单", "Call batch"),
    table=_table,
    record=CallBatch,
    machine=MACHINE,
    sight=sight,
    describe=lambda batch: batch.title,
)
batches = Records(CALL_BATCHES)


class CallBatchCreate(Input):
    """A batch that calls will name."""

    title: Line
    programme: str = Field(max_length=80)
    aim: Prose | None = None
    budget_fen: Money | None = Field(default=None, alias="budget")


class CallBatchOut(RecordOut):
    """A batch; its calls are at `calls?batch=`."""

    title: str
    programme: str
    aim: str | None
    budget_fen: MoneyOut | None = Field(serialization_alias="budget")
    published_on: date | None


router = ResourceRouter(batches, CallBatchOut)


@router.create(example={"title": "2024年第一批揭榜挂帅榜单", "programme": "municipal_open_call"})
async def create(body: CallBatchCreate, uow: Write) -> CallBatch:
    """Plan a batch under a programme of the city's pack."""
    city = uow.actor.areas[0] if uow.actor.areas else None
    programme = packs.require_programme(uow, city, body.programme)
    return await batches.create(
        uow, title=body.title, programme=programme.code, aim=body.aim, budget_fen=body.budget_fen,
        pack=programme.made_under, city=city, division=city,
    )  # fmt: skip


@router.verb("open")
async def open_(record_id: RecordId, uow: Write) -> CallBatch:
    """Begin to collect needs."""
    return await batches.change(uow, await batches.load(uow, record_id, "open"), "open")


@router.verb("publish")
async def publish(record_id: RecordId, uow: Write) -> CallBatch:
    """Publish the list; each call is published by itself."""
    batch = await batches.load(uow, record_id, "publish")
    return await batches.change(uow, batch, "publish", published_on=uow.today)


@router.verb("close")
async def close(record_id: RecordId, uow: Write) -> CallBatch:
    """No further calls."""
    return await batches.change(uow, await batches.load(uow, record_id, "close"), "close")


@router.verb("conclude")
async def conclude(record_id: RecordId, uow: Write) -> CallBatch:
    """Everything of the batch is decided."""
    return await batches.change(uow, await batches.load(uow, record_id, "conclude"), "conclude")
