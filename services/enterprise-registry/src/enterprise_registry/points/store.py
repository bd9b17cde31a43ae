"""The table of point entries; what is booked for one source by one rule stands in it once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.points.domain import MACHINE, PointEntry, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

table = record_table(
    "point_entry",
    metadata,
    "PT",
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("points", sa.BigInteger, nullable=False, comment="hundredths"),
    sa.Column("booked_on", sa.Date, nullable=False),
    sa.Column("happened_on", sa.Date, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("source", JSONB, nullable=False),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("evidence", JSONB, nullable=False, server_default="[]"),
    sa.Column("note", sa.Text),
    sa.Column("reverses", sa.Text, unique=True),
    sa.Column("reversed_by", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Index("point_entry_once", "organisation", "rule", "source_key", unique=True,
             postgresql_where=sa.text("state = 'recorded' AND reverses IS NULL")),
    sa.Index("point_entry_source", "source_key"),
    sa.Index("point_entry_balance", "organisation", "booked_on"),
    sa.CheckConstraint("points <> 0 AND (points < 0) = (reverses IS NOT NULL)", name="point_entry_sign"),
)  # fmt: skip

POINT_ENTRIES: Resource[PointEntry] = Resource(
    name="point-entries",
    singular="point_entry",
    title=Text("创新积分", "Point entry"),
    table=table,
    record=PointEntry,
    machine=MACHINE,
    sight=sight,
    describe=lambda entry: f"{entry.rule} {entry.organisation}",
    filters={
        "rule": Filter("rule", Text("规则", "Rule")),
        "origin": Filter("origin", Text("来源", "Origin")),
    },
    dates={"booked_on": Text("记账日", "Day of booking")},
    sorts=("created_at", "updated_at", "number", "booked_on"),
    emits_work_items=False,
)
point_entries = Records(POINT_ENTRIES)
