"""The table of uploaded pack versions."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.pack_versions.domain import MACHINE, PackVersion, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "policy_pack_version",
    metadata,
    "PV",
    sa.Column("pack_id", sa.Text),
    sa.Column("pack_version", sa.Text),
    sa.Column("in_force_from", sa.Date),
    sa.Column("digest", sa.Text),
    sa.Column("files", JSONB, nullable=False),
    sa.Column("faults", JSONB, nullable=False),
    sa.Column("document_no", sa.Text),
    sa.Column("decided_on", sa.Date),
    # What was published is never published again with other content.
    sa.Index("policy_pack_version_published", "pack_id", "pack_version", unique=True,
             postgresql_where=sa.text("state = 'published'")),
)  # fmt: skip

PACK_VERSIONS: Resource[PackVersion] = Resource(
    name="policy-pack-versions",
    singular="policy_pack_version",
    title=Text("政策包版本", "Policy pack version"),
    table=_table,
    record=PackVersion,
    machine=MACHINE,
    sight=sight,
    describe=lambda found: f"{found.pack_id or '?'}@{found.pack_version or '?'}",
    unlogged=frozenset({"files"}),
    filters={"pack_id": Filter("pack_id", Text("政策包", "Pack"))},
    emits_work_items=False,
)
pack_versions = Records(PACK_VERSIONS)
