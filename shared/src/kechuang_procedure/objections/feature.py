"""Objections as a feature that a service takes in under its own resource name, beside its notices."""

from datetime import date

import sqlalchemy as sa
from pydantic import Field

from kechuang.calendar import Period
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Prose, RecordOut
from kechuang.ids import new_id
from kechuang.personal import Secret
from kechuang.personal.store import seal
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from kechuang_procedure.calendar import end_of
from kechuang_procedure.notices import Notice, Notices
from kechuang_procedure.notices.domain import item
from kechuang_procedure.objections.domain import Objection, machine, sight

ANSWER_WITHIN = Period(15, kind="working")  # product default; policy-facts 7.8

EXAMPLE = {
    "notice": "018e2b6a-…",
    "item": "018e2b69-…",
    "grounds": "第二参与单位的合作协议签署日期早于其成立日期，请核查。",
    "evidence": "附：工商登记信息截图及协议复印件。",
    "real_name": "王示例",
    "contact": "13800000000",
}


class ObjectionCreate(Input):
    """An objection: real name, writing, evidence. Anonymous or groundless ones are not accepted."""

    notice: str = Field(max_length=64)
    item: str = Field(max_length=64, description="The record that the notice's item is about")
    grounds: Prose
    evidence: Prose
    real_name: Secret = Field(description="实名; sealed, known to the examiner and the auditor only")
    contact: Secret = Field(description="Phone or e-mail; sealed")


class ObjectionAnswer(Input):
    """The finding, with its reasons."""

    answer: Prose


class ObjectionOut(RecordOut):
    """An objection, without its objector."""

    notice: str
    item: str
    grounds: str
    evidence: str
    answer_due_on: date | None
    answer: str | None


