"""The store of one resource: every query is scoped to the actor, every change leaves its traces.

`create`, `load` + `change` are the only ways in which records come to be and change. A change locks the
row, raises its version, and collects history, feed, audit and work items in the unit of work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, Generic

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from kechuang.access import Actor
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, NotFound, NotPermitted
from kechuang.ids import new_id
from kechuang.resources import R, Resource
from kechuang.search import lexemes
from kechuang.states import Reason, Verb
from kechuang.text import Text
from kechuang.work_items import closed_in, opened_in

_OF_ONE = ("owner:", "party:", "person:", "self:")
_BOOKKEEPING = frozenset({"id", "version", "updated_at", "created_at", "sight", "handlers", "number"})


class Records(Generic[R]):
    """Scoped access to the records of one resource."""

    def __init__(self, resource: Resource[R]) -> None:
        self.resource = resource
        self.table = resource.table
        self._names = tuple(each.name for each in fields(resource.record))
        missing = set(self._names) - set(self.table.c.keys())
        if missing:
            raise ValueError(f"{resource.name}: the table lacks {sorted(missing)}")
        self.columns = [self.table.c[name] for name in self._names]
        self._by_id = sa.select(*self.columns).where(self.table.c.id == sa.bindparam("record_id"))
        in_sight = self.table.c.sight.bool_op("&&")(sa.bindparam("held", type_=ARRAY(sa.Text)))
        self._by_id_in_sight = self._by_id.where(in_sight)
        self.writable = {name for name in self._names if self.table.c[name].computed is None}
        if bool(resource.search) != ("search" in self.table.c):
            raise ValueError(
                f"{resource.name}: `search` of the resource, `searched` of its table: both or none"
            )
        self.insertion = sa.insert(self.table).values(self._parameters()).returning(self.table.c.number)

    def _parameters(self) -> dict[str, Any]:
        """What is inserted; the search column is made of the lexemes that are sent."""
        given: dict[str, Any] = {
            name: sa.bindparam(name, type_=self.table.c[name].type) for name in self.writable
        }
        if self.resource.search:
            given["search"] = sa.func.array_to_tsvector(sa.bindparam("search", type_=ARRAY(sa.Text)))
        return given

    # -- reading -------------------------------------------------------------------------------

    def visible(self, unit: ReadUnit | UnitOfWork, verb: str = "read") -> sa.ColumnElement[bool]:
        """The condition that keeps a query inside the actor's sight."""
        held = unit.permissions.tokens(unit.actor, self.resource.action(verb))
        if held is None:
            return sa.true()
        if not held:
            return sa.false()
        return self.table.c.sight.bool_op("&&")(sa.literal(sorted(held), ARRAY(sa.Text)))

    def is_sparse(self, unit: ReadUnit | UnitOfWork, verb: str = "read") -> bool:
        """Whether the actor sees only what is of an organisation or a person: few rows of any table."""
        held = unit.permissions.tokens(unit.actor, self.resource.action(verb))
        return bool(held) and all(each.startswith(_OF_ONE) for each in held or ())

    def row(self, row: Any) -> R:
        """Make a record of a row that selected `self.columns`."""
        return self.resource.record(**dict(zip(self._names, row, strict=True)))

    async def _one(self, unit: ReadUnit | UnitOfWork, record_id: str, *, lock: bool) -> R:
        """Run one of the two statements that are made once: building and keying them costs as much as they do."""
        held = unit.permissions.tokens(unit.actor, self.resource.action("read"))
        statement = self._by_id if held is None else self._by_id_in_sight
        values: dict[str, Any] = {"record_id": record_id}
        if held is not None:
            values["held"] = sorted(held)
        found = (await unit.execute(statement.with_for_update() if lock else statement, values)).first()
        if found is None:
            raise self.absent()
        return self.row(found)

    async def get(self, unit: ReadUnit | UnitOfWork, record_id: str) -> R:
        """Read one record within the actor's sight, or refuse as if it were absent."""
        return await self._one(unit, record_id, lock=False)

    async def load(self, uow: UnitOfWork, record_id: str, verb: str) -> R:
        """Lock one record in order to use `verb` on it.

        Refuses with 404 outside the actor's sight and with 403 where it is seen but the actor's roles
        do not reach it for this verb.
        """
        record = await self._one(uow, record_id, lock=True)
        self.require_permission(uow, verb, record)
        return record

    async def lookup(self, unit: ReadUnit | UnitOfWork, *, lock: bool = False, **equals: Any) -> list[R]:
        """Find records by column values for a rule's sake: not scoped, never for a route's answer."""
        statement = sa.select(*self.columns).where(
            *(self.table.c[name] == value for name, value in equals.items())
        )
        if lock:
            statement = statement.order_by(self.table.c.id).with_for_update()
        return [self.row(each) for each in await unit.execute(statement)]

    async def lookup_one(self, unit: ReadUnit | UnitOfWork, *, lock: bool = False, **equals: Any) -> R | None:
        """Find at most one record for a rule's sake: not scoped, never for a route's answer."""
        found = await self.lookup(unit, lock=lock, **equals)
        return found[0] if found else None

    def absent(self) -> NotFound:
        """Give the answer for absent and for hidden records alike."""
        title = self.resource.title
        return NotFound(Text(f"未找到该{title.zh}。", f"There is no such {title.en.lower()} for you."))

    # -- permission ----------------------------------------------------------------------------

    def require_permission(self, uow: ReadUnit | UnitOfWork, verb: str, record: R) -> None:
        """Refuse when the actor's roles do not reach this record for this verb."""
        if not uow.permissions.permits(uow.actor, self.resource.action(verb), record.sight):
            raise NotPermitted(
                Text(
                    "您的角色不能对该记录执行此操作。",
                    "Your roles do not reach this record for this operation.",
                ),
                extra={"action": self.resource.action(verb)},
            )

    def reasons(self, actor: Actor, verb: Verb, record: R) -> list[Reason]:
        """Say why a verb that the state allows is refused for this record and actor; empty if not."""
        found = [reason for guard in verb.guards for reason in guard(record)]
        if verb.not_by_handler and not actor.is_system and actor.subject in record.handlers:
            found.append(
                Reason(
                    "handler_does_not_decide",
                    Text(
                        "经办人不能审批自己经办的事项。",
                        "Who handled the matter does not decide it.",
                    ),
                )
            )
        return found

    # -- changing ------------------------------------------------------------------------------

    async def create(
        self, uow: UnitOfWork, *, verb: str = "create", record_id: str | None = None, **values: Any
    ) -> R:
        """Insert a record in its first state and collect its traces. Many at once: `kechuang.records_many`."""
        record = self.prepare(uow, verb=verb, record_id=record_id, **values)
        inserted = {name: getattr(record, name) for name in self.writable}
        if self.resource.search:
            inserted["search"] = self.lexemes(record)
        number = (await uow.execute(self.insertion, inserted)).scalar_one()
        record = replace(record, number=number)
        self.trace(uow, None, record, verb)
        return record

    def prepare(
        self, uow: UnitOfWork, *, verb: str = "create", record_id: str | None = None, **values: Any
    ) -> R:
        """Make a record in its first state without writing it; refuses what the actor may not make."""
        machine = self.resource.machine
        common: dict[str, Any] = {
            "id": record_id or new_id(),
            "number": "",
            "state": machine.initial,
            "version": 1,
            "city": None,
            "division": None,
            "zones": [],
            "organisation": None,
            "sight": [],
            "handlers": [],
            "external_ids": [],
            "pack": None,
            "created_at": uow.now,
            "updated_at": uow.now,
        }
        defaults = {name: None for name in self._names if name not in common}
        record = self.resource.record(**(defaults | common | values))
        record = replace(record, sight=sorted(set(self.resource.sight(record))))
        self.require_permission(uow, verb, record)
        return record

    async def change(
        self,
        uow: UnitOfWork,
        record: R,
        verb: str,
        *,
        to: str | None = None,
        implied: bool = False,
        **values: Any,
    ) -> R:
        """Move a locked record by `verb` (or change its fields), or refuse.

        Checks in this order: the state, `If-Match`, the guards. `to` chooses among several outcomes
        where the verb itself names none. `implied` is for a change that follows from an act on another
        record: the caller's `If-Match` was about that one.
        """
        found = self.resource.machine.require(verb, record.state)
        if not implied:
            uow.require_version(record.version, demanded=found.decides or verb == "update")
        reasons = self.reasons(uow.actor, found, record)
        if reasons:
            first = reasons[0]
            raise Conflict(
                first.detail,
                code=first.code,
                extra={"reasons": [{"code": each.code, "detail": each.detail.zh} for each in reasons]},
            )
        handlers = list(record.handlers)
        if found.handles and uow.actor.subject not in handlers:
            handlers.append(uow.actor.subject)
        changed = replace(
            record,
            **values,
            state=to or found.to or record.state,
            version=record.version + 1,
            handlers=handlers,
            updated_at=uow.now,
        )
        changed = replace(changed, sight=sorted(set(self.resource.sight(changed))))
        differing = {
            name: getattr(changed, name)
            for name in self.writable
            if getattr(changed, name) != getattr(record, name)
        }
        if not differing.keys().isdisjoint(self.resource.search):
            lexemes = sa.literal(self.lexemes(changed), ARRAY(sa.Text))
            differing["search"] = sa.func.array_to_tsvector(lexemes)
        await uow.execute(sa.update(self.table).where(self.table.c.id == record.id).values(differing))
        self.trace(uow, record, changed, verb)
        return changed

    def lexemes(self, record: R) -> list[str]:
        """Give what a record is found by."""
        title, *others = (getattr(record, name) for name in self.resource.search)
        texts = (each if isinstance(each, list | tuple) else (each,) for each in others)
        return lexemes(title, chain.from_iterable(texts))

    def trace(self, uow: UnitOfWork, before: R | None, after: R, verb: str) -> None:
        """Collect what a change leaves behind: history, feed, audit, work items."""
        changes: dict[str, Any] = {}
        for name in self._names:
            value = getattr(after, name)
            if name in _BOOKKEEPING or (before is not None and getattr(before, name) == value):
                continue
            if before is None and value in (None, [], ()):
                continue
            changes[name] = "***" if name in self.resource.unlogged else plain(value)
        uow.changed(
            self.resource.name,
            after.id,
            after.version,
            verb,
            from_state=before.state if before else None,
            to_state=after.state,
            changes=changes,
            sight=list(after.sight),
        )
        if self.resource.emits_work_items and (before is None or before.state != after.state):
            self._work_items(uow, before, after)

    def _work_items(self, uow: UnitOfWork, before: R | None, after: R) -> None:
        """Open and close what waits for somebody, as the state machine declares it."""
        machine, origin = self.resource.machine, uow.database.service.name
        for wait in machine.awaits:
            if before is not None and before.state == wait.state:
                closed = closed_in(origin)(
                    origin=origin,
                    resource=self.resource.name,
                    record=after.id,
                    number=after.number,
                    verb=wait.verb,
                )
                uow.emit(closed, aggregate=after.id, version=after.version)
            if after.state == wait.state:
                label = machine.verb(wait.verb).label
                opened = opened_in(origin)(
                    origin=origin,
                    resource=self.resource.name,
                    record=after.id,
                    number=after.number,
                    verb=wait.verb,
                    label=self.resource.describe(after),
                    verb_label_zh=label.zh,
                    verb_label_en=label.en,
                    sight=list(after.sight),
                    city=after.city,
                    due_on=(uow.today + timedelta(days=wait.days)) if wait.days else None,
                    opened_at=uow.now,
                )
                uow.emit(opened, aggregate=after.id, version=after.version)


def plain(value: Any) -> Any:
    """Make a value fit for JSON in history: instants and dates as text, sequences as lists."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return value
