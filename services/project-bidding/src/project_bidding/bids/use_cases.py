"""What bidders do, and the check of what was opened."""

import base64
from typing import Any

import sqlalchemy as sa

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, NotPermitted, invalid
from kechuang.ids import random_id, random_number
from kechuang.text import Text
from project_bidding.bids import vault
from project_bidding.bids.domain import Bid
from project_bidding.bids.entry import judge_bid, require_eligible
from project_bidding.bids.receipts import Receipt, sign_receipt
from project_bidding.bids.schemas import BidCheckEntry, BidContent, BidCreate, BidPatch, BidPrepare
from project_bidding.bids.store import bids
from project_bidding.calls.domain import Call
from project_bidding.calls.store import CALLS, calls
from project_bidding.calls.use_cases import key_of, receipt_key
from project_bidding.locks import take_turns
from project_bidding.metadata import parties

_CLOSED = Text("该榜题未在受理申请。", "The call takes no bids now.")


async def _open_call(uow: UnitOfWork, call_id: str) -> Call:
    """Give a call that takes bids. Its row is held in share mode: bidders do not wait for each other, the
    closing waits for them."""
    statement = sa.select(*calls.columns).where(CALLS.table.c.id == call_id).with_for_update(read=True)
    row = (await uow.execute(statement)).one_or_none()
    if row is None:
        raise invalid("/call", "call_unknown", "没有此榜题。", "There is no such call.")
    call = calls.row(row)
    # The lock may have been waited for: what counts is the server's clock now.
    if not call.is_open(uow.database.clock.now()):
        raise Conflict(
            _CLOSED,
            code="call_closed",
            extra={"closes_at": call.closes_at.isoformat() if call.closes_at else None},
        )
    return call


def _lead_only(uow: UnitOfWork, bid: Bid) -> None:
    if not uow.actor.is_system and uow.actor.organisation != bid.organisation:
        raise NotPermitted(Text("只有牵头单位可以办理。", "Only the lead may do this."), code="lead_only")


async def draft_bid(uow: UnitOfWork, body: BidCreate) -> Bid:
    """A lead begins a bid; one a call. Nobody else learns of it but the members it names."""
    lead = uow.actor.organisation
    if lead is None:
        raise NotPermitted(Text("令牌未指明单位。", "The token names no organisation."))
    await parties.require_authority(uow, lead, "draft")
    await parties.require_active(uow, lead, "/organisation")
    call = await _open_call(uow, body.call)
    members = await _members(uow, lead, body.members)
    require_eligible(await judge_bid(uow, call, lead, members))
    await take_turns(uow, "lead", call.id, lead)
    own = await bids.lookup(uow, call=call.id, organisation=lead)
    if any(each.state != "withdrawn" for each in own):
        raise Conflict(Text("贵单位已有本榜题的申请。", "You have a bid on this call."), code="bid_exists")
    key = await key_of(uow, call.id)
    bid = await bids.create(
        uow, record_id=random_id(), number=random_number("TB"), organisation=lead, city=call.city,
        division=call.division, pack=call.pack, call=call.id, call_number=call.number, members=members,
        suite=key.suite, envelope_version=0, confirmations=[], declined=[], findings=[], reviewers=[],
        disclosed=False, external_ids=[each.model_dump() for each in body.external_ids],
    )  # fmt: skip
    if body.content is not None:
        await vault.save_draft(uow, bid, body.content)
    return bid


async def _members(uow: UnitOfWork, lead: str, members: list[str]) -> list[str]:
    if lead in members or len(set(members)) != len(members):
        raise invalid(
            "/members", "members_repeated", "成员单位重复。", "A member is named twice, or is the lead."
        )
    for position, uscc in enumerate(members):
        await parties.require_active(uow, uscc, f"/members/{position}")
    return list(members)


async def change_bid(uow: UnitOfWork, bid_id: str, body: BidPatch) -> Bid:
    """The lead changes a draft: an envelope made before no longer stands for it."""
    bid = await bids.load(uow, bid_id, "update")
    _lead_only(uow, bid)
    await parties.require_authority(uow, bid.organisation or "", "draft")
    await _open_call(uow, bid.call)
    values: dict[str, Any] = {}
    if body.members is not None:
        values = {"members": await _members(uow, bid.organisation or "", body.members), "declined": []}
    changed = await bids.change(
        uow, bid, "update", envelope_digest=None, confirmations=[], receipt=None, **values
    )
    if body.content is not None:
        await vault.save_draft(uow, changed, body.content)
    return changed


async def prepare(uow: UnitOfWork, bid_id: str, body: BidPrepare) -> Bid:
    """Make or take the envelope; its digest is what members confirm."""
    bid = await bids.load(uow, bid_id, "prepare")
    _lead_only(uow, bid)
    await parties.require_authority(uow, bid.organisation or "", "submit")
    await _open_call(uow, bid.call)
    return await _prepared(uow, bid, body)


async def _prepared(uow: UnitOfWork, bid: Bid, body: BidPrepare) -> Bid:
    bids.resource.machine.require("prepare", bid.state)
    if body.envelope is not None:
        parts, digest = vault.take_envelopes(bid, body.envelope)
    else:
        content = body.content or BidContent.model_validate(await vault.read_draft(uow, bid))
        parts, digest = vault.seal_content(bid, (await key_of(uow, bid.call)).public_key, content)
    version = bid.envelope_version + 1
    await vault.keep_envelopes(uow, bid, parts, version)
    return await bids.change(
        uow, bid, "prepare", implied=True, envelope_version=version, envelope_digest=digest, confirmations=[]
    )


