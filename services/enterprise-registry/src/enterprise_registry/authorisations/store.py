"""The table of authorisations."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from enterprise_registry.authorisations.domain import MACHINE, Authorisation, sight
from enterprise_registry.metadata import metadata
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "authorisation",
    metadata,
    "AU",
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("letter", sa.Text),
)

AUTHORISATIONS: Resource[Authorisation] = Resource(
    name="authorisations",
    singular="authorisation",
    title=Text("授权", "Authorisation"),
    table=_table,
    record=Authorisation,
    machine=MACHINE,
    sight=sight,
    describe=lambda authorisation: f"{authorisation.organisation} {' '.join(authorisation.scopes)}",
    filters={"person": Filter("person", Text("被授权人", "Person"))},
)
authorisations = Records(AUTHORISATIONS)
