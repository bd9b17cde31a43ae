"""The HTTP edge of reviews."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from kechuang.db.unit import ReadUnit
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, Prose, RecordOut
from project_bidding.reviews import use_cases
from project_bidding.reviews.domain import Review, shown
from project_bidding.reviews.store import reviews

EXAMPLE = {
    "scores": {"innovation": "86.50", "feasibility": "82.00", "budget": "90.00"},
    "opinion": "技术路线清晰，量产验证计划需细化。",
}
Points = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=2, max_digits=7)]


class ReviewScores(Input):
    """Marks by criterion, in points with up to two decimals."""

    scores: dict[str, Points] | None = Field(default=None, max_length=30)
    opinion: Prose | None = None


class ReviewOut(RecordOut):
    """An assignment. `expert` is told to the expert alone; `scores` and `opinion` are null until all are in."""

    call: str
    bid: str
    seat: int
    expert: str | None
    scores: dict[str, str] | None
    opinion: str | None
    submitted_at: datetime | None
    revealed: bool


def show(review: Review, unit: ReadUnit) -> ReviewOut:
    """Hide marks from everybody but their giver until all are in; the expert's id always."""
    mine = unit.actor.person is not None and unit.actor.person == review.expert
    visible = shown(review, unit.actor.person)
    values = {name: getattr(review, name) for name in ReviewOut.model_fields}
    values["expert"] = review.expert if mine else None
    values["scores"] = (
        {key: f"{mark // 100}.{mark % 100:02d}" for key, mark in review.scores.items()} if visible else None
    )
    values["opinion"] = review.opinion if visible else None
    return ReviewOut.model_validate(values)


router = ResourceRouter(reviews, ReviewOut, show=show)


@router.verb("accept")
async def accept(record_id: RecordId, uow: Write) -> Review:
    """The expert accepts, and may read the bid from now on."""
    return await use_cases.accept(uow, record_id)


@router.verb("decline", example=Because.example)
async def decline(record_id: RecordId, body: Because, uow: Write) -> Review:
    """The expert has no time."""
    return await use_cases.leave(uow, record_id, "decline", body.reason)


@router.verb("recuse", example={"reason": "与牵头单位有合作关系。"})
async def recuse(record_id: RecordId, body: Because, uow: Write) -> Review:
    """The expert has a conflict of interest."""
    return await use_cases.leave(uow, record_id, "recuse", body.reason)


@router.update(example=EXAMPLE)
async def update(record_id: RecordId, body: ReviewScores, uow: Write) -> Review:
    """Save marks; they may be incomplete until they are submitted."""
    return await use_cases.score(uow, record_id, body.scores, body.opinion)


@router.verb("submit", bulk=False, example=EXAMPLE)
async def submit(record_id: RecordId, body: ReviewScores, uow: Write) -> Review:
    """Hand the marks in for good. 422 names every criterion that is missing or out of range."""
    return await use_cases.submit(uow, record_id, body.scores, body.opinion)


@router.verb("void", example={"reason": "评审后发现与成员单位存在利益关系。"})
async def void(record_id: RecordId, body: Because, uow: Write) -> Review:
    """An officer voids an assignment after a late conflict; its marks no longer count."""
    return await use_cases.leave(uow, record_id, "void", body.reason)
