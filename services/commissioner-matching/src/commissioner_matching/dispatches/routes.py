"""The HTTP edge of dispatches."""

from fastapi import Response

from commissioner_matching.dispatches import use_cases
from commissioner_matching.dispatches.domain import Dispatch, missing
from commissioner_matching.dispatches.proposing import propose
from commissioner_matching.dispatches.schemas import (
    EXAMPLE,
    DispatchAccept,
    DispatchActivate,
    DispatchAssess,
    DispatchContact,
    DispatchContacts,
    DispatchCreate,
    DispatchOut,
    DispatchReason,
    DispatchReplace,
    DispatchSign,
)
from commissioner_matching.dispatches.store import dispatches
from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, columns

_REASON = {"reason": "本人承担的项目进入验收期"}


def show(dispatch: Dispatch, _: ReadUnit) -> DispatchOut:
    """Show a dispatch with what it still waits for."""
    shown = {name: getattr(dispatch, name) for name in DispatchOut.model_fields if name != "missing"}
    return DispatchOut(**shown, missing=missing(dispatch))


router = ResourceRouter(dispatches, DispatchOut, show=show)


@router.create(example=EXAMPLE)
async def create(body: DispatchCreate, uow: Write) -> Dispatch:
    """Propose a dispatch. 409 `conflict_of_interest`, `server_not_active`, `integrity_record`,
    `proposed_already`, `need_not_routed`."""
    return await propose(uow, columns(body))


@router.verb("accept", example={})
async def accept(record_id: RecordId, body: DispatchAccept, uow: Write) -> Dispatch:
    """Accept as server, sending unit, host, target or county; 409 `over_capacity` without a free place,
    `server_not_active` where the commissioner, or a member of the team, was suspended or left meanwhile.
    Whoever accepts for an organisation holds its authorisation to sign (403 `authorisation_missing`)."""
    return await use_cases.accept(uow, record_id, body.as_)


@router.verb("decline", example=_REASON)
async def decline(record_id: RecordId, body: DispatchReason, uow: Write) -> Dispatch:
    """Say no; places that were taken are free again."""
    return await use_cases.decline(uow, record_id, body.reason)


@router.verb("sign", bulk=False, example={"agreement_no": "江科特派〔2024〕12号"})
async def sign(record_id: RecordId, body: DispatchSign, uow: Write) -> Dispatch:
    """Record the agreement that all parties signed."""
    return await use_cases.sign(uow, record_id, body.agreement_no, body.signed_on)


@router.verb("activate", example={"valid_from": "2024-03-18"})
async def activate(record_id: RecordId, body: DispatchActivate, uow: Write) -> Dispatch:
    """Begin; 409 `acceptance_missing`, `agreement_missing`. The need it serves is in service from now."""
    return await use_cases.activate(uow, record_id, columns(body))


@router.verb("recall", example=_REASON)
async def recall(record_id: RecordId, body: DispatchReason, uow: Write) -> Dispatch:
    """Call the server back."""
    return await use_cases.recall(uow, record_id, body.reason)


@router.verb(
    "replace", bulk=False, example={"server": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42", "reason": "工作调动"}
)
async def replace(record_id: RecordId, body: DispatchReplace, uow: Write) -> Dispatch:
    """End this dispatch and propose another server for the same target; answers the new dispatch."""
    return await use_cases.replace(uow, record_id, body.server, body.reason)


@router.verb("complete", example=Because.example)
async def complete(record_id: RecordId, body: Because, uow: Write) -> Dispatch:
    """The service is done."""
    return await use_cases.complete(uow, record_id, body.reason)


@router.verb("assess", example={"grade": "excellent", "remarks": "服务成效突出"})
async def assess(record_id: RecordId, body: DispatchAssess, uow: Write) -> Dispatch:
    """Record the result of the assessment; grades are the programme's."""
    return await use_cases.assess(uow, record_id, body.grade, body.remarks)


@router.verb("renew")
async def renew(record_id: RecordId, uow: Write) -> Dispatch:
    """Propose the same server again, as a new linked dispatch; answers the new dispatch."""
    return await use_cases.renew(uow, record_id)


@router.other(
    "POST", "/{record_id}/contacts", action="contacts", operation_id="read_dispatch_contacts",
    summary="查看联系方式 Contacts of who serves", response_model=DispatchContacts, private=True,
    example={"reason": "约定首次上门时间"},
)  # fmt: skip
async def contacts(
    record_id: RecordId, body: DispatchReason, uow: Write, response: Response
) -> DispatchContacts:
    """Names and telephone numbers of who serves, for the host once all have accepted; audited."""
    found = await use_cases.read_contacts(uow, record_id, body.reason)
    response.headers["cache-control"] = "no-store"
    return DispatchContacts(items=[DispatchContact(**each) for each in found])
