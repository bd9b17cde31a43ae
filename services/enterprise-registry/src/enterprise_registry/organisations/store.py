"""The table of organisations; a credit code stands in it once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.organisations.domain import MACHINE, Organisation, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "organisation",
    metadata,
    "OR",
    sa.Column("uscc", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("former_names", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("scale", sa.Text),
    sa.Column("scale_source", sa.Text),
    sa.Column("industry", sa.Text),
    sa.Column("chains", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("affiliates", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("address", sa.Text),
    sa.Column("established_on", sa.Date),
    sa.Column("facts", JSONB, nullable=False, server_default="{}"),
    sa.Column("legal_representative", sa.LargeBinary),
    sa.Column("legal_representative_shown", sa.Text),
    sa.Column("registered_on", sa.Date),
    sa.Column("deregistered_on", sa.Date),
    sa.Index("organisation_division_kind", "division", "kind"),
    sa.Index("organisation_chains", "chains", postgresql_using="gin"),
    searched=True,
)  # fmt: skip

ORGANISATIONS: Resource[Organisation] = Resource(
    name="organisations",
    singular="organisation",
    title=Text("单位", "Organisation"),
    table=_table,
    record=Organisation,
    machine=MACHINE,
    sight=sight,
    describe=lambda organisation: organisation.name,
    unlogged=frozenset({"legal_representative", "legal_representative_shown"}),
    search=("name", "uscc", "former_names", "address"),
    filters={
        "uscc": Filter("uscc", Text("统一社会信用代码", "Credit code")),
        "kind": Filter("kind", Text("单位类型", "Kind")),
        "scale": Filter("scale", Text("规模", "Scale")),
        "industry": Filter("industry", Text("行业", "Industry")),
        "chain": Filter("chains", Text("产业链", "Chain"), array=True),
    },
)
organisations = Records(ORGANISATIONS)
