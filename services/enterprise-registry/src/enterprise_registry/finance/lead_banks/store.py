"""The table of lead banks: one active an enterprise."""

import sqlalchemy as sa

from enterprise_registry.finance.lead_banks.domain import MACHINE, LeadBank, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "lead_bank",
    metadata,
    "LB",
    sa.Column("bank", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Column("reason", sa.Text),
    sa.Index("lead_bank_active", "organisation", unique=True, postgresql_where=sa.text("state = 'active'")),
    sa.Index("lead_bank_of", "bank", "state"),
)

LEAD_BANKS: Resource[LeadBank] = Resource(
    name="lead-banks",
    singular="lead_bank",
    title=Text("科技主办行", "Lead bank"),
    table=_table,
    record=LeadBank,
    machine=MACHINE,
    sight=sight,
    describe=lambda lead: f"{lead.organisation} {lead.bank}",
    filters={"bank": Filter("bank", Text("银行", "Bank"))},
    dates={
        "valid_from": Text("主办起始日期", "Lead bank from"),
        "valid_to": Text("主办截止日期", "Lead bank to"),
    },
)
lead_banks = Records(LEAD_BANKS)
