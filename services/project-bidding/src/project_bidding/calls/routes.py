"""The HTTP edge of calls."""

import base64

import sqlalchemy as sa

from kechuang.db.unit import ReadUnit
from kechuang.errors import Conflict
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Because, columns
from kechuang.text import Text
from project_bidding.calls import judging, opening, use_cases
from project_bidding.calls.domain import Call
from project_bidding.calls.schemas import (
    EXAMPLE,
    CallAppraise,
    CallApproveOpening,
    CallAward,
    CallCoSign,
    CallDigests,
    CallExtend,
    CallOnBehalf,
    CallOpeningShare,
    CallOpenNotice,
    CallOut,
    CallPatch,
    CallPublish,
    CallRanking,
    CallRankings,
    CallSealingKey,
    CallSealingKeyShare,
)
from project_bidding.calls.store import call_closings, call_rankings, calls
from project_bidding.opening_keys.domain import officer_of


def show(call: Call, unit: ReadUnit) -> CallOut:
    """A call with whether a bid would be in time now."""
    values = {name: getattr(call, name) for name in CallOut.model_fields if name != "is_open"}
    return CallOut.model_validate(values | {"is_open": call.is_open(unit.now)})


router = ResourceRouter(calls, CallOut, show=show)


@router.create(example=EXAMPLE)
async def create(body: CallOnBehalf, uow: Write) -> Call:
    """An officer drafts a call; one that a need was escalated to is drafted by itself."""
    return await use_cases.draft_call(uow, columns(body))


@router.update(example={"departments": ["jm-science", "jm-industry"]})
async def update(record_id: RecordId, body: CallPatch, uow: Write) -> Call:
    """Complete a draft; signatures given before fall away, since they were for another text."""
    return await use_cases.correct_call(uow, record_id, columns(body, only_set=True))


@router.verb("co-sign", example={"opinion": "同意。"})
async def co_sign(record_id: RecordId, body: CallCoSign, uow: Write) -> Call:
    """A named department signs; with the last signature the call is co-signed."""
    return await use_cases.co_sign(uow, record_id, body.opinion)


@router.verb("appraise", example={"opinion": "指标可测、经费合理，同意发榜。"})
async def appraise(record_id: RecordId, body: CallAppraise, uow: Write) -> Call:
    """Record the appraisal of the call (榜题论证)."""
    call = await calls.load(uow, record_id, "appraise")
    return await calls.change(uow, call, "appraise", appraisal=body.opinion)


@router.verb("publish", example={"opening_officers": ["officer-1", "officer-2", "officer-3"]})
async def publish(record_id: RecordId, body: CallPublish, uow: Write) -> Call:
    """Publish: criteria, budget and closing instant are fixed, the sealing key is made and split."""
    return await use_cases.publish(uow, record_id, body)


@router.verb("extend", example={"closes_at": "2024-07-15T17:30:00+08:00", "reason": "应申请单位请求延期。"})
async def extend(record_id: RecordId, body: CallExtend, uow: Write) -> Call:
    """Move the closing instant to a later one."""
    return await use_cases.extend(uow, record_id, body)


@router.verb("cancel", example=Because.example)
async def cancel(record_id: RecordId, body: Because, uow: Write) -> Call:
    """Cancel before the opening; sealed bids are never opened."""
    return await use_cases.cancel(uow, record_id, body.reason)


@router.verb("approve-opening", bulk=False, example={"share": "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08B"})
async def approve_opening(record_id: RecordId, body: CallApproveOpening, uow: Write) -> Call:
    """An opening officer hands in his own share; the second valid one opens every bid.

    403 `not_an_opening_officer`, 409 `already_approved`, 422 `wrong_share` with the officer named.
    """
    return await opening.approve_opening(uow, record_id, body.share)


@router.verb("start-review")
async def start_review(record_id: RecordId, uow: Write) -> Call:
    """Ask for a panel; every opened bid has been checked. 409 `bids_unchecked`."""
    return await judging.start_review(uow, record_id)


@router.verb("rank")
async def rank(record_id: RecordId, uow: Write) -> Call:
    """Compute the ranking once all scores are in. 409 `scores_incomplete`."""
    return await judging.rank_bids(uow, record_id)


