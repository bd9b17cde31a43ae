"""The table of applications: one under way an organisation and window."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.applications.domain import MACHINE, Application, sight
from enterprise_registry.metadata import metadata
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from kechuang_procedure.fast_lane import FastLaneRecords, fast_lane_columns

_table = record_table(
    "application",
    metadata,
    "AP",
    sa.Column("window", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("skips_recommendation", sa.Boolean, nullable=False),
    sa.Column("form", sa.Text),
    sa.Column("form_version", sa.Text),
    sa.Column("answers", JSONB, nullable=False),
    sa.Column("attachments", JSONB, nullable=False, server_default="[]"),
    sa.Column("recommender", sa.Text),
    sa.Column("recommendation", sa.Text),
    sa.Column("review_opinion", sa.Text),
    sa.Column("assessment", JSONB),
    sa.Column("assessment_result", sa.Text),
    sa.Column("returns", JSONB, nullable=False, server_default="[]"),
    sa.Column("receipt", JSONB),
    sa.Column("submitted_on", sa.Date),
    sa.Column("accepted_on", sa.Date),
    sa.Column("forwarded_on", sa.Date),
    sa.Column("forwarded_to", sa.Text),
    sa.Column("notice", sa.Text),
    sa.Column("decision", JSONB),
    sa.Column("recognition", sa.Text),
    sa.Column("warnings", JSONB, nullable=False, server_default="[]"),
    sa.Column("round", sa.Text),
    *fast_lane_columns(),
    sa.Index(
        "application_live", "organisation", "window", unique=True,
        postgresql_where=sa.text("state NOT IN ('withdrawn', 'lapsed', 'rejected', 'recognised')"),
    ),
    sa.Index("application_by_window", "window", "state"),
    sa.Index("application_target", "target", "state"),
    sa.Index("application_notice", "notice", postgresql_where=sa.text("notice IS NOT NULL")),
)  # fmt: skip

APPLICATIONS: Resource[Application] = Resource(
    name="applications",
    singular="application",
    title=Text("申报", "Application"),
    table=_table,
    record=Application,
    machine=MACHINE,
    sight=sight,
    describe=lambda application: f"{application.target} {application.organisation}",
    # Long, and stored with the record: history says that it changed.
    unlogged=frozenset({"assessment"}),
    dates={
        "submitted_on": Text("提交日期", "Submitted on"),
        "accepted_on": Text("受理日期", "Accepted on"),
        "forwarded_on": Text("上报日期", "Forwarded on"),
    },
    filters={
        "window": Filter("window", Text("申报通知", "Window")),
        "target": Filter("target", Text("申报类别", "Target")),
        "round": Filter("round", Text("评选", "Selection round")),
        "notice": Filter("notice", Text("公示", "Notice")),
        "decided_by": Filter("decided_by", Text("决定机关层级", "Decided by")),
    },
    sorts=("created_at", "updated_at", "number", "queue"),
)
applications = FastLaneRecords(APPLICATIONS)
