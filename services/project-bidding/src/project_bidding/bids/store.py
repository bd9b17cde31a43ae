"""The tables of bids. What is secret lies beside the record, encrypted, never in history or feeds."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from project_bidding.bids.domain import MACHINE, Bid, sight
from project_bidding.metadata import metadata

_table = record_table(
    "bid",
    metadata,
    "TB",
    sa.Column("call", sa.Text, nullable=False, index=True),
    sa.Column("call_number", sa.Text, nullable=False),
    sa.Column("members", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("envelope_version", sa.Integer, nullable=False),
    sa.Column("envelope_digest", sa.Text, comment="covers the call, the lead and every part"),
    sa.Column("confirmations", JSONB, nullable=False, server_default="[]"),
    sa.Column("declined", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("received_at", sa.DateTime(timezone=True)),
    sa.Column("receipt", JSONB),
    sa.Column("title", sa.Text),
    sa.Column("total_fen", sa.BigInteger),
    sa.Column("requested_fen", sa.BigInteger),
    sa.Column("opening_fault", sa.Text),
    sa.Column("findings", JSONB, nullable=False, server_default="[]"),
    sa.Column("entry_reason", sa.Text),
    sa.Column("reviewers", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("rank", sa.Integer),
    sa.Column("score", sa.Integer, comment="hundredths of a point"),
    sa.Column("disclosed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("bid_members", "members", postgresql_using="gin"),
    sa.Index(
        "bid_one_a_lead",
        "call",
        "organisation",
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    ),
    numbered=False,
)

organisation_keys = sa.Table(
    "bid_organisation_key",
    metadata,
    sa.Column("organisation", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False, comment="under the master key"),
)
drafts = sa.Table(
    "bid_draft",
    metadata,
    sa.Column("bid", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, comment="the draft's key under its organisation's; null: destroyed"),
    sa.Column("content", sa.LargeBinary),
    sa.Column("destroyed_at", sa.DateTime(timezone=True)),
)
envelopes = sa.Table(
    "bid_envelope",
    metadata,
    sa.Column("bid", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("envelope", sa.LargeBinary, nullable=False),
)
contents = sa.Table(
    "bid_content",
    metadata,
    sa.Column("bid", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False, comment="exactly the bytes that were sealed"),
    sa.Column(
        "content_key", sa.LargeBinary, nullable=False, comment="disclosed at opening, for verification"
    ),
)

BIDS: Resource[Bid] = Resource(
    name="bids",
    singular="bid",
    title=Text("揭榜申请", "Bid"),
    table=_table,
    record=Bid,
    machine=MACHINE,
    sight=sight,
    describe=lambda bid: bid.title or bid.number,
    unlogged=frozenset({"title", "total_fen", "requested_fen", "findings", "rank", "score", "reviewers"}),
    filters={"call": Filter("call", Text("榜题", "Call"))},
    emits_work_items=False,  # a work item is an event: it would tell that there is a bid
    hides_actors=True,  # reviewers act on it
)
bids = Records(BIDS)
