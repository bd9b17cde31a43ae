"""Return windows and submissions: tables and scoped stores."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from indicators.metadata import metadata
from indicators.submissions.domain import MACHINE, Submission, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from kechuang_procedure.windows import Windows

windows = Windows(
    metadata,
    resource="submission-windows",
    singular="submission_window",
    table="submission_window",
    prefix="SW",
    title=Text("填报期", "Return window"),
)
_table = record_table(
    "submission",
    metadata,
    "SU",
    sa.Column("window", sa.Text, nullable=False),
    sa.Column("area", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("nil", sa.Boolean, nullable=False),
    sa.Column("cells", JSONB, nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("returns", JSONB, nullable=False, server_default="[]"),
    sa.Column("revises", sa.Text),
    sa.Column("submitted_at", sa.DateTime(timezone=True)),
    sa.Index("submission_window_area", "window", "area"),
)
SUBMISSIONS: Resource[Submission] = Resource(
    name="submissions",
    singular="submission",
    title=Text("报送", "Submission"),
    table=_table,
    record=Submission,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: f"{each.area} {each.period}",
    filters={
        "window": Filter("window", Text("填报期", "Window")),
        "area": Filter("area", Text("地区", "Area id")),
        "period": Filter("period", Text("报告期", "Period")),
    },
)
submissions = Records(SUBMISSIONS)
