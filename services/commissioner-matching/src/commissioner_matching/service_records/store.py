"""The table of service records and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from commissioner_matching.metadata import metadata
from commissioner_matching.service_records.domain import MACHINE, ServiceRecord, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "service_record",
    metadata,
    "SR",
    sa.Column("dispatch", sa.Text, nullable=False, index=True),
    sa.Column("need", sa.Text),
    sa.Column("persons", ARRAY(sa.Text), nullable=False),
    sa.Column("sending_unit", sa.Text),
    sa.Column("on", sa.Date, nullable=False, index=True),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("counted_minutes", sa.Integer),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("evidence", ARRAY(sa.Text), nullable=False),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("dispute", sa.Text),
    searched=True,
)

SERVICE_RECORDS: Resource[ServiceRecord] = Resource(
    name="service-records",
    singular="service_record",
    title=Text("服务记录", "Service record"),
    table=_table,
    record=ServiceRecord,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: each.content[:60],
    search=("content", "place"),
    dates={
        "on": Text("服务日期", "Date of service"),
    },
    filters={
        "dispatch": Filter("dispatch", Text("选派", "Dispatch")),
        "need": Filter("need", Text("技术需求", "Need")),
    },
)
service_records = Records(SERVICE_RECORDS)
