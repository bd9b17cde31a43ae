"""The tables of runs and of their lists."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from enterprise_registry.benefits.runs.domain import MACHINE, BenefitRun, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "benefit_run",
    metadata,
    "BR",
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("rule_version", sa.Text, nullable=False),
    sa.Column("fund", sa.Text),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("job", sa.Text),
    *(
        sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
        for name in (
            "evaluated", "beneficiaries", "unknown", "excluded", "unmet", "total", "issued", "dropped",
        )
    ),
    sa.Column("document_no", sa.Text),
    sa.Column("issued_on", sa.Date),
)  # fmt: skip

# Whom the rule was met by, who was excluded, and of whom nobody can say; those who do not meet it are counted.
item = sa.Table(
    "benefit_run_item",
    metadata,
    sa.Column("run", sa.Text, sa.ForeignKey("benefit_run.id"), primary_key=True),
    sa.Column("organisation", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("division", sa.Text),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, comment="fen"),
    sa.Column("reasons", ARRAY(sa.Text), nullable=False),
    sa.Column("finding", JSONB, nullable=False),
    sa.Column("grant", sa.Text),
    sa.Column("dropped", ARRAY(sa.Text)),
    sa.Index("benefit_run_item_outcome", "run", "outcome", "organisation"),
)

BENEFIT_RUNS: Resource[BenefitRun] = Resource(
    name="benefit-runs",
    singular="benefit_run",
    title=Text("免申即享批次", "Benefit run"),
    table=_table,
    record=BenefitRun,
    machine=MACHINE,
    sight=sight,
    describe=lambda run: f"{run.rule} {run.as_of}",
    filters={
        "rule": Filter("rule", Text("政策", "Rule")),
        "fund": Filter("fund", Text("资金", "Fund")),
    },
    dates={
        "as_of": Text("数据截止日期", "Day of the data"),
        "issued_on": Text("发放日期", "Day of issue"),
    },
)
runs = Records(BENEFIT_RUNS)
