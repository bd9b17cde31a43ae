"""The tables of agreements and of exchanges."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from enterprise_registry.data_agreements.domain import MACHINE, DataAgreement, reasons_for, sight
from enterprise_registry.metadata import metadata
from kechuang.access import Actor
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.states import Reason, Verb
from kechuang.text import Text

_table = record_table(
    "data_agreement",
    metadata,
    "DA",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("partner_unit", sa.Text),
    sa.Column("partner_client", sa.Text),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("condition", sa.Text, nullable=False),
    sa.Column("document_no", sa.Text),
    sa.Column("data_sets", JSONB, nullable=False),
    sa.Column("divisions", ARRAY(sa.Text), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date, nullable=False),
    sa.Column("reason", sa.Text),
    searched=True,
)
exchange = sa.Table(
    "data_exchange",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("agreement", sa.Text, sa.ForeignKey(_table.c.id), nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("data_set", sa.Text, nullable=False),
    sa.Column("fields", ARRAY(sa.Text), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, comment="SHA-256 of the rows as canonical JSON"),
    sa.Column("duty", sa.Text, nullable=False, comment="the duty for which it was taken"),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("client", sa.Text),
    sa.Column("unit", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("data_exchange_agreement", "agreement", "id"),
)

DATA_AGREEMENTS: Resource[DataAgreement] = Resource(
    name="data-agreements",
    singular="data_agreement",
    title=Text("数据共享协议", "Data agreement"),
    table=_table,
    record=DataAgreement,
    machine=MACHINE,
    sight=sight,
    describe=lambda agreement: agreement.title,
    search=("title", "partner"),
    filters={
        "partner_unit": Filter("partner_unit", Text("合作单位", "Partner, a unit")),
        "partner_client": Filter("partner_client", Text("合作系统", "Partner, a system")),
    },
)


class AgreementRecords(Records[DataAgreement]):
    """Agreements: only the partner exchanges data under one."""

    def reasons(self, actor: Actor, verb: Verb, record: DataAgreement) -> list[Reason]:
        """Say why a verb that the state allows is refused for this agreement and actor."""
        return [*reasons_for(record, verb.name, actor, None), *super().reasons(actor, verb, record)]


data_agreements = AgreementRecords(DATA_AGREEMENTS)
