"""The verbs of an enrolment over HTTP, the same for both kinds."""

from typing import Any

from commissioner_matching.enrolments.desk import Desk
from commissioner_matching.enrolments.domain import Enrolment
from commissioner_matching.enrolments.schemas import EnrolmentReason, EnrolmentWarning
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because

_REASON = {"reason": "连续两个季度未开展服务"}


def add_verbs(router: ResourceRouter[Any, Any], desk: Desk[Any]) -> None:
    """Register consent, verify, refuse, activate, suspend, resume, warn, exit and readmit."""

    @router.verb("consent")
    async def consent(record_id: RecordId, uow: Write) -> Enrolment:
        """The sending unit agrees; needs its authorisation to submit."""
        enrolment: Enrolment = await desk.consent(uow, record_id)
        return enrolment

    @router.verb("verify", example=Because.example)
    async def verify(record_id: RecordId, body: Because, uow: Write) -> Enrolment:
        """An officer has checked the papers; 409 `unit_consent_missing` before the sending unit agrees."""
        enrolment: Enrolment = await desk.verify(uow, record_id, body.reason)
        return enrolment

    @router.verb("refuse", example=_REASON)
    async def refuse(record_id: RecordId, body: EnrolmentReason, uow: Write) -> Enrolment:
        """Refuse the application, with the reason."""
        enrolment: Enrolment = await desk.refuse(uow, record_id, body.reason)
        return enrolment

    @router.verb("activate", example=Because.example)
    async def activate(record_id: RecordId, body: Because, uow: Write) -> Enrolment:
        """Put the person on the list; 409 `handler_does_not_decide` for the officer who verified."""
        enrolment: Enrolment = await desk.activate(uow, record_id, body.reason)
        return enrolment

    @router.verb("suspend", example=_REASON)
    async def suspend(record_id: RecordId, body: EnrolmentReason, uow: Write) -> Enrolment:
        """Suspend: nothing new is given to the person; what runs goes on."""
        enrolment: Enrolment = await desk.suspend(uow, record_id, body.reason)
        return enrolment

    @router.verb("resume", example=Because.example)
    async def resume(record_id: RecordId, body: Because, uow: Write) -> Enrolment:
        """End a suspension."""
        enrolment: Enrolment = await desk.resume(uow, record_id, body.reason)
        return enrolment

    @router.verb("warn", example=_REASON)
    async def warn(record_id: RecordId, body: EnrolmentWarning, uow: Write) -> Enrolment:
        """Set a dated warning; it is a mark and no state."""
        enrolment: Enrolment = await desk.warn(uow, record_id, body.reason, body.until)
        return enrolment

    @router.verb("exit", example=_REASON)
    async def exit_(record_id: RecordId, body: EnrolmentReason, uow: Write) -> Enrolment:
        """End this role; the person's other roles stay."""
        enrolment: Enrolment = await desk.exit(uow, record_id, body.reason)
        return enrolment

    @router.verb("readmit")
    async def readmit(record_id: RecordId, uow: Write) -> Enrolment:
        """Apply again; 409 `cooling` while a cooling period lasts, `enrolled_already` beside an open enrolment."""
        enrolment: Enrolment = await desk.readmit(uow, record_id)
        return enrolment
