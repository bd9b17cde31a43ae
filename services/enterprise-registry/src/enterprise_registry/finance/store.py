"""The table of finance needs."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.finance.domain import MACHINE, FinanceNeed, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "finance_need",
    metadata,
    "FN",
    sa.Column("amount", sa.BigInteger, nullable=False, comment="fen"),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("term_months", sa.Integer),
    sa.Column("shared_with_banks", sa.Boolean, nullable=False),
    sa.Column("consented_on", sa.Date),
    sa.Column("bank", sa.Text),
    sa.Column("taken_on", sa.Date),
    sa.Column("meeting", sa.Text),
    sa.Column("funded", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("loans", JSONB, nullable=False, server_default="[]"),
    sa.Column("outcome", sa.Text),
    sa.Column("closed_on", sa.Date),
    sa.Column("reason", sa.Text),
    sa.Index("finance_need_bank", "bank", postgresql_where=sa.text("bank IS NOT NULL")),
    sa.Index("finance_need_open", "city", "state"),
)

FINANCE_NEEDS: Resource[FinanceNeed] = Resource(
    name="finance-needs",
    singular="finance_need",
    title=Text("融资需求", "Finance need"),
    table=_table,
    record=FinanceNeed,
    machine=MACHINE,
    sight=sight,
    describe=lambda need: f"{need.organisation} {need.purpose}",
    filters={
        "purpose": Filter("purpose", Text("用途", "Purpose")),
        "bank": Filter("bank", Text("承接银行", "Bank")),
        "meeting": Filter("meeting", Text("银企对接活动", "Meeting")),
        "outcome": Filter("outcome", Text("结果", "Outcome")),
    },
    dates={
        "taken_on": Text("承接日期", "Day of taking"),
        "closed_on": Text("结束日期", "Day of the end"),
    },
)
needs = Records(FINANCE_NEEDS)
