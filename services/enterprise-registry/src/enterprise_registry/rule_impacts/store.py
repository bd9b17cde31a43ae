"""The tables of rule impacts: what was asked with the counts, and the enterprises that are named."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.rule_impacts.domain import MACHINE, RuleImpact, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "rule_impact",
    metadata,
    "RI",
    sa.Column("baseline", sa.Text, nullable=False),
    sa.Column("candidate", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("candidate_on", sa.Date, nullable=False),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("population", sa.Integer),
    sa.Column("counts", JSONB, nullable=False),
)

cases = sa.Table(
    "rule_impact_case",
    metadata,
    sa.Column("impact", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("outcome", sa.SmallInteger, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("division", sa.Text),
    sa.Column("before", sa.SmallInteger, nullable=False),
    sa.Column("after", sa.SmallInteger, nullable=False),
    sa.Column("leaf", sa.Text),
    sa.Column("holds", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("impact", "outcome", "node", "organisation"),
)
"""One organisation at one node; those that qualify neither before nor after are counted and not named."""

RULE_IMPACTS: Resource[RuleImpact] = Resource(
    name="rule-impacts",
    singular="rule_impact",
    title=Text("政策影响测算", "Rule impact"),
    table=_table,
    record=RuleImpact,
    machine=MACHINE,
    sight=sight,
    describe=lambda found: f"{found.baseline} → {found.candidate}",
    unlogged=frozenset({"counts"}),
    filters={"candidate": Filter("candidate", Text("测算版本", "Version that is tried"))},
    emits_work_items=False,
)
rule_impacts = Records(RULE_IMPACTS)
