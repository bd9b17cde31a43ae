"""Notices as a feature that a service takes in under its own resource name.

    notices = Notices(metadata, resource="call-notices", singular="call_notice", table="call_notice",
                      prefix="CN", title=Text("公示", "Call notice"), packs=loaded)

`packs` gives the packs whose message tells the organisations of a notice's items that it was published. It
gives `notices.RESOURCE`, `notices.router`, `notices.timers`, and for use cases `open`, `publish`,
`require_passed`, `hold`, `release`, `settle`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql import JSONB

from kechuang import access
from kechuang.calendar import Period
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, NotFound
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Output, Prose, RecordOut
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from kechuang.timers import Timer, TimerHandler
from kechuang_packs import Packs
from kechuang_procedure.calendar import end_of
from kechuang_procedure.messages import tell
from kechuang_procedure.notices.domain import Notice, item, machine, sight, with_item


class NoticeItemOut(Output):
    """One item of a notice: what the public sees of it."""

    record: str
    number: str
    label: str
    organisation: str | None
    details: dict[str, Any]
    state: str = Field(description="listed, held, upheld or decided")


class NoticeOut(RecordOut):
    """A notice with its period: from the day after publication to 24:00 of `ends_on`."""

    title: str
    subject: str
    items: list[NoticeItemOut]
    period_days: int
    period_kind: str
    starts_on: date | None
    ends_on: date | None
    provisional: bool = Field(description="The period runs past the published working-day calendar")
    contact: str
    clause: str | None


class NoticeItemAct(Input):
    """Which item, and why."""

    record: str = Field(max_length=64)
    reason: Prose


class Notices:
    """The notices of one service."""

    def __init__(
        self,
        metadata: sa.MetaData,
        *,
        resource: str,
        singular: str,
        table: str,
        prefix: str,
        title: Text,
        packs: Callable[[UnitOfWork], Packs | None],
    ) -> None:
        self._packs = packs
        declared = record_table(
            table,
            metadata,
            prefix,
            sa.Column("title", sa.Text, nullable=False),
            sa.Column("subject", sa.Text, nullable=False, index=True, comment="what kind of matter"),
            sa.Column("items", JSONB, nullable=False),
            sa.Column("period_days", sa.Integer, nullable=False),
            sa.Column("period_kind", sa.Text, nullable=False),
            sa.Column("starts_on", sa.Date),
            sa.Column("ends_on", sa.Date),
            sa.Column("provisional", sa.Boolean, nullable=False),
            sa.Column("contact", sa.Text, nullable=False),
            sa.Column("clause", sa.Text),
            searched=True,
        )
        self.RESOURCE: Resource[Notice] = Resource(
            name=resource,
            singular=singular,
            title=title,
            table=declared,
            record=Notice,
            machine=machine(resource),
            sight=sight,
            describe=lambda notice: notice.title,
            search=("title",),
            filters={"subject": Filter("subject", Text("事项", "Subject"))},
        )
        self.records = Records(self.RESOURCE)
        self._timer = f"{resource}.end"
        self.timers: Mapping[str, TimerHandler] = {self._timer: self._end}
        self.router = self._routes()

    # -- for use cases -------------------------------------------------------------------------

    async def open(
        self,
        uow: UnitOfWork,
        *,
        title: str,
        subject: str,
        items: Sequence[Mapping[str, Any]],
        period: Period,
        contact: str,
        city: str | None,
        division: str | None,
        clause: str | None = None,
        pack: str | None = None,
    ) -> Notice:
        """Draft a notice and publish it at once; its end is a timer."""
        listed = [
            {"state": "listed", "holds": 0, "details": {}, "organisation": None} | dict(each)
            for each in items
        ]
        drafted = await self.records.create(
            uow, title=title, subject=subject, items=listed, period_days=period.days, period_kind=period.kind,
            provisional=False, contact=contact, city=city, division=division, clause=clause, pack=pack,
        )  # fmt: skip
        return await self._publish(uow, drafted, implied=True)

    async def _publish(self, uow: UnitOfWork, notice: Notice, *, implied: bool = False) -> Notice:
        end = end_of(uow.today, Period(notice.period_days, kind=notice.period_kind))  # type: ignore[arg-type]
        published = await self.records.change(
            uow,
            notice,
            "publish",
            implied=implied,
            starts_on=uow.today,
            ends_on=end.last_day,
            provisional=end.provisional,
        )
        uow.schedule(self._timer, end.ends_at, notice.id, published.version)
        concerned = access.party(*(each["organisation"] for each in published.items))
        tell(
            uow, self._packs(uow), published, self.RESOURCE.name, "notice.published", {"all_parties": concerned},
            title=published.title, due_on=end.last_day.isoformat(), contact=published.contact,
        )  # fmt: skip
        return published

    async def require_passed(self, uow: UnitOfWork, notice_id: str, record_id: str) -> Notice:
        """Refuse a decision on an item whose notice runs, or that an objection holds; locks the notice."""
        notice = await self.require_over(uow, notice_id)
        found = item(notice, record_id)
        if found is None:
            raise NotFound(Text("未找到相应公示。", "There is no such notice."))
        if found["state"] == "held":
            raise Conflict(Text("该项有异议正在处理。", "An objection holds this item."), code="item_held")
        if found["state"] == "upheld":
            raise Conflict(
                Text("对该项的异议成立，不能按公示内容决定。", "An objection to this item was upheld."),
                code="objection_upheld",
            )
        return notice

    async def require_over(self, uow: UnitOfWork, notice_id: str) -> Notice:
        """Give a notice whose period has ended, locked; whoever decides a whole list looks at its items then."""
        notice = await self.records.lookup_one(uow, lock=True, id=notice_id)
        if notice is None:
            raise NotFound(Text("未找到相应公示。", "There is no such notice."))
        if notice.state not in ("ended", "concluded"):
            raise Conflict(
                Text(f"公示期至 {notice.ends_on} 止，期满后方可决定。",
                     f"The notice runs until {notice.ends_on}; decide after its end."),
                code="notice_running", extra={"ends_on": str(notice.ends_on)},
            )  # fmt: skip
        return notice

    async def hold(self, uow: UnitOfWork, notice_id: str, record_id: str) -> None:
        """An accepted objection holds its item only."""
        await self._change_item(uow, notice_id, record_id, "hold-item", holds=1, state="held")

    async def release(self, uow: UnitOfWork, notice_id: str, record_id: str, *, upheld: bool) -> None:
        """The hold ends with the objection; the item goes on when the last one ends."""
        await self._change_item(
            uow, notice_id, record_id, "release-item", holds=-1, state="upheld" if upheld else "listed"
        )

    async def settle(self, uow: UnitOfWork, notice_id: str, record_id: str) -> None:
        """The item was decided."""
        await self._change_item(uow, notice_id, record_id, "settle-item", holds=0, state="decided")

    async def settle_all(self, uow: UnitOfWork, notice: Notice, record_ids: Collection[str]) -> None:
        """Several items of a locked notice were decided in one act; one change for all of them."""
        if not record_ids or notice.state not in ("published", "ended"):
            return
        items = [
            dict(each) | ({"state": "decided", "holds": 0} if each["record"] in record_ids else {})
            for each in notice.items
        ]
        await self.records.change(uow, notice, "settle-item", implied=True, items=items)

    async def _change_item(
        self, uow: UnitOfWork, notice_id: str, record_id: str, verb: str, *, holds: int, state: str
    ) -> Notice:
        notice = await self.records.lookup_one(uow, lock=True, id=notice_id)
        found = item(notice, record_id) if notice else None
        if notice is None or found is None:
            raise NotFound(Text("公示中没有这一项。", "The notice has no such item."))
        left = max(0, int(found["holds"]) + holds)
        if verb == "release-item" and state == "listed" and (left or found["state"] == "upheld"):
            state = str(found["state"])
        items = with_item(notice, record_id, holds=left, state=state)
        if verb != "settle-item" or notice.state in ("published", "ended"):
            return await self.records.change(uow, notice, verb, implied=True, items=items)
        return notice

    async def _end(self, uow: UnitOfWork, timer: Timer) -> None:
        notice = await self.records.lookup_one(uow, lock=True, id=timer.record_id)
        if notice is not None and notice.state == "published":
            await self.records.change(uow, notice, "end")

    # -- the HTTP edge -------------------------------------------------------------------------

    def _routes(self) -> ResourceRouter[Notice, NoticeOut]:
        router = ResourceRouter(self.records, NoticeOut)

        @router.verb("publish")
        async def publish(record_id: RecordId, uow: Write) -> Notice:
            """Publish: the period begins the day after and ends at 24:00 of its last (working) day."""
            return await self._publish(uow, await self.records.load(uow, record_id, "publish"))

        @router.verb(
            "hold-item", bulk=False, example={"record": "018e…", "reason": "收到实名异议，核实期间暂缓。"}
        )
        async def hold_item(record_id: RecordId, body: NoticeItemAct, uow: Write) -> Notice:
            """Hold one item; the others go on."""
            return await self._by_hand(uow, record_id, body, "hold-item", 1, "held")

        @router.verb("release-item", bulk=False, example={"record": "018e…", "reason": "异议不成立。"})
        async def release_item(record_id: RecordId, body: NoticeItemAct, uow: Write) -> Notice:
            """Let a held item go on."""
            return await self._by_hand(uow, record_id, body, "release-item", -1, "listed")

        @router.verb("conclude", example=Because.example)
        async def conclude(record_id: RecordId, body: Because, uow: Write) -> Notice:
            """Close the matter after all items were decided."""
            notice = await self.records.load(uow, record_id, "conclude")
            uow.reason = body.reason
            return await self.records.change(uow, notice, "conclude")

        @router.verb("withdraw", example=Because.example)
        async def withdraw(record_id: RecordId, body: Because, uow: Write) -> Notice:
            """Take the notice back; a corrected list is a new notice with a new period."""
            notice = await self.records.load(uow, record_id, "withdraw")
            uow.reason = body.reason
            return await self.records.change(uow, notice, "withdraw")

        return router

    async def _by_hand(
        self, uow: UnitOfWork, notice_id: str, body: NoticeItemAct, verb: str, holds: int, state: str
    ) -> Notice:
        notice = await self.records.load(uow, notice_id, verb)
        uow.require_version(notice.version, demanded=True)
        uow.reason = body.reason
        return await self._change_item(uow, notice_id, body.record, verb, holds=holds, state=state)
