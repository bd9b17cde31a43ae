"""The table of organisations; a credit code stands in it once."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.organisations.domain import MACHINE, Organisation, sight
from enterprise_registry.recognitions.counts import held_on
from enterprise_registry.recognitions.store import table as recognition
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
    sa.Column("above_scale", sa.Boolean),
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
    sa.Column("merged_into", sa.Text),
    sa.Index("organisation_division_kind", "division", "kind"),
    sa.Index("organisation_chains", "chains", postgresql_using="gin"),
    sa.Index("organisation_updated", "updated_at", "id"),
    sa.Index("organisation_external", "external_ids", postgresql_using="gin",
             postgresql_ops={"external_ids": "jsonb_path_ops"}, postgresql_where=sa.text("external_ids <> '[]'")),
    searched=True,
)  # fmt: skip


def _on_rung(value: str, today: date) -> sa.ColumnElement[bool]:
    """Those that hold one of the nodes at the end of the day, each by its name across packs or the city's code."""
    asked = [each.strip() for each in value.split(",")]
    nodes, kinds = ([each for each in asked if ("/" in each) is across] for across in (True, False))
    recognised = sa.or_(recognition.c.node.in_(nodes), recognition.c.kind.in_(kinds))
    return _table.c.uscc.in_(sa.select(recognition.c.organisation).where(recognised, held_on(today)))


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
        "above_scale": Filter("above_scale", Text("规模以上", "Above scale"), many=False),
        "industry": Filter("industry", Text("行业", "Industry")),
        "chain": Filter("chains", Text("产业链", "Chain"), array=True),
        "rung": Filter(
            "uscc",
            Text("梯次（如 national-hnte/hnte，或本市代码）", "Rung held today (or the city's code)"),
            condition=_on_rung,
        ),
    },
)
organisations = Records(ORGANISATIONS)
