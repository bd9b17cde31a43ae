"""The table of recognitions."""

import sqlalchemy as sa

from enterprise_registry.metadata import metadata
from enterprise_registry.recognitions.domain import MACHINE, Recognition, sight
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
    sa.Column("benefits_to_recover", sa.Boolean, nullable=False, server_default="false"),
    # What makes a recognition the same one when a list arrives twice.
    sa.Index("recognition_natural", "organisation", "node", "valid_from", unique=True),
    sa.Index("recognition_stock", "city", "kind", "division", "valid_from"),
    sa.Index("recognition_node", "node", "organisation"),
)

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
    },
    sorts=("created_at", "updated_at", "number", "valid_from", "issued_on"),
    emits_work_items=False,
)
recognitions = Records(RECOGNITIONS)
