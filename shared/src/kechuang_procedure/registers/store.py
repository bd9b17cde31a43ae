"""The table of a service's register records, and the resource made of it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from kechuang_procedure.registers.domain import RegisterRecord, machine, sight


def resource_of(
    metadata: sa.MetaData, *, resource: str, singular: str, table: str, prefix: str, title: Text
) -> Resource[RegisterRecord]:
    """Declare the table and the resource of one service."""
    return Resource(
        name=resource,
        singular=singular,
        title=title,
        table=record_table(table, metadata, prefix, *_columns(table), searched=True),
        record=RegisterRecord,
        machine=machine(resource),
        sight=sight,
        describe=lambda record: record.title,
        search=("title", "document_no"),
        filters={
            "register": Filter("register", Text("名册", "Register")),
            "kind": Filter("kind", Text("类别", "Kind")),
            "level": Filter("level", Text("级别", "Level")),
            "chain": Filter("chain", Text("产业链", "Chain")),
            "parent": Filter("parent", Text("上级记录", "Parent record")),
            "standing": Filter("standing", Text("计数方式", "How it counts")),
            "city": Filter("city", Text("城市", "City")),
        },
        dates={"valid_from": Text("有效期起", "Valid from"), "valid_to": Text("有效期止", "Valid to")},
        sorts=("created_at", "updated_at", "number", "valid_from"),
    )


def _columns(table: str) -> list[Any]:
    return [
        sa.Column("register", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("level", sa.Text),
        sa.Column("parent", sa.Text, index=True),
        sa.Column("chain", sa.Text),
        sa.Column("reporter", sa.Text),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date, comment="last day by its validity"),
        sa.Column("ended_on", sa.Date, comment="last day on which it held, when it ended"),
        sa.Column("outcome", sa.Text),
        sa.Column("fields", JSONB, nullable=False, server_default="{}"),
        sa.Column("evidence", JSONB, nullable=False, server_default="[]"),
        sa.Column("document_no", sa.Text),
        sa.Column("natural_key", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("supersedes", sa.Text),
        sa.Column("superseded_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Index(f"{table}_natural", "city", "kind", "natural_key"),
        sa.Index(f"{table}_stock", "city", "kind", "level", "valid_from"),
    ]
