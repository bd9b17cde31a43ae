"""What experts do with their assignments, and how a panel comes to its bids."""

from collections.abc import Mapping
from decimal import Decimal

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid
from kechuang.messaging.events import Received
from kechuang.text import Text
from kechuang_contracts.commissioner_matching import ExpertDrawDrawn
from project_bidding.bids.store import bids
from project_bidding.calls.domain import Call
from project_bidding.calls.store import calls
from project_bidding.reviews.domain import ACTIVE, Review
from project_bidding.reviews.scoring import check_marks
from project_bidding.reviews.store import reviews


async def seat_panel(uow: UnitOfWork, event: Received[ExpertDrawDrawn]) -> None:
    """A drawn panel is invited to every pooled bid.

    An assignment is unique by bid and expert, so a repeated or later telling (a replacement) only adds seats.
    A panel for anything else than a call under review is not ours: `call` names one only where the call has asked,
    while `record` is whatever somebody wrote who asked for a draw.
    """
    if event.data.call is None:
        return
    call = await calls.lookup_one(uow, lock=True, id=event.data.call)
    if call is None or call.state != "under_review" or call.revealed:
        return
    existing = {(each.bid, each.expert) for each in await reviews.lookup(uow, call=call.id)}
    pooled = sorted(await bids.lookup(uow, call=call.id, state="pooled"), key=lambda bid: bid.id)
    for seat in event.data.panel:
        for bid in pooled:
            if (bid.id, seat.person) not in existing:
                await reviews.create(
                    uow, call=call.id, bid=bid.id, expert=seat.person, seat=seat.seat, scores={},
                    revealed=False, city=call.city, division=call.division, pack=call.pack,
                )  # fmt: skip


async def _with_call(uow: UnitOfWork, review_id: str, verb: str) -> tuple[Call, Review]:
    """Lock the call, then the review: everybody in this order, so that the last two to submit do not meet."""
    seen = await reviews.lookup_one(uow, id=review_id)
    if seen is not None:
        await calls.lookup_one(uow, lock=True, id=seen.call)
    review = await reviews.load(uow, review_id, verb)
    call = await calls.lookup_one(uow, id=review.call)
    assert call is not None, "a review belongs to a call"
    return call, review


async def accept(uow: UnitOfWork, review_id: str) -> Review:
    """The expert accepts and may read the bid from now on."""
    _, review = await _with_call(uow, review_id, "accept")
    accepted = await reviews.change(uow, review, "accept")
    bid = await bids.lookup_one(uow, lock=True, id=review.bid)
    assert bid is not None, "a review is of a bid"
    if review.expert not in bid.reviewers:
        await bids.change(
            uow, bid, "assign-reviewer", implied=True, reviewers=[*bid.reviewers, review.expert]
        )
    return accepted


async def leave(uow: UnitOfWork, review_id: str, verb: str, reason: str | None) -> Review:
    """Decline, recuse, or (an officer) void: the expert loses sight of the bid, what was scored is kept.

    A void after the ranking removes the marks from the next computation; both computations are kept.
    """
    call, review = await _with_call(uow, review_id, verb)
    uow.reason = reason
    left = await reviews.change(uow, review, verb)
    bid = await bids.lookup_one(uow, lock=True, id=review.bid)
    if bid is not None and review.expert in bid.reviewers:
        kept = [each for each in bid.reviewers if each != review.expert]
        await bids.change(uow, bid, "assign-reviewer", implied=True, reviewers=kept)
    await reveal_when_all_in(uow, call)
    return left


def hundredths(scores: Mapping[str, Decimal]) -> dict[str, int]:
    """Points as given to hundredths of a point."""
    return {key: int(value * 100) for key, value in scores.items()}


async def score(
    uow: UnitOfWork, review_id: str, scores: Mapping[str, Decimal] | None, opinion: str | None
) -> Review:
    """Keep marks and opinion so far; nobody else sees them."""
    review = await reviews.load(uow, review_id, "update")
    return await reviews.change(
        uow,
        review,
        "update",
        scores=review.scores if scores is None else hundredths(scores),
        opinion=opinion or review.opinion,
    )


async def submit(
    uow: UnitOfWork, review_id: str, scores: Mapping[str, Decimal] | None, opinion: str | None
) -> Review:
    """Hand the mark sheet in; with the last one of the panel all become visible to the officers."""
    call, review = await _with_call(uow, review_id, "submit")
    marks = dict(review.scores) if scores is None else hundredths(scores)
    wrong = check_marks(call.scheme(), marks)
    if wrong:
        detail = Text(
            "评分缺失、超出范围或指标未知。", "The mark is missing, out of range, or of no criterion."
        )
        raise Invalid(
            detail, errors=[FieldError(f"/scores/{each}", "mark_invalid", detail) for each in wrong]
        )
    submitted = await reviews.change(
        uow, review, "submit", scores=marks, opinion=opinion or review.opinion, submitted_at=uow.now
    )
    await reveal_when_all_in(uow, call)
    current = await reviews.lookup_one(uow, id=submitted.id)
    return current or submitted


async def reveal_when_all_in(uow: UnitOfWork, call: Call) -> None:
    """Independent scores are visible to nobody until all are in, and every bid has some."""
    panel = await reviews.lookup(uow, call=call.id)
    if call.revealed or call.state != "under_review" or any(each.state in ACTIVE for each in panel):
        return
    marked = {each.bid for each in panel if each.state == "submitted"}
    pooled = await bids.lookup(uow, call=call.id, state="pooled")
    if not pooled or not marked.issuperset(each.id for each in pooled):
        return  # somebody must be drawn for the bid that all have left
    for each in sorted(panel, key=lambda review: review.id):
        if each.state == "submitted":
            await reviews.change(uow, each, "reveal", implied=True, revealed=True)
    current = await calls.lookup_one(uow, lock=True, id=call.id)
    assert current is not None, "it was locked above"
    await calls.change(uow, current, "reveal", implied=True, revealed=True)


def require_all_in(call: Call) -> None:
    """Refuse a ranking while marks are missing."""
    if not call.revealed:
        raise Conflict(
            Text("尚有专家未提交评分。", "Not all experts have submitted their scores."),
            code="scores_incomplete",
        )
