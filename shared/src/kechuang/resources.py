"""What a resource is: its table, its record type, its states, its sight.

A feature declares one `Resource`; the store (`kechuang.records`), the HTTP edge
(`kechuang.http.resource`), the change feed and the permission test all read it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from kechuang.states import Machine
from kechuang.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The fields that every record has; a feature's record adds its own.

    `division` is the one county-level area (or the city itself, or `outside`), `zones` are overlays.
    `sight` says who may see it (`kechuang.access`), `handlers` who handled it so far.
    """

    id: str
    number: str
    state: str
    version: int
    city: str | None
    division: str | None
    zones: Sequence[str]
    organisation: str | None
    sight: Sequence[str]
    handlers: Sequence[str]
    external_ids: Sequence[Mapping[str, str]]
    pack: str | None
    created_at: datetime
    updated_at: datetime


R = TypeVar("R", bound=Record)


def record_columns(prefix: str, *, numbered: bool = True) -> list[Any]:
    """Columns and indexes that every record's table begins with.

    `number` is made by the database from an identity column (`TN-2024-000123`): no counter row that
    creators would queue on; gaps are harmless. With `numbered=False` the use case gives it (a bid's
    number must not tell how many bids there are).
    """
    number: list[Any] = (
        [
            sa.Column("serial", sa.BigInteger, sa.Identity(always=True), nullable=False),
            sa.Column(
                "number",
                sa.Text,
                sa.Computed(
                    f"'{prefix}-' || extract(year from timezone('Asia/Shanghai', created_at))::int::text"
                    " || '-' || lpad(serial::text, greatest(6, length(serial::text)), '0')",
                    persisted=True,
                ),
                nullable=False,
                unique=True,
            ),
        ]
        if numbered
        else [sa.Column("number", sa.Text, nullable=False, unique=True)]
    )
    return [
        sa.Column("id", sa.Text, primary_key=True),
        *number,
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("city", sa.Text),
        sa.Column("division", sa.Text),
        sa.Column("zones", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("organisation", sa.Text),
        sa.Column("sight", ARRAY(sa.Text), nullable=False),
        sa.Column("handlers", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("external_ids", JSONB, nullable=False, server_default="[]"),
        sa.Column("pack", sa.Text, comment="policy pack and version this record was made under"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]


def record_table(
    name: str,
    metadata: sa.MetaData,
    prefix: str,
    *columns: Any,
    numbered: bool = True,
    searched: bool = False,
) -> sa.Table:
    """Declare a record's table: common columns, the feature's own, and the indexes lists need.

    `searched` adds the column of `kechuang.search`, which the store keeps; the resource names what goes into it.
    """
    lexemes: list[Any] = (
        [
            sa.Column("search", TSVECTOR, nullable=False, server_default=""),
            sa.Index(f"{name}_search", "search", postgresql_using="gin"),
        ]
        if searched
        else []
    )
    return sa.Table(
        name,
        metadata,
        *record_columns(prefix, numbered=numbered),
        *columns,
        *lexemes,
        sa.Index(f"{name}_sight", "sight", postgresql_using="gin"),
        sa.Index(f"{name}_created", "created_at", "id"),
        sa.Index(
            f"{name}_organisation", "organisation", postgresql_where=sa.text("organisation IS NOT NULL")
        ),
    )


@dataclass(frozen=True)
class Filter:
    """A list's own query parameter: equality with a column, or membership of an array column.

    A mark that depends on the day (`expiring`) gives its `condition` of one value and today instead; such a
    filter is never counted by as a facet.
    """

    column: str
    title: Text
    many: bool = True
    array: bool = False
    condition: Callable[[str, date], sa.ColumnElement[bool]] | None = None


@dataclass(frozen=True)
class Resource(Generic[R]):
    """One resource of the API.

    `dates` names date or instant columns by which a list takes `?<column>_from=` and `_to=`; like `filters`,
    none whose value some readers may not see. `search` names the text columns that `?q=` looks through, the
    title first; the table is declared `searched`.
    `unlogged` columns never reach history or feeds (personal, sealed, or large content): history says
    only that they changed. `hides_actors` keeps from a record's history who acted, but for the reader's own
    acts: a reviewer or an asker must not be found there (the audit log knows them).
    """

    name: str
    singular: str
    title: Text
    table: sa.Table
    record: type[R]
    machine: Machine
    sight: Callable[[R], Iterable[str]]
    describe: Callable[[R], str]
    unlogged: frozenset[str] = frozenset()
    search: tuple[str, ...] = ()
    filters: Mapping[str, Filter] = field(default_factory=dict)
    dates: Mapping[str, Text] = field(default_factory=dict)
    sorts: tuple[str, ...] = ("created_at", "updated_at", "number")
    emits_work_items: bool = True
    hides_actors: bool = False

    def action(self, verb: str) -> str:
        """Name the permission of a verb."""
        return f"{self.name}:{verb}"
