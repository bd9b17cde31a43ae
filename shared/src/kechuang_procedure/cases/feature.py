"""Cases as a feature that a service takes in under its own resource name.

    class EnterpriseCases(Cases): ...        answers the questions of `hooks.CaseHooks`
    cases = EnterpriseCases(metadata, parties, resource="enterprise-cases", singular="enterprise_case",
                            table="enterprise_case", prefix="EC", title=Text("企业服务事项", "Enterprise case"))

gives `cases.RESOURCE`, `cases.measures_router` (before `cases.router`, which takes every id), `cases.timers`, and for use cases `open`, `assign`, `resolve` …
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.http import paging
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Page
from kechuang.resources import Resource
from kechuang.text import Text
from kechuang.timers import TimerHandler
from kechuang_procedure.cases import schemas
from kechuang_procedure.cases.contacts import Contacts
from kechuang_procedure.cases.domain import Case
from kechuang_procedure.cases.due import is_late
from kechuang_procedure.cases.escalation import CaseEscalation
from kechuang_procedure.cases.measures import Measures
from kechuang_procedure.cases.opening import CaseOpening
from kechuang_procedure.cases.store import CaseRecords, case_resource, case_table, contact_table
from kechuang_procedure.parties import Parties

Limit = Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=1000)]


class Cases(CaseOpening, CaseEscalation):
    """The cases of one service."""

    def __init__(
        self,
        metadata: sa.MetaData,
        parties: Parties,
        *,
        resource: str,
        singular: str,
        table: str,
        prefix: str,
        title: Text,
    ) -> None:
        declared = case_table(table, metadata, prefix)
        self.parties = parties
        self.RESOURCE: Resource[Case] = case_resource(resource, singular, declared, title)
        self.records = CaseRecords(self.RESOURCE)
        self.contacts = Contacts(contact_table(f"{table}_contact", declared, metadata), parties)
        self.falls_due, self.goes_up = f"{resource}.due", f"{resource}.escalate"
        self.timers: Mapping[str, TimerHandler] = {
            self.falls_due: self.on_day,
            self.goes_up: self.on_still_late,
        }
        self.router = self._routes()
        self.measures_router = Measures(self.RESOURCE, self.records).router

    def show(self, case: Case, unit: ReadUnit | UnitOfWork) -> schemas.CaseOut:
        """Give a case as it goes over the wire; a measure is overdue as of today."""
        fields = {name: getattr(case, name, None) for name in schemas.CaseOut.model_fields}
        fields |= {
            "overdue": case.overdue_since is not None,
            "fast_lane": case.fast_lane_reason is not None,
            "targets": len(case.targets),
            "steps": [{**each, "overdue": is_late(each, unit.today)} for each in case.steps],
        }
        return schemas.CaseOut.model_validate(fields)

    # -- the HTTP edge -------------------------------------------------------------------------

    def _routes(self) -> ResourceRouter[Case, schemas.CaseOut]:
        router = ResourceRouter(self.records, schemas.CaseOut, show=self.show)
        self._begin(router)
        self._work(router)
        self._end(router)
        self._reads(router)
        return router

    def _begin(self, router: ResourceRouter[Case, schemas.CaseOut]) -> None:
        @router.create(example=schemas.EXAMPLE)
        async def create(body: schemas.CaseCreate, uow: Write) -> Case:
            """Open a case; its kind says who may, what is due when, and who confirms it.

            403 `kind_not_opened_by_you`; 409 `case_exists` where an organisation has one live case of the kind;
            422 `set_by_officers` for owner, day or measures stated by who may not assign.
            """
            return await self.request(uow, body)

        @router.update(example={"title": "二期车间用电增容"})
        async def update(record_id: RecordId, body: schemas.CasePatch, uow: Write) -> Case:
            """Change its words while it is not resolved; days and owners have verbs of their own."""
            return await self.update(uow, record_id, body)

        @router.verb("assign", example={"owner": {"unit": "pengjiang-power", "post": "区供电局营销部"}})
        async def assign(record_id: RecordId, body: schemas.CaseAssign, uow: Write) -> Case:
            """Give it to a person or a unit, or to another one; what waits for its owner moves along.

            Demands `If-Match`: of two officers who assign at once the second gets 412. For an attachment the
            organisation's live cases of the former official go to the new one too.
            """
            return await self.assign(uow, record_id, body)

        @router.verb("start")
        async def start(record_id: RecordId, uow: Write) -> Case:
            """Begin; 409 `measures_first` where the kind asks for a measure before."""
            return await self.start(uow, record_id)

        @router.verb("extend", example={"due_on": "2024-06-30", "reason": "增容工程需停电窗口。"})
        async def extend(record_id: RecordId, body: schemas.CaseExtend, uow: Write) -> Case:
            """Move the last day of the case or of one measure to a later one."""
            return await self.extend(uow, record_id, body)

        @router.verb("expedite", example={"reason": "影响重大项目投产。"})
        async def expedite(record_id: RecordId, body: schemas.CaseReason, uow: Write) -> Case:
            """Put it into the fast lane (绿色通道): first in `sort=queue`, with the shorter time limit."""
            return await self.expedite(uow, record_id, body.reason)

        @router.verb("escalate", example={"reason": "逾期未办，请协调。"})
        async def escalate(record_id: RecordId, body: schemas.CaseReason, uow: Write) -> Case:
            """Turn to the next level of its kind's chain; 409 `no_higher_level` at the end.

            The one served may do so once a day was missed (409 `not_overdue` before).
            """
            return await self.escalate(uow, record_id, body.reason)

    def _work(self, router: ResourceRouter[Case, schemas.CaseOut]) -> None:
        @router.verb("add-step", example={"title": "现场勘察用电负荷", "due_on": "2024-04-10",
                                          "owner": {"unit": "pengjiang-power"}})  # fmt: skip
        async def add_step(record_id: RecordId, body: schemas.CaseStepCreate, uow: Write) -> Case:
            """Add a measure with owner and last day."""
            return await self.add_step(uow, record_id, body)

        @router.verb("complete-step", example={"step": "1", "result": "已完成勘察，需增容 800 kVA。"})
        async def complete_step(record_id: RecordId, body: schemas.CaseStepComplete, uow: Write) -> Case:
            """Say what came of a measure; `dropped` with the reason when it is not carried out.

            409 `step_ended` when it ended before; 409 `not_the_owner` for who owns neither it nor the case.
            """
            return await self.complete_step(uow, record_id, body)

        @router.verb("add-targets", example={"organisations": [], "select": {"holds": ["tech_sme"]}})
        async def add_targets(record_id: RecordId, body: schemas.CaseTargets, uow: Write) -> Case:
            """Add organisations to those that a campaign turns to, by code or by what they are."""
            return await self.add_targets(uow, record_id, body)

        @router.verb("log-contact", example={"organisation": "91440703MATE001A0N", "way": "visit",
                                             "summary": "上门宣讲加计扣除政策。"})  # fmt: skip
        async def log_contact(record_id: RecordId, body: schemas.CaseContactCreate, uow: Write) -> Case:
            """Log a contact; in a campaign each target once (409 `already_contacted` names the earlier one)."""
            return await self.log_contact(uow, record_id, body)

        @router.verb("link-contact", example={"contact": "018e…",
                                              "led_to": [{"resource": "applications", "id": "018e…"}]})  # fmt: skip
        async def link_contact(record_id: RecordId, body: schemas.CaseContactLink, uow: Write) -> Case:
            """Say what a contact led to: an application, a need, a case."""
            return await self.link_contact(uow, record_id, body)

    def _end(self, router: ResourceRouter[Case, schemas.CaseOut]) -> None:
        @router.verb("resolve", example={"result": "已增容 800 kVA，4月28日送电。"})
        async def resolve(record_id: RecordId, body: schemas.CaseResolve, uow: Write) -> Case:
            """Say what was achieved; 409 `steps_open` while a measure is open."""
            return await self.resolve(uow, record_id, body)

        @router.verb("confirm", example={"satisfaction": 5})
        async def confirm(record_id: RecordId, body: schemas.CaseConfirm, uow: Write) -> Case:
            """The one served agrees; needs the authorisation to submit."""
            return await self.confirm(uow, record_id, body)

        @router.verb("reopen", example={"reason": "送电后电压不稳，问题仍在。"})
        async def reopen(record_id: RecordId, body: schemas.CaseReason, uow: Write) -> Case:
            """The one served sends it back with a reason; the time limit runs anew."""
            return await self.reopen(uow, record_id, body.reason)

        @router.verb("close", example={"reason": "企业已撤回请求。"})
        async def close(record_id: RecordId, body: schemas.CaseReason, uow: Write) -> Case:
            """Close it with a reason; from where it was closed stays in its history."""
            return await self.close(uow, record_id, body.reason)

    def _reads(self, router: ResourceRouter[Case, schemas.CaseOut]) -> None:
        singular = self.RESOURCE.singular

        def read(
            path: str, what: str, summary: str, model: Any
        ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
            return router.other(
                "GET", f"/{{record_id}}/{path}", action="read", operation_id=f"{what}_{singular}_{path}",
                summary=summary, response_model=model,
            )  # fmt: skip

        @read("contacts", "list", "走访联系记录 Contacts", Page[schemas.CaseContact])
        async def contacts(
            record_id: RecordId, unit: Read, limit: Limit = paging.DEFAULT_LIMIT, cursor: Cursor = None
        ) -> Any:
            """The contacts, oldest first, with what each led to."""
            case = await self.records.get(unit, record_id)
            items, following = await self.contacts.page(unit, case, limit, cursor)
            return {"items": items, "next_cursor": following}

        @read("targets", "list", "对象名单 Targets", Page[schemas.CaseTarget])
        async def targets(
            record_id: RecordId,
            unit: Read,
            contacted: Annotated[
                Literal["true", "false"] | None, Query(description="Only those contacted, or not yet")
            ] = None,
            limit: Limit = paging.DEFAULT_LIMIT,
            cursor: Cursor = None,
        ) -> Any:
            """The target organisations, by credit code."""
            case = await self.records.get(unit, record_id)
            reached = None if contacted is None else contacted == "true"
            items, following = await self.contacts.targets(
                unit, case, contacted=reached, limit=limit, cursor=cursor
            )
            return {"items": items, "next_cursor": following}

        @read("coverage", "get", "覆盖情况 Coverage", schemas.CaseCoverage)
        async def coverage(record_id: RecordId, unit: Read) -> Any:
            """How many targets were contacted, by county, and what the contacts led to."""
            return await self.contacts.coverage(unit, await self.records.get(unit, record_id))
