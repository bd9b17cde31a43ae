"""The tables of calls: the record, its sealing key with the officers' shares, its closing, its rankings."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from project_bidding.calls.domain import MACHINE, Call, sight
from project_bidding.metadata import metadata


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, ARRAY(sa.Text), nullable=False, server_default="{}")


def _list(name: str) -> sa.Column[object]:
    return sa.Column(name, JSONB, nullable=False, server_default="[]")


_table = record_table(
    "call",
    metadata,
    "CALL",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("goal", sa.Text, nullable=False),
    _texts("tests"),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("procedure", sa.Text, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("batch", sa.Text, index=True),
    sa.Column("need", sa.Text),
    sa.Column("need_number", sa.Text),
    sa.Column("need_owner", sa.Text),
    sa.Column("chain", sa.Text),
    _texts("fields"),
    _texts("disciplines"),
    _texts("departments"),
    _list("signatures"),
    sa.Column("appraisal", sa.Text),
    _list("criteria"),
    _list("panel"),
    sa.Column("pass_mark", sa.Integer, nullable=False, server_default="0"),
    sa.Column("budget_fen", sa.BigInteger),
    _list("funders"),
    sa.Column("points", JSONB),
    sa.Column("question_deadline", sa.DateTime(timezone=True)),
    sa.Column("closes_at", sa.DateTime(timezone=True)),
    sa.Column("published_on", sa.Date),
    _texts("opening_officers"),
    sa.Column("closing_commitment", sa.Text),
    sa.Column("opened_at", sa.DateTime(timezone=True)),
    sa.Column("revealed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("notice", sa.Text),
    _texts("nominees"),
    _texts("winners"),
    sa.Column("document_no", sa.Text),
    sa.Column("awarded_on", sa.Date),
    # one running call a need; whether an awarded one still holds its need is asked of its contracts
    sa.Index(
        "call_need",
        "need",
        unique=True,
        postgresql_where=sa.text("need IS NOT NULL AND state NOT IN ('awarded', 'cancelled', 'no_award')"),
    ),
    searched=True,
)  # fmt: skip

call_keys = sa.Table(
    "call_key",
    metadata,
    sa.Column("call", sa.Text, primary_key=True),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("threshold", sa.Integer, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
)
call_shares = sa.Table(
    "call_key_share",
    metadata,
    sa.Column("call", sa.Text, primary_key=True),
    sa.Column("officer", sa.Text, primary_key=True),
    sa.Column("share_index", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False, comment="under the officer's own public key"),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("handed_in", sa.LargeBinary, comment="under the master key, until the call is opened"),
    sa.Column("handed_in_at", sa.DateTime(timezone=True)),
)
call_closings = sa.Table(
    "call_closing",
    metadata,
    sa.Column("call", sa.Text, primary_key=True),
    sa.Column("digests", ARRAY(sa.Text), nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("blind", sa.LargeBinary, nullable=False),
    sa.Column("commitment", sa.Text, nullable=False),
)
call_rankings = sa.Table(
    "call_ranking",
    metadata,
    sa.Column("call", sa.Text, primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, comment="1 is the first; a recomputation adds one"),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("inputs", JSONB, nullable=False),
    sa.Column("ranks", JSONB, nullable=False),
    sa.Column("signals", JSONB, nullable=False),
)

CALLS: Resource[Call] = Resource(
    name="calls",
    singular="call",
    title=Text("榜题", "Call"),
    table=_table,
    record=Call,
    machine=MACHINE,
    sight=sight,
    describe=lambda call: call.title,
    unlogged=frozenset({"nominees"}),
    hides_actors=True,  # public, and the last reviewer is the one who reveals the scores
    search=("title", "goal"),
    dates={
        "published_on": Text("发布日期", "Published on"),
        "closes_at": Text("截止时间", "Closes"),
        "awarded_on": Text("揭榜公布日期", "Awarded on"),
    },
    filters={
        "mode": Filter("mode", Text("组织方式", "Mode")),
        "programme": Filter("programme", Text("计划", "Programme")),
        "batch": Filter("batch", Text("榜单", "Batch")),
        "chain": Filter("chain", Text("产业链", "Chain")),
        "need": Filter("need", Text("技术需求", "Need")),
    },
    sorts=("created_at", "updated_at", "number"),
)
calls = Records(CALLS)
