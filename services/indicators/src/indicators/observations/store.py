"""The table of observations and the scoped store over it."""

import sqlalchemy as sa

from indicators.metadata import metadata
from indicators.observations.domain import MACHINE, Observation, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

observation = record_table(
    "observation",
    metadata,
    "OB",
    sa.Column("indicator", sa.Text, nullable=False),
    sa.Column("area", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("value", sa.Numeric(30, 6), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("submission", sa.Text),
    sa.Column("supersedes", sa.Text),
    sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("known_to", sa.DateTime(timezone=True)),
    # The two questions asked most: the history of one cell, and the current value of many.
    sa.Index("observation_cell", "indicator", "area", "last_day", "known_from"),
    sa.Index(
        "observation_current", "indicator", "area", "period", unique=True,
        postgresql_where=sa.text("known_to IS NULL"),
    ),
)  # fmt: skip

OBSERVATIONS: Resource[Observation] = Resource(
    name="observations",
    singular="observation",
    title=Text("指标填报值", "Observation"),
    table=observation,
    record=Observation,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: f"{each.indicator} {each.period}",
    filters={
        "indicator": Filter("indicator", Text("指标", "Indicator key")),
        "area": Filter("area", Text("地区", "Area id")),
        "period": Filter("period", Text("报告期", "Period")),
    },
)
observations = Records(OBSERVATIONS)
