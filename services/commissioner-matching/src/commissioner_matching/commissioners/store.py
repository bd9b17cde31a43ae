"""The table of commissioners and the scoped store over it."""

import sqlalchemy as sa

from commissioner_matching.commissioners.domain import MACHINE, Commissioner
from commissioner_matching.enrolments.domain import sight
from commissioner_matching.enrolments.store import enrolment_columns
from commissioner_matching.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "commissioner",
    metadata,
    "CM",
    *enrolment_columns(),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Index("commissioner_programme", "city", "programme", "state"),
    sa.Index("commissioner_once", "person", "city", "programme", unique=True,
             postgresql_where=sa.text("state NOT IN ('refused', 'exited')")),
    searched=True,
)  # fmt: skip

COMMISSIONERS: Resource[Commissioner] = Resource(
    name="commissioners",
    singular="commissioner",
    title=Text("科技特派员", "Commissioner"),
    table=_table,
    record=Commissioner,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: each.label,
    search=("label",),
    filters={
        "programme": Filter("programme", Text("特派员计划", "Programme")),
        "person": Filter("person", Text("人员", "Person")),
        "level": Filter("level", Text("级别", "Level")),
    },
)
commissioners = Records(COMMISSIONERS)
