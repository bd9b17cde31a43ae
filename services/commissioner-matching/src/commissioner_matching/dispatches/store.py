"""The table of dispatches and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from commissioner_matching.dispatches.domain import MACHINE, Dispatch, sight
from commissioner_matching.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "dispatch",
    metadata,
    "DP",
    sa.Column("server_kind", sa.Text, nullable=False),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("server_label", sa.Text, nullable=False),
    sa.Column("persons", ARRAY(sa.Text), nullable=False),
    sa.Column("sending_unit", sa.Text),
    sa.Column("target_kind", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("host", sa.Text),
    sa.Column("need", sa.Text),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("required", ARRAY(sa.Text), nullable=False),
    sa.Column("acceptances", JSONB, nullable=False),
    sa.Column("agreement_required", sa.Boolean, nullable=False),
    sa.Column("notice_required", sa.Boolean, nullable=False),
    sa.Column("agreement_no", sa.Text),
    sa.Column("signed_on", sa.Date),
    sa.Column("notice", sa.Text),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Column("ended_on", sa.Date),
    sa.Column("grade", sa.Text),
    sa.Column("remarks", sa.Text),
    sa.Column("replaces", sa.Text),
    sa.Column("renews", sa.Text),
    sa.Index("dispatch_server", "server"),
    sa.Index("dispatch_need", "need", postgresql_where=sa.text("need IS NOT NULL")),
    sa.Index("dispatch_programme", "city", "programme", "state"),
    searched=True,
)

DISPATCHES: Resource[Dispatch] = Resource(
    name="dispatches",
    singular="dispatch",
    title=Text("选派", "Dispatch"),
    table=_table,
    record=Dispatch,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: f"{each.server_label} → {each.target}",
    search=("server_label", "target"),
    dates={
        "signed_on": Text("签订日期", "Signed on"),
        "valid_from": Text("有效期自", "Valid from"),
        "valid_to": Text("有效期至", "Valid to"),
        "ended_on": Text("终止日期", "Ended on"),
    },
    filters={
        "server": Filter("server", Text("派出对象", "Server")),
        "target": Filter("target", Text("服务对象", "Target")),
        "need": Filter("need", Text("技术需求", "Need")),
        "programme": Filter("programme", Text("特派员计划", "Programme")),
    },
)
dispatches = Records(DISPATCHES)
