"""The tables of portraits, and of the sheets that a run over a whole city lays by between its two passes."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.portraits.domain import MACHINE, Portrait, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_number = sa.Double

table = record_table(
    "portrait",
    metadata,
    "PO",
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("model_code", sa.Text, nullable=False),
    sa.Column("edition", sa.Integer, nullable=False),
    sa.Column("total", _number),
    sa.Column("low", _number, nullable=False),
    sa.Column("high", _number, nullable=False),
    sa.Column("coverage", _number, nullable=False),
    sa.Column("percentile", _number),
    sa.Column("median", _number),
    sa.Column("peer_group", JSONB, nullable=False),
    sa.Column("dimensions", JSONB, nullable=False),
    sa.Column("change", JSONB),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Index("portrait_natural", "organisation", "as_of", "model", unique=True),
    sa.Index("portrait_day", "city", "as_of", "division"),
)

sheets = sa.Table(
    "portrait_sheet",
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, primary_key=True),
    sa.Column("industry", sa.Text),
    sa.Column("scale", sa.Text),
    sa.Column("known", sa.Boolean, nullable=False),
    sa.Column("readings", JSONB, nullable=False),
    comment="passing: readings of a run's enterprises, removed at its end",
)

PORTRAITS: Resource[Portrait] = Resource(
    name="portraits",
    singular="portrait",
    title=Text("创新画像", "Innovation portrait"),
    table=table,
    record=Portrait,
    machine=MACHINE,
    sight=sight,
    describe=lambda portrait: f"{portrait.organisation} {portrait.as_of}",
    filters={
        "model": Filter("model", Text("评分模型", "Model")),
        "model_code": Filter("model_code", Text("模型代码", "Model code")),
    },
    dates={"as_of": Text("截止日", "Day")},
    sorts=("created_at", "updated_at", "number", "as_of"),
    emits_work_items=False,
)
portraits = Records(PORTRAITS)
