"""Opening all bids of a call at once, in the transaction of the second officer's act."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Refusal
from kechuang.http.readable import refuse_unreadable
from project_bidding.bids.domain import Bid
from project_bidding.bids.entry import findings, judge_bid
from project_bidding.bids.envelope import Context, Opened, open_part
from project_bidding.bids.schemas import BidBudget, BidTechnical
from project_bidding.bids.sealing_errors import SealingError
from project_bidding.bids.store import bids, contents
from project_bidding.bids.vault import PARTS, read_envelopes
from project_bidding.calls.domain import Call


async def open_bids(uow: UnitOfWork, call: Call, private_key: bytes, suite: str) -> int:
    """Open every sealed bid; gives their number. One that does not open, or says nothing usable, is noted
    with its fault and stops nobody else's."""
    sealed = await bids.lookup(uow, lock=True, call=call.id, state="sealed")
    appearing = Counter(uscc for bid in sealed for uscc in bid.bidders)
    for bid in sealed:
        opened, fault = await _open(uow, bid, private_key)
        values = _read(opened) if fault is None else {}
        if fault is None and not values:
            fault = "content_unreadable"
        for part, each in opened.items():
            await uow.execute(
                sa.insert(contents).values(
                    bid=bid.id, part=part, content=each.content, content_key=each.content_key
                )
            )
        against = findings(await judge_bid(uow, call, bid.organisation or "", bid.members))
        against += [_clash(uscc) for uscc in bid.bidders if appearing[uscc] > 1]
        await bids.change(uow, bid, "open", implied=True, opening_fault=fault, findings=against, **values)
    assert all(bid.suite == suite for bid in sealed), "a call has one suite"
    return len(sealed)


async def _open(uow: UnitOfWork, bid: Bid, private_key: bytes) -> tuple[dict[str, Opened], str | None]:
    stored = await read_envelopes(uow, bid)
    opened: dict[str, Opened] = {}
    for part in PARTS:
        context = Context(bid.call, bid.organisation or "", part, bid.envelope_version)
        try:
            opened[part] = open_part(stored[part], private_key, context)
        except (SealingError, KeyError):
            return opened, f"{part}_does_not_open"
    return opened, None


def _read(opened: dict[str, Opened]) -> dict[str, Any]:
    try:
        for each in opened.values():
            refuse_unreadable(each.content)  # no request's check has seen what was sealed elsewhere
        technical = BidTechnical.model_validate_json(opened["technical"].content)
        budget = BidBudget.model_validate_json(opened["budget"].content)
    except (ValidationError, ValueError, Refusal):
        return {}
    return {"title": technical.title, "total_fen": int(budget.total), "requested_fen": int(budget.requested)}


def _clash(uscc: str) -> dict[str, Any]:
    return {
        "check": "one_bid_a_call",
        "organisation": uscc,
        "outcome": "manual_review",
        "zh": "该单位出现在本榜题的多份申请中。",
        "en": "The organisation appears in several bids on this call.",
        "evidence": [],
        "clause": "",
    }
