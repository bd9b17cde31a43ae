"""The table of technical needs and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from commissioner_matching.metadata import metadata
from commissioner_matching.technical_needs.domain import MACHINE, Need, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "technical_need",
    metadata,
    "TN",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("confidential", sa.Text),
    sa.Column("fields", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("discipline", sa.Text),
    sa.Column("chain", sa.Text),
    sa.Column("budget_fen", sa.BigInteger),
    sa.Column("attachments", JSONB, nullable=False, server_default="[]"),
    sa.Column("route", sa.Text),
    sa.Column("answer", sa.Text),
    sa.Column("public_title", sa.Text),
    sa.Column("public_text", sa.Text),
    sa.Column("consented_by", sa.Text),
    sa.Column("consented_at", sa.DateTime(timezone=True)),
    sa.Column("dispatch", sa.Text),
    sa.Column("contract", sa.Text),
    sa.Column("invited_persons", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("serving_persons", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("returns", JSONB, nullable=False, server_default="[]"),
    sa.Column("submitted_on", sa.Date),
    sa.Column("campaign", sa.Text),
    searched=True,
)  # fmt: skip

NEEDS: Resource[Need] = Resource(
    name="technical-needs",
    singular="technical_need",
    title=Text("技术需求", "Technical need"),
    table=_table,
    record=Need,
    machine=MACHINE,
    sight=sight,
    describe=lambda need: need.title,
    unlogged=frozenset({"confidential"}),
    search=("title", "text"),
    dates={
        "submitted_on": Text("提交日期", "Submitted on"),
    },
    filters={
        "chain": Filter("chain", Text("产业链", "Chain")),
        "field": Filter("fields", Text("技术领域", "Technology field"), array=True),
        "campaign": Filter("campaign", Text("征集活动", "Campaign")),
        "route": Filter("route", Text("分流方式", "Route")),
    },
)
needs = Records(NEEDS)
