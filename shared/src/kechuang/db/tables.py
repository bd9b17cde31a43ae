"""The side tables that every service's database has.

A change of a record writes into these in the record's own transaction, all in one statement
(`kechuang.db.unit`). Rows that others read in order carry an identity `seq`, given while the
aggregate's lock is held, and a `position` that the sealer gives after commit
(`kechuang.messaging.sealer`): readers compare positions, never `seq`, so that a transaction which
commits late is not skipped.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

metadata = sa.MetaData()

_instant = sa.DateTime(timezone=True)
_position_sequence = "kechuang_position"
position_sequence = sa.Sequence(_position_sequence, metadata=metadata)


def _unsealed(name: str) -> sa.Index:
    """The sealer's work list: a partial index that is empty most of the time."""
    return sa.Index(f"{name}_unsealed", "seq", postgresql_where=sa.text("position IS NULL"))


outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("position", sa.BigInteger),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, comment="NATS subject"),
    sa.Column("aggregate", sa.Text, nullable=False),
    sa.Column("aggregate_version", sa.Integer, nullable=False),
    sa.Column("envelope", JSONB, nullable=False, comment="CloudEvents 1.0, structured"),
    sa.Column("parked_at", _instant, comment="the broker refused it for good; see parked_reason"),
    sa.Column("parked_reason", sa.Text),
    _unsealed("outbox"),
    sa.Index("outbox_position", "position", unique=True),
)

relay_cursor = sa.Table(
    "relay_cursor",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False, server_default="0"),
)

history = sa.Table(
    "history",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("at", _instant, nullable=False, comment="business clock"),
    sa.Column("subject", sa.Text, nullable=False, comment="token subject, or the service itself"),
    sa.Column("person", sa.Text),
    sa.Column("organisation", sa.Text),
    sa.Column("roles", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("changes", JSONB, nullable=False, server_default="{}"),
    sa.Column("note", sa.Text),
    sa.Index("history_record", "record_id", "seq"),
)

feed = sa.Table(
    "feed",
    metadata,
    # One row a record: the last change's place in the sealed order.
    sa.Column("resource", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column(
        "seq",
        sa.BigInteger,
        sa.Sequence("feed_seq", metadata=metadata),
        nullable=False,
        server_default=sa.text("nextval('feed_seq')"),
    ),
    sa.Column("position", sa.BigInteger),
    sa.Column(
        "ever_sight",
        ARRAY(sa.Text),
        nullable=False,
        comment="everybody who could see it at any time, so that they hear of its removal",
    ),
    _unsealed("feed"),
    sa.Index("feed_position", "resource", "position"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("position", sa.BigInteger),
    sa.Column("at", _instant, nullable=False, comment="real clock"),
    sa.Column("business_at", _instant, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("person", sa.Text),
    sa.Column("organisation", sa.Text),
    sa.Column("roles", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("client", sa.Text),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("resource", sa.Text),
    sa.Column("record_id", sa.Text),
    sa.Column("version", sa.Integer),
    sa.Column("outcome", sa.Text, nullable=False, comment="done, refused:<code>"),
    sa.Column("reason", sa.Text),
    sa.Column("request_id", sa.Text),
    sa.Column("digest", sa.Text, comment="SHA-256 of the canonical changes"),
    _unsealed("audit"),
    sa.Index("audit_position", "position", unique=True),
    sa.Index("audit_record", "record_id", "seq"),
)

audit_batch = sa.Table(
    "audit_batch",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("first_position", sa.BigInteger, nullable=False),
    sa.Column("last_position", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("previous_root", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("leaves", BYTEA, nullable=False, comment="32 bytes a row: names the row that was changed"),
    sa.Column("signature", sa.Text, nullable=False),
    sa.Column("closed_at", _instant, nullable=False),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("operation", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, comment="of path, query and body"),
    sa.Column("status", sa.Integer),
    sa.Column("headers", JSONB),
    sa.Column("answer", BYTEA),
    sa.Column("created_at", _instant, nullable=False, comment="real clock; swept after the retention"),
    sa.Index("idempotency_created", "created_at"),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("consumer", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("handled_at", _instant, nullable=False),
)

timer = sa.Table(
    "timer",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("due_at", _instant, nullable=False, comment="business clock"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("set_for_version", sa.Integer, nullable=False),
    sa.Column("payload", JSONB, nullable=False, server_default="{}"),
    sa.Column("fired_at", _instant),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("not_before", _instant, comment="real clock; back-off after a failure"),
    sa.Column("error", sa.Text),
    sa.UniqueConstraint("kind", "record_id", "due_at"),
    sa.Index("timer_due", "due_at", postgresql_where=sa.text("fired_at IS NULL")),
    sa.Index("timer_record", "record_id", "due_at", postgresql_where=sa.text("fired_at IS NULL")),
)

clock_offset = sa.Table(
    "clock_offset",
    metadata,
    sa.Column("single", sa.Boolean, sa.CheckConstraint("single"), primary_key=True, server_default="true"),
    sa.Column("seconds", sa.BigInteger, nullable=False),
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, comment="running, succeeded, failed, cancelled"),
    sa.Column("resource", sa.Text),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("actor", JSONB, nullable=False, comment="on whose behalf the chunks run"),
    sa.Column("sight", ARRAY(sa.Text), nullable=False),
    sa.Column("input", JSONB, nullable=False, server_default="{}"),
    sa.Column("result", JSONB),
    sa.Column("error", sa.Text, comment="kind, code and place; never the message of a database"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0", comment="of the finish"),
    sa.Column("not_before", _instant, comment="real clock; back-off of the finish"),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancel_requested_at", _instant),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("finished_at", _instant),
    sa.Index("job_running", "created_at", postgresql_where=sa.text("state = 'running'")),
)

chunk = sa.Table(
    "chunk",
    metadata,
    sa.Column("job", sa.Text, sa.ForeignKey("job.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("args", JSONB, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("lease_until", _instant, comment="real clock"),
    sa.Column("done_at", _instant),
    sa.Column("result", JSONB),
    sa.Column("error", sa.Text),
    sa.Index("chunk_open", "job", "n", postgresql_where=sa.text("done_at IS NULL")),
)

import_row = sa.Table(
    "import_row",
    metadata,
    sa.Column("job", sa.Text, sa.ForeignKey("job.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("cells", JSONB, nullable=False, comment="values by column, as the API takes them"),
    sa.Column("errors", JSONB, nullable=False, server_default="[]"),
    sa.Column("outcome", sa.Text, comment="created, superseded, skipped, refused"),
    sa.Column("record_id", sa.Text),
)

file = sa.Table(
    "file",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False, comment="quarantined, clean, refused, attached, expired"),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False, comment="in the object store"),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("organisation", sa.Text),
    sa.Column("created_at", _instant, nullable=False),
    sa.Index("file_record", "record_id"),
)

personal_key = sa.Table(
    "personal_key",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("field_group", sa.Text, primary_key=True),
    sa.Column("wrapped", BYTEA, comment="data key under the master key; NULL once destroyed"),
    sa.Column("destroyed_at", _instant),
)
