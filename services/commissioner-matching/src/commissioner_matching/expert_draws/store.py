"""The table of draws and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from commissioner_matching.expert_draws.domain import MACHINE, ExpertDraw, sight
from commissioner_matching.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "expert_draw",
    metadata,
    "ED",
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("call", sa.Text),
    sa.Column("call_number", sa.Text),
    sa.Column("strata", JSONB, nullable=False),
    sa.Column("disciplines", ARRAY(sa.Text), nullable=False),
    sa.Column("recused_organisations", ARRAY(sa.Text), nullable=False),
    sa.Column("recused_persons", ARRAY(sa.Text), nullable=False),
    sa.Column("per_employer", sa.Integer, nullable=False),
    sa.Column("run_by", ARRAY(sa.Text), nullable=False),
    sa.Column("commitments", JSONB, nullable=False),
    sa.Column("pool", JSONB, nullable=False),
    sa.Column("people", JSONB, nullable=False, comment="pseudonym to person; never shown as a whole"),
    sa.Column("pool_digest", sa.Text),
    sa.Column("frozen_at", sa.DateTime(timezone=True)),
    sa.Column("public_value", JSONB),
    sa.Column("reveals", JSONB, nullable=False),
    sa.Column("withdrawals", JSONB, nullable=False),
    sa.Column("protocol", JSONB),
    sa.Column("seats", JSONB, nullable=False),
    sa.Column("seated_persons", ARRAY(sa.Text), nullable=False),
    sa.Column("confirmed_on", sa.Date),
    sa.Column("published_on", sa.Date),
    sa.Index(
        "expert_draw_source",
        "source",
        "call",
        unique=True,  # one for a matter, and one for a call's panel
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    ),
)

EXPERT_DRAWS: Resource[ExpertDraw] = Resource(
    name="expert-draws",
    singular="expert_draw",
    title=Text("专家抽取", "Expert draw"),
    table=_table,
    record=ExpertDraw,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: each.call_number or each.purpose,
    unlogged=frozenset(
        {"recused_organisations", "recused_persons", "pool", "people", "reveals", "withdrawals", "protocol",
         "seats", "seated_persons"}
    ),
    filters={
        "purpose": Filter("purpose", Text("用途", "Purpose")),
        "call": Filter("call", Text("榜题", "Call")),
    },
)  # fmt: skip
expert_draws = Records(EXPERT_DRAWS)
