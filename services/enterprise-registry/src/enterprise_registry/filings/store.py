"""The table of filings: one live filing an organisation, form and period; one live correction a filing."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.filings.domain import MACHINE, Filing, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_LIVE = "state NOT IN ('withdrawn', 'lapsed')"

_table = record_table(
    "filing",
    metadata,
    "FI",
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("form_version", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("statistical", sa.Boolean, nullable=False),
    sa.Column("facts", JSONB, nullable=False),
    sa.Column("rd_projects", JSONB, nullable=False, server_default="[]"),
    sa.Column("attachments", JSONB, nullable=False, server_default="[]"),
    sa.Column("window", sa.Text),
    sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("supersedes", sa.Text),
    sa.Column("warnings", JSONB, nullable=False, server_default="[]"),
    sa.Column("returns", JSONB, nullable=False, server_default="[]"),
    sa.Column("receipt", JSONB),
    sa.Column("submitted_on", sa.Date),
    sa.Column("verified_on", sa.Date),
    sa.Index("filing_live", "organisation", "form", "period", unique=True,
             postgresql_where=sa.text(f"{_LIVE} AND supersedes IS NULL")),
    sa.Index("filing_live_correction", "supersedes", unique=True, postgresql_where=sa.text(_LIVE)),
    sa.Index("filing_form_period", "form", "period", "state"),
    sa.Index("filing_by_window", "window", postgresql_where=sa.text('"window" IS NOT NULL')),
)  # fmt: skip

FILINGS: Resource[Filing] = Resource(
    name="filings",
    singular="filing",
    title=Text("填报", "Filing"),
    table=_table,
    record=Filing,
    machine=MACHINE,
    sight=sight,
    describe=lambda filing: f"{filing.form} {filing.period}",
    dates={
        "submitted_on": Text("提交日期", "Submitted on"),
        "verified_on": Text("核实日期", "Verified on"),
    },
    filters={
        "form": Filter("form", Text("表单", "Form")),
        "period": Filter("period", Text("期别", "Period")),
        "window": Filter("window", Text("填报通知", "Window")),
        "late": Filter("late", Text("逾期提交", "Late"), many=False),
        "statistical": Filter("statistical", Text("统计报表", "Statistical"), many=False),
    },
)
filings = Records(FILINGS)
