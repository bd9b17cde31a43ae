"""What happened to an organisation, over all its records: from their history, newest first.

An item is there only when its record is within the reader's sight now, as if it were read alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.organisations.store import ORGANISATIONS
from kechuang.db.tables import history
from kechuang.db.unit import ReadUnit
from kechuang.http import paging
from kechuang.resources import Resource
from kechuang.text import Text

MOVES: Final = ("rename", "relocate", "classify")
"""What changes an organisation without changing its state."""
_BEGINNINGS: Final[Mapping[str, Text]] = {
    "create": Text("新建", "Created"),
    "import": Text("批量导入", "Imported"),
    "receive": Text("接收已核实数据", "Received as verified elsewhere"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of one record. `changes` are told of the organisation's own moves alone."""

    at: datetime
    resource: Resource[Any]
    record: Mapping[str, str]
    verb: str
    verb_label: Text
    from_state: str | None
    state: str
    state_label: Text
    changes: Mapping[str, Any]


async def timeline(
    unit: ReadUnit,
    organisation: Organisation,
    *,
    limit: int,
    cursor: str | None,
    resources: Sequence[str] = (),
) -> tuple[list[Happening], str | None]:
    """Give a page of what happened and the next cursor; `resources` narrows to some."""
    known = {each.name: each for each in unit.database.service.resources}
    mine = _records_of(unit, organisation.uscc, [known[name] for name in resources or known])
    binding = paging.binding_of(organisation.id, sorted(resources))
    told = sa.or_(
        history.c.from_state.is_distinct_from(history.c.to_state),
        sa.and_(history.c.resource == ORGANISATIONS.name, history.c.verb.in_(MOVES)),
    )
    statement = (
        sa.select(history)
        .join(mine, sa.and_(mine.c.id == history.c.record_id, mine.c.resource == history.c.resource))
        .where(told)
    )
    if cursor is not None:
        after = paging.decode(cursor, binding, history.c.seq)
        statement = statement.where(history.c.seq < after.value)
    rows = list(await unit.execute(statement.order_by(history.c.seq.desc()).limit(limit + 1)))
    page = rows[:limit]
    labels = await _labels(unit, known, page)
    following = paging.Cursor(page[-1].seq, "").encode(binding) if len(rows) > limit else None
    return [_happening(known[row.resource], row, labels[row.record_id]) for row in page], following


def _records_of(unit: ReadUnit, uscc: str, resources: Iterable[Resource[Any]]) -> sa.Subquery:
    """The records of an organisation that the reader may see, of several resources."""
    parts = []
    for each in resources:
        action = each.action("read")
        held = (
            unit.permissions.tokens(unit.actor, action)
            if unit.permissions.knows(action)
            else frozenset[str]()
        )
        if held is not None and not held:
            continue
        table = each.table
        part = sa.select(table.c.id, sa.literal(each.name).label("resource")).where(
            table.c.organisation == uscc
        )
        if held is not None:
            part = part.where(table.c.sight.bool_op("&&")(sa.literal(sorted(held), ARRAY(sa.Text))))
        parts.append(part)
    nothing = sa.select(history.c.record_id.label("id"), history.c.resource).where(sa.false())
    return sa.union_all(*(parts or [nothing])).subquery("mine")


async def _labels(
    unit: ReadUnit, known: Mapping[str, Resource[Any]], page: Sequence[Any]
) -> dict[str, dict[str, str]]:
    """References to the records of a page: one query a resource."""
    wanted: dict[str, set[str]] = {}
    for row in page:
        wanted.setdefault(row.resource, set()).add(row.record_id)
    found: dict[str, dict[str, str]] = {}
    for name, ids in wanted.items():
        resource = known[name]
        fields = resource.record.__dataclass_fields__
        rows = await unit.execute(
            sa.select(*(resource.table.c[field] for field in fields)).where(
                resource.table.c.id == sa.any_(sa.literal(sorted(ids), ARRAY(sa.Text)))
            )
        )
        for row in rows:
            record = resource.record(**dict(zip(fields, row, strict=True)))
            found[record.id] = {"id": record.id, "number": record.number, "label": resource.describe(record)}
    return found


def _happening(resource: Resource[Any], row: Any, record: Mapping[str, str]) -> Happening:
    labels = {**_BEGINNINGS} | {each.name: each.label for each in resource.machine.verbs}
    own = resource.name == ORGANISATIONS.name and row.verb in MOVES
    return Happening(
        at=row.at, resource=resource, record=record, verb=row.verb,
        verb_label=labels.get(row.verb, Text(row.verb, row.verb)),
        from_state=row.from_state, state=row.to_state,
        state_label=resource.machine.states.get(row.to_state, Text(row.to_state, row.to_state)),
        changes=row.changes if own else {},
    )  # fmt: skip