def _member(uow: UnitOfWork, bid: Bid) -> str:
    member = uow.actor.organisation
    if member is None or member not in bid.members:
        raise NotPermitted(
            Text("只有列明的成员单位可以办理。", "Only a named member may do this."), code="member_only"
        )
    return member


async def confirm(uow: UnitOfWork, bid_id: str, digest: str) -> Bid:
    """A member joins exactly this digest. A clash with another bid is told to that member alone."""
    bid = await bids.load(uow, bid_id, "confirm")
    member = _member(uow, bid)
    await parties.require_authority(uow, member, "sign")
    await _open_call(uow, bid.call)
    if bid.envelope_digest is None or digest != bid.envelope_digest:
        raise Conflict(
            Text("摘要与当前密封件不符，请重新核对。", "This is not the digest of the present envelope."),
            code="digest_differs",
        )
    table = bids.table
    await take_turns(uow, "member", bid.call, member)
    other = await uow.execute(
        sa.select(sa.literal(1)).where(
            table.c.call == bid.call,
            table.c.id != bid.id,
            table.c.state != "withdrawn",
            sa.or_(
                table.c.organisation == member,
                table.c.confirmations.contains([{"organisation": member}]),
            ),
        )
    )
    if other.first() is not None:
        raise Conflict(
            Text("贵单位已参加本榜题的另一份申请。", "You take part in another bid on this call."),
            code="in_another_bid",
        )
    signed = {
        "organisation": member,
        "digest": digest,
        "person": uow.actor.person or uow.actor.subject,
        "at": uow.now.isoformat(),
    }
    kept = [each for each in bid.confirmations if each["organisation"] != member]
    return await bids.change(
        uow, bid, "confirm", confirmations=[*kept, signed], declined=[x for x in bid.declined if x != member]
    )


async def decline(uow: UnitOfWork, bid_id: str) -> Bid:
    """A member does not join; the lead changes the consortium."""
    bid = await bids.load(uow, bid_id, "decline")
    member = _member(uow, bid)
    await parties.require_authority(uow, member, "sign")
    kept = [each for each in bid.confirmations if each["organisation"] != member]
    return await bids.change(
        uow, bid, "decline", confirmations=kept, declined=sorted({*bid.declined, member})
    )


async def seal(uow: UnitOfWork, bid_id: str, body: BidPrepare) -> Bid:
    """Seal: in time when accepted before the closing instant; the draft is destroyed, a receipt is signed.

    A dry run gives no receipt: it would prove that a bid was received which never was.
    """
    bid = await bids.load(uow, bid_id, "seal")
    _lead_only(uow, bid)
    await parties.require_authority(uow, bid.organisation or "", "sign")
    uow.require_version(bid.version, demanded=True)
    call = await _open_call(uow, bid.call)
    require_eligible(await judge_bid(uow, call, bid.organisation or "", bid.members))
    if body.content is not None or body.envelope is not None or bid.envelope_digest is None:
        bid = await _prepared(uow, bid, body)
    received = uow.database.clock.now()
    if not call.is_open(received):
        raise Conflict(_CLOSED, code="call_closed")
    key, key_id = receipt_key(uow)
    receipt = sign_receipt(
        key, key_id, call=call.id, bidder=bid.organisation or "", digest=bid.envelope_digest or "",
        received_at=received,
    )  # fmt: skip
    sealed = await bids.change(
        uow, bid, "seal", implied=True, received_at=received,
        receipt=None if uow.dry_run else _receipt_json(receipt),
    )  # fmt: skip
    await vault.destroy_draft(uow, sealed)
    return sealed


def _receipt_json(receipt: Receipt) -> dict[str, str]:
    return {
        "call": receipt.call,
        "bidder": receipt.bidder,
        "digest": receipt.digest,
        "received_at": receipt.received_at,
        "key_id": receipt.key_id,
        "signature": base64.b64encode(receipt.signature).decode(),
    }


async def withdraw(uow: UnitOfWork, bid_id: str, reason: str | None) -> Bid:
    """Take a bid back before the closing; a new one may follow."""
    bid = await bids.load(uow, bid_id, "withdraw")
    _lead_only(uow, bid)
    await parties.require_authority(uow, bid.organisation or "", "sign")
    await _open_call(uow, bid.call)
    uow.reason = reason
    withdrawn = await bids.change(uow, bid, "withdraw")
    await vault.destroy_draft(uow, withdrawn)
    await vault.drop_envelopes(uow, withdrawn)
    return withdrawn


async def check_entry(uow: UnitOfWork, bid_id: str, body: BidCheckEntry) -> Bid:
    """An officer admits an opened bid to the review or refuses it, with a reason."""
    bid = await bids.load(uow, bid_id, "check-entry")
    if not body.eligible and body.reason is None:
        raise invalid("/reason", "reason_missing", "请说明理由。", "Give the reason.")
    if body.eligible and bid.opening_fault is not None:
        raise Conflict(
            Text("该申请无法解封或内容不可读。", "This bid did not open or cannot be read."),
            code="bid_unreadable",
        )
    uow.reason = body.reason
    to = "eligible" if body.eligible else "ineligible"
    return await bids.change(uow, bid, "check-entry", to=to, entry_reason=body.reason)
