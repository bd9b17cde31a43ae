"""The table of grants: one live grant an organisation, exclusive group and item."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from enterprise_registry.benefits.domain import ENDED, MACHINE, BenefitGrant, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_OVER = ", ".join(f"'{each}'" for each in ("draft", *ENDED))

table = record_table(
    "benefit_grant",
    metadata,
    "BG",
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("rule_version", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("fund", sa.Text),
    sa.Column("exclusive_group", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("year", sa.Text, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("run", sa.Text),
    sa.Column("amount", sa.BigInteger, comment="fen"),
    sa.Column("finding", JSONB),
    sa.Column("grounds", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("statement", sa.Text),
    sa.Column("attachments", JSONB, nullable=False, server_default="[]"),
    sa.Column("account", sa.LargeBinary),
    sa.Column("account_shown", sa.Text),
    sa.Column("review_opinion", sa.Text),
    sa.Column("decision", JSONB),
    sa.Column("granted_on", sa.Date),
    sa.Column("budget", sa.Text),
    sa.Column("booked_on", sa.Date),
    sa.Column("paid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("paid_on", sa.Date),
    sa.Column("payments", JSONB, nullable=False, server_default="[]"),
    sa.Column("recovered", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("recovery", JSONB),
    sa.Column("recoveries", JSONB, nullable=False, server_default="[]"),
    sa.Column("reason", sa.Text),
    sa.CheckConstraint("recovered >= 0 AND recovered <= paid", name="benefit_grant_recovered_within_paid"),
    # No item is paid for twice, whatever asks for it at once.
    sa.Index(
        "benefit_grant_once", "organisation", "exclusive_group", "item", unique=True,
        postgresql_where=sa.text(f"state NOT IN ({_OVER})"),
    ),
    sa.Index("benefit_grant_year", "organisation", "fund", "year"),
    sa.Index("benefit_grant_grounds", "grounds", postgresql_using="gin"),
    sa.Index("benefit_grant_run", "run", postgresql_where=sa.text("run IS NOT NULL")),
    sa.Index("benefit_grant_budget", "budget", postgresql_where=sa.text("budget IS NOT NULL")),
)  # fmt: skip

BENEFIT_GRANTS: Resource[BenefitGrant] = Resource(
    name="benefit-grants",
    singular="benefit_grant",
    title=Text("惠企奖补", "Benefit grant"),
    table=table,
    record=BenefitGrant,
    machine=MACHINE,
    sight=sight,
    describe=lambda grant: f"{grant.rule} {grant.year}",
    # The explanation is long and stands on the record; an account number is nobody's to log.
    unlogged=frozenset({"finding", "account", "account_shown"}),
    filters={
        "rule": Filter("rule", Text("政策", "Rule")),
        "mode": Filter("mode", Text("兑现方式", "Mode")),
        "fund": Filter("fund", Text("资金", "Fund")),
        "year": Filter("year", Text("年度", "Year")),
        "run": Filter("run", Text("批次", "Run")),
        "budget": Filter("budget", Text("预算", "Budget")),
        "ground": Filter("grounds", Text("依据的认定", "Recognition that it rests on"), array=True),
    },
    dates={
        "granted_on": Text("兑现确定日期", "Day of the right"),
        "booked_on": Text("记账日期", "Day of booking"),
        "paid_on": Text("拨付日期", "Day of payment"),
    },
)
grants = Records(BENEFIT_GRANTS)
