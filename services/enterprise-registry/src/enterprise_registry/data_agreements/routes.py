"""The HTTP edge of data agreements."""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query, Request

from enterprise_registry.data_agreements import schemas, use_cases
from enterprise_registry.data_agreements.domain import DataAgreement
from enterprise_registry.data_agreements.store import data_agreements, exchange
from kechuang.http import paging
from kechuang.http.readable import is_dry_run
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Page

router = ResourceRouter(data_agreements, schemas.DataAgreementOut)
_REASON = {"reason": "协议期满前双方商定。"}
_KEY = sa.Column("key", sa.Text)


@router.create(example=schemas.EXAMPLE)
async def create(body: schemas.DataAgreementCreate, uow: Write) -> DataAgreement:
    """Draft an agreement: partner, purpose, basis, data sets with their fields, term. Somebody else activates it."""
    return await use_cases.draft(uow, body)


@router.update(example={"document_no": "江数协〔2024〕3号"})
async def update(record_id: RecordId, body: schemas.DataAgreementPatch, uow: Write) -> DataAgreement:
    """Change a draft."""
    return await use_cases.update(uow, record_id, body)


@router.verb("activate")
async def activate(record_id: RecordId, uow: Write) -> DataAgreement:
    """Put it into force; never by who drafted it (409 `handler_does_not_decide`); 409 `agreement_over`."""
    return await use_cases.activate(uow, record_id)


@router.verb("suspend", example=_REASON)
async def suspend(record_id: RecordId, body: schemas.DataAgreementReason, uow: Write) -> DataAgreement:
    """Stop exchanges for the time being."""
    return await use_cases.turn(uow, record_id, "suspend", body.reason)


@router.verb("resume", example=_REASON)
async def resume(record_id: RecordId, body: schemas.DataAgreementReason, uow: Write) -> DataAgreement:
    """Allow exchanges again."""
    return await use_cases.turn(uow, record_id, "resume", body.reason)


@router.verb("end", example=_REASON)
async def end(record_id: RecordId, body: schemas.DataAgreementReason, uow: Write) -> DataAgreement:
    """End it for good."""
    return await use_cases.turn(uow, record_id, "end", body.reason)


@router.other(
    "POST", "/{record_id}/provide", action="provide", operation_id="provide_data_agreement",
    summary="提供数据 Provide data", dry_run=True, response_model=schemas.DataAgreementData,
    example={"data_set": "recognitions", "duty": "2024年研发统计单位核对"},
)  # fmt: skip
async def provide(
    record_id: RecordId, body: schemas.DataAgreementProvide, uow: Write, request: Request
) -> Any:
    """Take a data set under the agreement, up to 1000 rows at a time; every time is kept in `/exchanges`.

    With `dry_run=true` all is checked and counted, and no rows are given. 409 `not_the_partner`, `agreement_not_in_force`, `state_forbids`; 422 `not_covered`.
    """
    return await use_cases.provide(uow, record_id, body, rehearsal=is_dry_run(request))


@router.other(
    "POST", "/{record_id}/receive", action="receive", operation_id="receive_data_agreement",
    summary="接收数据 Receive data", dry_run=True, response_model=schemas.DataAgreementReceipt,
    example={"data_set": "recognitions", "duty": "省厅高企名单下发", "rows": [
        {"organisation": "91440703MATE001A0N", "kind": "hnte", "issued_on": "2024-11-19"}]},
)  # fmt: skip
async def receive(record_id: RecordId, body: schemas.DataAgreementReceive, uow: Write) -> Any:
    """Hand in up to 1000 rows under the agreement; the answer says for each what became of it."""
    return await use_cases.receive(uow, record_id, body)


@router.other(
    "GET", "/{record_id}/exchanges", action="read", operation_id="list_data_agreement_exchanges",
    summary="数据交换记录 Exchanges", response_model=Page[schemas.DataAgreementExchange],
)  # fmt: skip
async def exchanges(
    record_id: RecordId,
    unit: Read,
    limit: Annotated[int, Query(ge=1, le=paging.MAX_LIMIT)] = paging.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Any:
    """Who took or gave what, when and for which duty, oldest first."""
    await data_agreements.get(unit, record_id)
    binding = paging.binding_of(record_id)
    statement = sa.select(exchange).where(exchange.c.agreement == record_id)
    if cursor is not None:
        statement = statement.where(exchange.c.id > str(paging.decode(cursor, binding, _KEY).value))
    rows = list(await unit.execute(statement.order_by(exchange.c.id).limit(limit + 1)))
    following = paging.Cursor(rows[limit - 1].id, "").encode(binding) if len(rows) > limit else None
    return {"items": rows[:limit], "next_cursor": following}
