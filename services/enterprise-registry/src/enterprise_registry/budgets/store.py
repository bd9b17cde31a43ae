"""The tables of budgets: the record with its figures, and the ledger they are the sum of."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.budgets.domain import MACHINE, Budget, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

table = record_table(
    "budget",
    metadata,
    "BU",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("year", sa.Text, nullable=False),
    sa.Column("funder", sa.Text, nullable=False),
    sa.Column("spender", sa.Text, nullable=False),
    sa.Column("parent", sa.Text),
    sa.Column("document_no", sa.Text),
    sa.Column("amount", sa.BigInteger, nullable=False, comment="fen"),
    sa.Column("allocated", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("booked", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("paid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("recovered", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("opened_on", sa.Date),
    sa.Column("closed_on", sa.Date),
    sa.Column("allocations", JSONB, nullable=False, server_default="[]"),
    # The rule of `Figures.possible`: a program that forgot it cannot overdraw a fund.
    sa.CheckConstraint("allocated >= 0 AND allocated + booked <= amount", name="budget_not_overdrawn"),
    sa.CheckConstraint(
        "recovered >= 0 AND recovered <= paid AND paid <= booked", name="budget_paid_within_booked"
    ),
    sa.Index("budget_fund", "city", "fund", "year"),
    sa.Index("budget_parent", "parent", postgresql_where=sa.text("parent IS NOT NULL")),
)

entry = sa.Table(
    "budget_entry",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("budget", sa.Text, sa.ForeignKey("budget.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False, comment="fen; the kind says what it does"),
    sa.Column("on", sa.Date, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("record", sa.Text, comment="the grant or budget that it is about"),
    sa.Column("voucher", sa.Text),
    sa.CheckConstraint("amount > 0", name="budget_entry_above_zero"),
    sa.Index("budget_entry_of", "budget", "seq"),
    sa.Index("budget_entry_record", "record", postgresql_where=sa.text("record IS NOT NULL")),
)

BUDGETS: Resource[Budget] = Resource(
    name="budgets",
    singular="budget",
    title=Text("预算", "Budget"),
    table=table,
    record=Budget,
    machine=MACHINE,
    sight=sight,
    describe=lambda budget: f"{budget.title} {budget.year}",
    filters={
        "fund": Filter("fund", Text("资金", "Fund")),
        "year": Filter("year", Text("年度", "Year")),
        "parent": Filter("parent", Text("上级预算", "Parent")),
        "spender": Filter("spender", Text("使用方", "Spender")),
    },
    dates={
        "opened_on": Text("下达日期", "Day of opening"),
        "closed_on": Text("关闭日期", "Day of closing"),
    },
    emits_work_items=False,
)
budgets = Records(BUDGETS)
