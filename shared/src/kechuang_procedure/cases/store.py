"""The tables of cases and of their contacts, and records that tell for whom they wait."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang.access import Actor
from kechuang.db.unit import UnitOfWork
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.states import Reason, Verb
from kechuang.text import Text
from kechuang_procedure.cases.domain import LIVE, Case, machine, reasons_for, sight
from kechuang_procedure.cases.due import waits
from kechuang_procedure.waiting import follow

_QUEUE = (
    "CASE WHEN fast_lane_reason IS NULL THEN 1000000 ELSE 0 END"
    " + COALESCE(next_due_on - DATE '2000-01-01', 500000)"
)
_LIVE = "state IN ({})".format(", ".join(f"'{each}'" for each in LIVE))


def case_table(name: str, metadata: sa.MetaData, prefix: str) -> sa.Table:
    """Declare the table of cases."""
    return record_table(
        name,
        metadata,
        prefix,
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("action", sa.Text),
        sa.Column("confirmed_by", sa.Text, nullable=False),
        sa.Column("exclusive", sa.Boolean, nullable=False),
        sa.Column("contacts", sa.Text, nullable=False),
        sa.Column("owner_person", sa.Text),
        sa.Column("owner_unit", sa.Text),
        sa.Column("owner_post", sa.Text),
        sa.Column("due_on", sa.Date),
        sa.Column("stage_due_on", sa.Date),
        sa.Column("next_due_on", sa.Date),
        sa.Column("overdue_since", sa.Date),
        sa.Column("steps", JSONB, nullable=False),
        sa.Column("targets", ARRAY(sa.Text), nullable=False),
        sa.Column("contacted", sa.Integer, nullable=False),
        sa.Column("followers", ARRAY(sa.Text), nullable=False),
        sa.Column("escalations", JSONB, nullable=False),
        sa.Column("evidence", JSONB, nullable=False),
        sa.Column("basis", ARRAY(sa.Text), nullable=False),
        sa.Column("warnings", JSONB, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("satisfaction", sa.Integer),
        sa.Column("fast_lane_reason", sa.Text),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("resolved_on", sa.Date),
        # Fast lane first, then by due day; what has none comes last.
        sa.Column("queue", sa.Integer, sa.Computed(_QUEUE, persisted=True), nullable=False),
        # As text, so that a list is filtered by `overdue=true`.
        sa.Column("overdue", sa.Text, sa.Computed(
            "CASE WHEN overdue_since IS NULL THEN 'false' ELSE 'true' END", persisted=True), nullable=False),
        sa.Column("fast_lane", sa.Text, sa.Computed(
            "CASE WHEN fast_lane_reason IS NULL THEN 'false' ELSE 'true' END", persisted=True), nullable=False),
        # One live case of an exclusive kind an organisation, however many officers open one at once.
        sa.Index(f"{name}_exclusive", "organisation", "kind", unique=True,
                 postgresql_where=sa.text(f"exclusive AND {_LIVE}")),
        sa.Index(f"{name}_queue", "queue", "id"),
        sa.Index(f"{name}_owner", "owner_person", "owner_unit"),
        searched=True,
    )  # fmt: skip


def contact_table(name: str, cases: sa.Table, metadata: sa.MetaData) -> sa.Table:
    """Declare the table of contacts; `once` is the organisation where each is contacted once, else the id."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("case", sa.Text, sa.ForeignKey(cases.c.id), nullable=False),
        sa.Column("once", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("led_to", JSONB, nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index(f"{name}_once", "case", "once", unique=True),
        sa.Index(f"{name}_case", "case", "id"),
    )


def case_resource(resource: str, singular: str, table: sa.Table, title: Text) -> Resource[Case]:
    """Declare the resource; its work items follow its owner and days (`CaseRecords`)."""
    return Resource(
        name=resource,
        singular=singular,
        title=title,
        table=table,
        record=Case,
        machine=machine(resource),
        sight=sight,
        describe=lambda case: case.title,
        # Long, or recomputed: history says that they changed, `/targets` and the day say how.
        unlogged=frozenset({"targets"}),
        search=("title",),
        filters={
            "kind": Filter("kind", Text("类别", "Kind")),
            "owner_person": Filter("owner_person", Text("承办人", "Owner, a person")),
            "owner_unit": Filter("owner_unit", Text("承办单位", "Owner, a unit")),
            "action": Filter("action", Text("动作或服务事项", "Action")),
            "overdue": Filter("overdue", Text("是否逾期（true、false）", "Overdue (true, false)")),
            "fast_lane": Filter("fast_lane", Text("是否绿色通道（true、false）", "Fast lane (true, false)")),
        },
        sorts=("created_at", "updated_at", "number", "queue"),
        emits_work_items=False,
    )


class CaseRecords(Records[Case]):
    """Cases: who may act depends on whom they serve, and work items go to the owner with the case's days."""

    def reasons(self, actor: Actor, verb: Verb, record: Case) -> list[Reason]:
        """Say why a verb that the state allows is refused for this case and actor."""
        return [*reasons_for(record, verb.name, actor), *super().reasons(actor, verb, record)]

    def trace(self, uow: UnitOfWork, before: Case | None, after: Case, verb: str) -> None:
        super().trace(uow, before, after, verb)
        follow(uow, self.resource, after, waits(before) if before is not None else {}, waits(after))


def row_values(row: Any) -> dict[str, Any]:
    """Give a row as a dictionary."""
    return dict(row._mapping)  # noqa: SLF001  the Row's documented accessor