@router.verb("open-notice", bulk=False, example={"contact": "市科技局资源配置科 0750-0000000"})
async def open_notice(record_id: RecordId, body: CallOpenNotice, uow: Write) -> Call:
    """Show the proposed award to the public."""
    return await judging.open_notice(uow, record_id, body)


@router.verb("award", bulk=False, example={"document_no": "江科〔2024〕58号"})
async def award(record_id: RecordId, body: CallAward, uow: Write) -> Call:
    """Decide after the notice; never by who handled the call. 409 `notice_running`, `item_held`."""
    return await judging.award(uow, record_id, body)


@router.verb("no-award", example={"reason": "无申请达到合格线。"})
async def no_award(record_id: RecordId, body: Because, uow: Write) -> Call:
    """Decide that nothing is awarded."""
    return await judging.no_award(uow, record_id, body.reason)


@router.other(
    "GET", "/{record_id}/sealing-key", action="read", operation_id="get_call_sealing_key",
    summary="读取密封公钥 Read the sealing key", response_model=CallSealingKey,
)  # fmt: skip
async def sealing_key(record_id: RecordId, unit: Read) -> CallSealingKey:
    """The public key that bids are sealed with, and the key that receipts are signed with."""
    call = await calls.get(unit, record_id)
    key = await use_cases.key_of(unit, call.id)
    signer, key_id = use_cases.receipt_key(unit)
    shares = [
        CallSealingKeyShare(officer=each.officer, index=each.index, digest=each.digest) for each in key.shares
    ]
    return CallSealingKey(
        call=call.id,
        suite=key.suite,
        public_key=base64.b64encode(key.public_key).decode(),
        threshold=key.threshold,
        shares=shares,
        receipt_key=base64.b64encode(signer.public_key().public_bytes_raw()).decode(),
        receipt_key_id=key_id,
    )


@router.other(
    "GET", "/{record_id}/opening-shares/mine", action="approve-opening", operation_id="get_my_opening_share",
    summary="读取本人开榜份额 Read my opening share", response_model=CallOpeningShare,
)  # fmt: skip
async def my_share(record_id: RecordId, unit: Read) -> CallOpeningShare:
    """The caller's share under his own key, from the closing on; 404 for whoever is no opening officer."""
    call = await calls.get(unit, record_id)
    key = await use_cases.key_of(unit, call.id)
    mine = next((each for each in key.shares if each.officer == officer_of(unit.actor)), None)
    if mine is None:
        raise calls.absent()
    if call.state in ("published", "cancelled"):
        raise Conflict(Text("截止后方可读取份额。", "Shares are read after the closing."), code="not_closed")
    return CallOpeningShare(
        call=call.id,
        officer=mine.officer,
        suite=key.suite,
        index=mine.index,
        wrapped=base64.b64encode(mine.wrapped).decode(),
        digest=mine.digest,
    )


@router.other(
    "GET", "/{record_id}/digests", action="read", operation_id="get_call_digests",
    summary="读取密封摘要清单 Read the digests", response_model=CallDigests,
)  # fmt: skip
async def digests(record_id: RecordId, unit: Read) -> CallDigests:
    """All digests with root and blinding value, after the opening; 409 `not_opened` before."""
    call = await calls.get(unit, record_id)
    if call.opened_at is None:
        raise Conflict(Text("尚未开榜。", "The call is not opened."), code="not_opened")
    row = (await unit.execute(sa.select(call_closings).where(call_closings.c.call == call.id))).one()
    key = await use_cases.key_of(unit, call.id)
    return CallDigests(
        call=call.id,
        suite=key.suite,
        commitment=row.commitment,
        blind=row.blind.hex(),
        root=row.root,
        digests=row.digests,
    )


@router.other(
    "GET", "/{record_id}/rankings", action="read-ranking", operation_id="list_call_rankings",
    summary="读取排序及其依据 Read the rankings", response_model=CallRankings,
)  # fmt: skip
async def rankings(record_id: RecordId, unit: Read) -> CallRankings:
    """Every computation with all its inputs, for those who handle the call and the auditor."""
    call = await calls.get(unit, record_id)
    if not unit.permissions.permits(unit.actor, "calls:read-ranking", call.sight):
        raise calls.absent()
    rows = await unit.execute(
        sa.select(call_rankings)
        .where(call_rankings.c.call == call.id)
        .order_by(call_rankings.c.ordinal.desc())
    )
    return CallRankings(items=[CallRanking.model_validate(row) for row in rows])
