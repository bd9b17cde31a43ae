"""The table of contracts, and the counter rows of the funders' money."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from project_bidding.contracts.domain import MACHINE, Contract, sight
from project_bidding.metadata import metadata

_table = record_table(
    "contract",
    metadata,
    "CT",
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("call", sa.Text, nullable=False, index=True),
    sa.Column("bid", sa.Text, nullable=False),
    sa.Column("need", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("parties", ARRAY(sa.Text), nullable=False),
    sa.Column("goals", ARRAY(sa.Text), nullable=False),
    sa.Column("budget_fen", sa.BigInteger, nullable=False),
    sa.Column("shares", JSONB, nullable=False),
    sa.Column("signatures", JSONB, nullable=False, server_default="[]"),
    sa.Column("signed_on", sa.Date),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("rectify_by", sa.Date),
    sa.Column("outcome", sa.Text),
    sa.Column("accepted_on", sa.Date),
    sa.Column("document_no", sa.Text),
    sa.Index("contract_one_a_bid", "bid", "kind", unique=True,
             postgresql_where=sa.text("outcome IS DISTINCT FROM 'terminated'")),
    searched=True,
)  # fmt: skip

# What a funder has promised a call, how much of it contracts bind, how much has gone out. The tranches are
# the truth; these rows are what concurrent acts queue on, and the CHECKs hold whatever the code does.
funder_accounts = sa.Table(
    "funder_account",
    metadata,
    sa.Column("call", sa.Text, primary_key=True),
    sa.Column("funder", sa.Text, primary_key=True),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("committed_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("released_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.CheckConstraint("committed_fen BETWEEN 0 AND amount_fen", name="funder_account_committed"),
    sa.CheckConstraint("released_fen BETWEEN 0 AND committed_fen", name="funder_account_released"),
)

CONTRACTS: Resource[Contract] = Resource(
    name="contracts",
    singular="contract",
    title=Text("任务书", "Contract"),
    table=_table,
    record=Contract,
    machine=MACHINE,
    sight=sight,
    describe=lambda contract: contract.title,
    search=("title",),
    dates={
        "signed_on": Text("签订日期", "Signed on"),
        "ends_on": Text("结束日期", "Ends on"),
        "accepted_on": Text("验收日期", "Accepted on"),
    },
    filters={"call": Filter("call", Text("榜题", "Call")), "kind": Filter("kind", Text("类型", "Kind"))},
)
contracts = Records(CONTRACTS)
