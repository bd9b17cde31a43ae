"""The tables of risk compensation pools."""

import sqlalchemy as sa

from enterprise_registry.finance.pools.domain import MACHINE, RiskPool, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Resource, record_table
from kechuang.text import Text

table = record_table(
    "risk_pool",
    metadata,
    "CP",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("share_ppm", sa.Integer, nullable=False),
    sa.Column("multiple", sa.Integer),
    sa.Column("contributed", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("guaranteed", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("compensated", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("recovered", sa.BigInteger, nullable=False, server_default="0"),
    sa.CheckConstraint(
        "contributed >= 0 AND contributed + recovered - compensated >= 0", name="risk_pool_not_overdrawn"
    ),
    sa.CheckConstraint(
        "guaranteed >= 0 AND recovered >= 0 AND recovered <= compensated", name="risk_pool_figures"
    ),
)

entry = sa.Table(
    "risk_pool_entry",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("pool", sa.Text, sa.ForeignKey("risk_pool.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False, comment="fen; the kind says what it does"),
    sa.Column("on", sa.Date, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("contributor", sa.Text),
    sa.Column("need", sa.Text),
    sa.Column("loan_no", sa.Text),
    sa.Column("voucher", sa.Text),
    sa.CheckConstraint("amount > 0", name="risk_pool_entry_above_zero"),
    sa.Index("risk_pool_entry_of", "pool", "seq"),
    sa.Index("risk_pool_entry_loan", "need", "loan_no", postgresql_where=sa.text("need IS NOT NULL")),
)

RISK_POOLS: Resource[RiskPool] = Resource(
    name="risk-pools",
    singular="risk_pool",
    title=Text("风险补偿池", "Risk compensation pool"),
    table=table,
    record=RiskPool,
    machine=MACHINE,
    sight=sight,
    describe=lambda pool: pool.title,
    emits_work_items=False,
)
pools = Records(RISK_POOLS)
