"""The table of recognitions."""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.recognitions.domain import EXPIRING_DAYS, MACHINE, Recognition, sight
from kechuang.errors import invalid
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

table = record_table(
    "recognition",
    metadata,
    "RC",
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("certificate_no", sa.Text),
    sa.Column("document_no", sa.Text),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("ended_on", sa.Date),
    sa.Column("renews", sa.Text),
    sa.Column("first_time", sa.Boolean, nullable=False),
    sa.Column("application", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("heard_on", sa.Date),
    sa.Column("benefits_to_recover", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("benefits", JSONB, nullable=False, server_default="[]"),
    sa.Column("round", sa.Text),
    # What makes a recognition the same one when a list arrives twice.
    sa.Index("recognition_natural", "organisation", "node", "valid_from", unique=True),
    sa.Index("recognition_stock", "city", "kind", "division", "valid_from"),
    sa.Index("recognition_node", "node", "organisation"),
    sa.Index("recognition_flow", "city", "kind", "issued_on"),
)


def last_day() -> sa.ColumnElement[date]:
    """The last day on which a recognition is held; null without an end (`least` passes nulls over)."""
    return sa.func.least(table.c.valid_to, table.c.ended_on)


def _expiring(value: str, today: date) -> sa.ColumnElement[bool]:
    """`true` or `false`: valid, and its last day lies within ninety days, as the mark `expiring` says."""
    if value not in ("true", "false"):
        raise invalid("/expiring", "not_a_flag", "应为 true 或 false。", "`expiring` takes true or false.")
    soon = sa.and_(
        table.c.state == "valid",
        last_day().is_not(None),
        last_day() <= today + timedelta(days=EXPIRING_DAYS),
    )
    return soon if value == "true" else sa.not_(sa.func.coalesce(soon, sa.false()))


RECOGNITIONS: Resource[Recognition] = Resource(
    name="recognitions",
    singular="recognition",
    title=Text("认定", "Recognition"),
    table=table,
    record=Recognition,
    machine=MACHINE,
    sight=sight,
    describe=lambda recognition: f"{recognition.kind} {recognition.organisation}",
    filters={
        "kind": Filter("kind", Text("类别", "Kind")),
        "certificate_no": Filter("certificate_no", Text("证书编号", "Certificate number")),
        "source": Filter("source", Text("来源", "Source")),
        "round": Filter("round", Text("评选", "Selection round")),
        "expiring": Filter(
            "valid_to", Text("即将到期（90天内）", "Expiring within 90 days"), many=False, condition=_expiring
        ),
    },
    dates={
        "issued_on": Text("认定日期", "Day of the decision"),
        "valid_from": Text("有效期起", "Valid from"),
        "valid_to": Text("有效期止", "Valid to"),
        "ended_on": Text("终止前最后一日", "Last day held when it ended early"),
    },
    sorts=("created_at", "updated_at", "number", "valid_from", "issued_on"),
    emits_work_items=False,
)
recognitions = Records(RECOGNITIONS)