class Objections:
    """The objections of one service."""

    def __init__(
        self,
        metadata: sa.MetaData,
        notices: Notices,
        *,
        resource: str,
        singular: str,
        table: str,
        prefix: str,
    ) -> None:
        self.notices = notices
        declared = record_table(
            table,
            metadata,
            prefix,
            sa.Column("notice", sa.Text, nullable=False, index=True),
            sa.Column("item", sa.Text, nullable=False),
            sa.Column("grounds", sa.Text, nullable=False),
            sa.Column("evidence", sa.Text, nullable=False),
            sa.Column("objector_name", sa.LargeBinary, nullable=False),
            sa.Column("objector_contact", sa.LargeBinary, nullable=False),
            sa.Column("lodged_by", sa.Text, nullable=False),
            sa.Column("lodged_by_person", sa.Text),
            sa.Column("answer_due_on", sa.Date),
            sa.Column("answer", sa.Text),
        )
        self.RESOURCE: Resource[Objection] = Resource(
            name=resource,
            singular=singular,
            title=Text("异议", "Objection"),
            table=declared,
            record=Objection,
            machine=machine(resource),
            sight=sight,
            describe=lambda objection: objection.grounds[:60],
            unlogged=frozenset(
                {"objector_name", "objector_contact", "grounds", "evidence", "lodged_by", "lodged_by_person"}
            ),
            filters={"notice": Filter("notice", Text("公示", "Notice"))},
        )
        self.records = Records(self.RESOURCE)
        self.router = self._routes()

    async def lodge(self, uow: UnitOfWork, body: ObjectionCreate) -> Objection:
        """Lodge an objection while the notice runs."""
        notice = await self.notices.records.get(uow, body.notice)
        if notice.state != "published":
            raise Conflict(
                Text("该公示不在公示期内。", "The notice is not running."), code="notice_not_running"
            )
        if item(notice, body.item) is None:
            raise invalid("/item", "item_unknown", "公示中没有这一项。", "The notice has no such item.")
        objection_id = new_id()
        sealed = await seal(uow, objection_id, "objector", {"name": body.real_name, "contact": body.contact})
        return await self.records.create(
            uow, record_id=objection_id, notice=notice.id, item=body.item, grounds=body.grounds,
            evidence=body.evidence, objector_name=sealed["name"], objector_contact=sealed["contact"], lodged_by=uow.actor.subject,
            lodged_by_person=uow.actor.person, organisation=uow.actor.organisation, city=notice.city,
            division=notice.division,
        )  # fmt: skip

    async def _load_as_examiner(self, uow: UnitOfWork, record_id: str, verb: str) -> tuple[Objection, Notice]:
        """The examiner neither handled the notice nor lodged the objection."""
        objection = await self.records.load(uow, record_id, verb)
        notice = await self.notices.records.lookup_one(uow, lock=True, id=objection.notice)
        assert notice is not None, "an objection names an existing notice"
        if uow.actor.subject in notice.handlers or uow.actor.subject == objection.lodged_by:
            raise NotPermitted(
                Text("经办该公示的人员不能核查对它的异议。", "Who handled the notice does not examine it."),
                code="examiner_handled_the_matter",
            )
        return objection, notice

    async def accept(self, uow: UnitOfWork, record_id: str) -> Objection:
        """Accept: its item is held, the answer is due in the pack's working days."""
        objection, notice = await self._load_as_examiner(uow, record_id, "accept")
        accepted = await self.records.change(
            uow, objection, "accept", answer_due_on=end_of(uow.today, ANSWER_WITHIN).last_day
        )
        await self.notices.hold(uow, notice.id, objection.item)
        return accepted

    async def find(self, uow: UnitOfWork, record_id: str, verb: str, answer: str) -> Objection:
        """Uphold or dismiss, with reasons; the hold ends with it."""
        objection, notice = await self._load_as_examiner(uow, record_id, verb)
        found = await self.records.change(uow, objection, verb, answer=answer)
        await self.notices.release(uow, notice.id, objection.item, upheld=verb == "uphold")
        return found

    async def _withdraw(self, uow: UnitOfWork, record_id: str) -> Objection:
        objection = await self.records.load(uow, record_id, "withdraw")
        held = objection.state in ("accepted", "examining")
        withdrawn = await self.records.change(uow, objection, "withdraw")
        if held:
            await self.notices.release(uow, objection.notice, objection.item, upheld=False)
        return withdrawn

    def _routes(self) -> ResourceRouter[Objection, ObjectionOut]:
        router = ResourceRouter(self.records, ObjectionOut)

        @router.create(example=EXAMPLE, action="lodge")
        async def lodge(body: ObjectionCreate, uow: Write) -> Objection:
            """Lodge an objection to one item of a running notice."""
            return await self.lodge(uow, body)

        @router.verb("accept")
        async def accept(record_id: RecordId, uow: Write) -> Objection:
            """Accept the objection; holds its item only."""
            return await self.accept(uow, record_id)

        @router.verb("refuse", example=Because.example)
        async def refuse(record_id: RecordId, body: Because, uow: Write) -> Objection:
            """Refuse to accept (anonymous, groundless, out of time)."""
            objection, _ = await self._load_as_examiner(uow, record_id, "refuse")
            uow.reason = body.reason
            return await self.records.change(uow, objection, "refuse", answer=body.reason)

        @router.verb("examine")
        async def examine(record_id: RecordId, uow: Write) -> Objection:
            """Begin the examination."""
            objection, _ = await self._load_as_examiner(uow, record_id, "examine")
            return await self.records.change(uow, objection, "examine")

        @router.verb("uphold", example={"answer": "经核查，情况属实。"})
        async def uphold(record_id: RecordId, body: ObjectionAnswer, uow: Write) -> Objection:
            """Uphold: the item cannot be decided as published."""
            return await self.find(uow, record_id, "uphold", body.answer)

        @router.verb("dismiss", example={"answer": "经核查，协议签署日期无误，异议不成立。"})
        async def dismiss(record_id: RecordId, body: ObjectionAnswer, uow: Write) -> Objection:
            """Dismiss: the item goes on."""
            return await self.find(uow, record_id, "dismiss", body.answer)

        @router.verb("withdraw")
        async def withdraw(record_id: RecordId, uow: Write) -> Objection:
            """Who lodged it takes it back."""
            return await self._withdraw(uow, record_id)

        @router.verb("close")
        async def close(record_id: RecordId, uow: Write) -> Objection:
            """Close after the answer was given."""
            objection, _ = await self._load_as_examiner(uow, record_id, "close")
            return await self.records.change(uow, objection, "close")

        return router
