"""The HTTP edge of bids. No answer to a write carries content: answers are kept for replay."""

import base64

import orjson
import sqlalchemy as sa

from kechuang.db.unit import ReadUnit
from kechuang.errors import Conflict
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Read, Write
from kechuang.http.schemas import Because
from kechuang.text import Text
from project_bidding.bids import use_cases, vault
from project_bidding.bids.domain import Bid
from project_bidding.bids.schemas import (
    CONTENT,
    EXAMPLE,
    BidCheckEntry,
    BidConfirm,
    BidContentOut,
    BidCreate,
    BidDraftOut,
    BidOut,
    BidPatch,
    BidPrepare,
    BidSealedOut,
)
from project_bidding.bids.store import bids, contents

_OFFICERS = frozenset({"city_officer", "city_approver", "auditor", "supervisor"})


def show(bid: Bid, unit: ReadUnit) -> BidOut:
    """Hide rank and score from bidders until the notice, reviewers' findings from reviewers."""
    values = {name: getattr(bid, name) for name in BidOut.model_fields if hasattr(bid, name)}
    if not bid.disclosed and not (unit.actor.roles & _OFFICERS):
        values |= {"rank": None, "score": None}
    return BidOut.model_validate(values | {"lead": bid.organisation or ""})


router = ResourceRouter(bids, BidOut, show=show)


@router.create(example=EXAMPLE)
async def create(body: BidCreate, uow: Write) -> Bid:
    """Begin a bid on an open call. 409 `not_eligible` with every reason, `call_closed`, `bid_exists`."""
    return await use_cases.draft_bid(uow, body)


@router.update(example={"content": CONTENT})
async def update(record_id: RecordId, body: BidPatch, uow: Write) -> Bid:
    """Change a draft; the envelope and the members' confirmations fall away."""
    return await use_cases.change_bid(uow, record_id, body)


@router.verb("prepare", bulk=False, example={"content": CONTENT})
async def prepare(record_id: RecordId, body: BidPrepare, uow: Write) -> Bid:
    """Make the envelope from the content sent or from the draft, or take one that the client made."""
    return await use_cases.prepare(uow, record_id, body)


@router.verb("confirm", bulk=False, example={"envelope_digest": "sha256:…"})
async def confirm(record_id: RecordId, body: BidConfirm, uow: Write) -> Bid:
    """A consortium member joins exactly this digest. 409 `digest_differs`, `in_another_bid`."""
    return await use_cases.confirm(uow, record_id, body.envelope_digest)


@router.verb("decline", example=Because.example)
async def decline(record_id: RecordId, body: Because, uow: Write) -> Bid:
    """A named member does not join."""
    uow.reason = body.reason
    return await use_cases.decline(uow, record_id)


@router.verb("seal", bulk=False, example={})
async def seal(record_id: RecordId, body: BidPrepare, uow: Write) -> Bid:
    """Seal the bid, before the closing instant on the server's clock; answers the signed receipt.

    409 `call_closed`, `members_unconfirmed`, `not_eligible`. A consortium prepares the envelope first.
    """
    return await use_cases.seal(uow, record_id, body)


@router.verb("withdraw", example=Because.example)
async def withdraw(record_id: RecordId, body: Because, uow: Write) -> Bid:
    """Take the bid back before the closing."""
    return await use_cases.withdraw(uow, record_id, body.reason)


@router.verb("check-entry", example={"eligible": True})
async def check_entry(record_id: RecordId, body: BidCheckEntry, uow: Write) -> Bid:
    """After opening: admit the bid to the review, or refuse it with a reason."""
    return await use_cases.check_entry(uow, record_id, body)


@router.verb("pool")
async def pool(record_id: RecordId, uow: Write) -> Bid:
    """Put an eligible bid into the project pool (入库)."""
    return await bids.change(uow, await bids.load(uow, record_id, "pool"), "pool")


@router.other(
    "GET", "/{record_id}/draft", action="read-draft", operation_id="get_bid_draft",
    summary="读取草稿 Read the draft", response_model=BidDraftOut,
)  # fmt: skip
async def draft(record_id: RecordId, unit: Read) -> BidDraftOut:
    """The draft, decrypted for the lead; 409 `draft_destroyed` once the bid is sealed."""
    bid = await bids.get(unit, record_id)
    _require_own(bid, unit)
    return BidDraftOut(bid=bid.id, content=await vault.read_draft(unit, bid))


@router.other(
    "GET", "/{record_id}/envelopes", action="read-draft", operation_id="get_bid_envelopes",
    summary="读取密封件 Read the envelopes", response_model=BidSealedOut,
)  # fmt: skip
async def envelopes(record_id: RecordId, unit: Read) -> BidSealedOut:
    """The sealed envelopes, for the bidder's own verification."""
    bid = await bids.get(unit, record_id)
    _require_own(bid, unit)
    stored = await vault.read_envelopes(unit, bid)
    encoded = {part: base64.b64encode(raw).decode() for part, raw in stored.items()}
    return BidSealedOut(bid=bid.id, suite=bid.suite, version=bid.envelope_version, envelopes=encoded)


def _require_own(bid: Bid, unit: ReadUnit) -> None:
    if unit.actor.organisation != bid.organisation:
        raise bids.absent()


@router.other(
    "GET", "/{record_id}/content", action="read", operation_id="get_bid_content",
    summary="读取开封内容 Read the opened content", response_model=BidContentOut,
)  # fmt: skip
async def content(record_id: RecordId, unit: Read) -> BidContentOut:
    """What the bid says, after the opening; 409 `not_opened` before."""
    bid = await bids.get(unit, record_id)
    rows = list(await unit.execute(sa.select(contents).where(contents.c.bid == bid.id)))
    if not rows:
        raise Conflict(Text("尚未开封。", "It is not opened."), code="not_opened")
    readable = {} if bid.opening_fault else {row.part: orjson.loads(row.content) for row in rows}
    return BidContentOut(
        bid=bid.id,
        content=readable,
        exact={row.part: base64.b64encode(row.content).decode() for row in rows},
        content_keys={row.part: base64.b64encode(row.content_key).decode() for row in rows},
    )
