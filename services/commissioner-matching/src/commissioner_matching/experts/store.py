"""The table of experts and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from commissioner_matching.enrolments.domain import sight
from commissioner_matching.enrolments.store import enrolment_columns
from commissioner_matching.experts.domain import MACHINE, Expert
from commissioner_matching.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "expert",
    metadata,
    "EX",
    *enrolment_columns(),
    sa.Column("kinds", ARRAY(sa.Text), nullable=False),
    sa.Index("expert_pool", "city", "state"),
    sa.Index("expert_once", "person", "city", unique=True,
             postgresql_where=sa.text("state NOT IN ('refused', 'exited')")),
    searched=True,
)  # fmt: skip

EXPERTS: Resource[Expert] = Resource(
    name="experts",
    singular="expert",
    title=Text("专家", "Expert"),
    table=_table,
    record=Expert,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: each.label,
    search=("label",),
    filters={
        "kind": Filter("kinds", Text("专家类别", "Kind"), array=True),
        "person": Filter("person", Text("人员", "Person")),
    },
)
experts = Records(EXPERTS)
