"""The table of persons and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from commissioner_matching.metadata import metadata
from commissioner_matching.persons.domain import MACHINE, Person, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "person",
    metadata,
    "PE",
    sa.Column("name", sa.LargeBinary, nullable=False, comment="ciphertext"),
    sa.Column("phone", sa.LargeBinary, comment="ciphertext"),
    sa.Column("id_number", sa.LargeBinary, nullable=False, comment="ciphertext"),
    sa.Column("id_index", sa.LargeBinary, nullable=False, comment="HMAC of the identity number"),
    sa.Column("name_masked", sa.Text, nullable=False),
    sa.Column("phone_masked", sa.Text),
    sa.Column("id_number_masked", sa.Text, nullable=False),
    sa.Column("employer", sa.Text, nullable=False),
    sa.Column("education", sa.Text),
    sa.Column("professional_title", sa.Text),
    sa.Column("disciplines", ARRAY(sa.Text), nullable=False),
    sa.Column("chains", ARRAY(sa.Text), nullable=False),
    sa.Column("specialty", sa.Text),
    sa.Column("achievements", JSONB, nullable=False),
    sa.Column("conflicts", JSONB, nullable=False),
    sa.Column("sources", JSONB, nullable=False),
    sa.Column("merged_into", sa.Text),
    sa.Index("person_identity", "id_index", unique=True),
    searched=True,
)  # fmt: skip

PERSONS: Resource[Person] = Resource(
    name="persons",
    singular="person",
    title=Text("人员档案", "Person"),
    table=_table,
    record=Person,
    machine=MACHINE,
    sight=sight,
    describe=lambda person: person.name_masked,
    unlogged=frozenset({"name", "phone", "id_number", "id_index"}),
    search=("employer", "specialty"),
    filters={
        "discipline": Filter("disciplines", Text("学科", "Discipline"), array=True),
        "chain": Filter("chains", Text("产业链", "Chain"), array=True),
    },
)
persons = Records(PERSONS)
