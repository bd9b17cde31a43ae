"""The table of alliances."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from enterprise_registry.alliances.domain import MACHINE, Alliance, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

table = record_table(
    "alliance",
    metadata,
    "AL",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("chain", sa.Text),
    sa.Column("members", JSONB, nullable=False),
    sa.Column("member_codes", ARRAY(sa.Text), nullable=False),
    sa.Column("goal", sa.Text),
    sa.Column("same_chain", JSONB, nullable=False),
    sa.Column("approved_on", sa.Date),
    sa.Column("activated_on", sa.Date),
    sa.Column("ended_on", sa.Date, comment="last day on which it was active"),
    sa.Column("document_no", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Index("alliance_chain", "city", "chain"),
    searched=True,
)

ALLIANCES: Resource[Alliance] = Resource(
    name="alliances",
    singular="alliance",
    title=Text("创新联盟", "Alliance"),
    table=table,
    record=Alliance,
    machine=MACHINE,
    sight=sight,
    describe=lambda alliance: alliance.title,
    search=("title",),
    filters={
        "kind": Filter("kind", Text("类别", "Kind")),
        "chain": Filter("chain", Text("产业链", "Chain")),
        "member": Filter("member_codes", Text("成员单位", "Member"), array=True),
        "city": Filter("city", Text("城市", "City")),
    },
)
alliances = Records(ALLIANCES)
