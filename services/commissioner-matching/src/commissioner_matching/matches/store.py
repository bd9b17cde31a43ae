"""The table of matches and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from commissioner_matching.matches.domain import MACHINE, StoredMatch, sight
from commissioner_matching.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "match",
    metadata,
    "MA",
    sa.Column("need", sa.Text, nullable=False, index=True),
    sa.Column("programme", sa.Text),
    sa.Column("seed", sa.Text, nullable=False),
    sa.Column("corpus", sa.Text, nullable=False),
    sa.Column("embedder", sa.Text, nullable=False),
    sa.Column("considered", sa.Integer, nullable=False),
    sa.Column("candidates", JSONB, nullable=False),
    sa.Column("excluded", JSONB, nullable=False),
    sa.Column("feedback", JSONB, nullable=False),
    sa.Column("proposals", JSONB, nullable=False),
)

MATCHES: Resource[StoredMatch] = Resource(
    name="matches",
    singular="match",
    title=Text("匹配", "Match"),
    table=_table,
    record=StoredMatch,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: each.need,
    unlogged=frozenset({"candidates", "excluded"}),
    filters={"need": Filter("need", Text("技术需求", "Need"))},
)
matches = Records(MATCHES)
