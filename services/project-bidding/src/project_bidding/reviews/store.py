"""The table of review assignments and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from project_bidding.metadata import metadata
from project_bidding.reviews.domain import MACHINE, Review, sight

_table = record_table(
    "review",
    metadata,
    "RV",
    sa.Column("call", sa.Text, nullable=False, index=True),
    sa.Column("bid", sa.Text, nullable=False, index=True),
    sa.Column("expert", sa.Text, nullable=False),
    sa.Column("seat", sa.Integer, nullable=False),
    sa.Column("scores", JSONB, nullable=False, server_default="{}"),
    sa.Column("opinion", sa.Text),
    sa.Column("submitted_at", sa.DateTime(timezone=True)),
    sa.Column("revealed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("bid", "expert", name="review_one_an_expert"),
)
REVIEWS: Resource[Review] = Resource(
    name="reviews",
    singular="review",
    title=Text("评审任务", "Review"),
    table=_table,
    record=Review,
    machine=MACHINE,
    sight=sight,
    describe=lambda review: f"专家 {review.seat}",
    unlogged=frozenset({"scores", "opinion", "expert"}),
    hides_actors=True,
    filters={"call": Filter("call", Text("榜题", "Call")), "bid": Filter("bid", Text("申请", "Bid"))},
)
reviews = Records(REVIEWS)
