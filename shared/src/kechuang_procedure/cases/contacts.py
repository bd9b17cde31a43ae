"""Contacts (走访联系): logged once where the kind says so, with what each led to; coverage is always a recount."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, FieldError, invalid
from kechuang.http import paging
from kechuang.ids import new_id
from kechuang.text import Text
from kechuang_procedure.cases.domain import Case
from kechuang_procedure.cases.schemas import CaseContactCreate
from kechuang_procedure.cases.store import row_values
from kechuang_procedure.parties import Parties


class Contacts:
    """The contacts of one service's cases."""

    def __init__(self, table: sa.Table, parties: Parties) -> None:
        self.table = table
        self._party = parties.table

    async def log(
        self, uow: UnitOfWork, case: Case, body: CaseContactCreate, led_to: Sequence[dict[str, Any]]
    ) -> bool:
        """Log a contact that has no faults; True when it is the first with the organisation. The case is locked.

        Raises Conflict `already_contacted` with the earlier one where each is contacted once.
        """
        organisation = body.organisation or case.organisation or ""
        on = body.on or uow.today
        contact_id = new_id()
        known = (await uow.execute(self._of(case.id, organisation).limit(1))).first()
        statement = insert(self.table).values(
            id=contact_id, case=case.id, once=organisation if case.contacts == "once_each" else contact_id,
            organisation=organisation, on=on, way=body.way, summary=body.summary, subject=uow.actor.subject,
            unit=uow.actor.unit, led_to=list(led_to), logged_at=uow.now,
        )  # fmt: skip
        made = await uow.execute(statement.on_conflict_do_nothing().returning(self.table.c.id))
        if made.first() is None:
            raise Conflict(
                Text(f"该单位已于 {known.on} 联系登记，每家只登记一次；可补充登记成效。" if known else "已登记。",
                     "The organisation was contacted already; say with `link-contact` what it led to."),
                code="already_contacted",
                extra={"existing": {"id": known.id, "on": str(known.on)}} if known else {},
            )  # fmt: skip
        return known is None

    async def link(
        self, uow: UnitOfWork, case: Case, contact_id: str, led_to: Sequence[dict[str, Any]]
    ) -> None:
        """Add what a contact led to; a record that is there already is not added again."""
        table = self.table
        found = (
            await uow.execute(
                sa.select(table).where(table.c.case == case.id, table.c.id == contact_id).with_for_update()
            )
        ).first()
        if found is None:
            raise self._unknown()
        there = {(each["resource"], each["id"]) for each in found.led_to}
        new = [each for each in led_to if (each["resource"], each["id"]) not in there]
        await uow.execute(
            sa.update(table).where(table.c.id == contact_id).values(led_to=[*found.led_to, *new])
        )

    async def organisation(self, uow: UnitOfWork, case: Case, contact_id: str) -> str:
        """Give whom a contact was with, or refuse the field that names it."""
        table = self.table
        found = await uow.execute(
            sa.select(table.c.organisation).where(table.c.case == case.id, table.c.id == contact_id)
        )
        organisation: str | None = found.scalar()
        if organisation is None:
            raise self._unknown()
        return organisation

    @staticmethod
    def _unknown() -> Exception:
        return invalid(
            "/contact", "contact_unknown", "该事项没有这条联系记录。", "The case has no such contact."
        )

    def _of(self, case_id: str, organisation: str) -> sa.Select[Any]:
        table = self.table
        return sa.select(table.c.id, table.c.on).where(
            table.c.case == case_id, table.c.organisation == organisation
        )

    # -- reading -------------------------------------------------------------------------------

    async def page(
        self, unit: ReadUnit, case: Case, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Give the contacts, oldest first."""
        table, party = self.table, self._party
        statement = (
            sa.select(table, party.c.title)
            .select_from(table.outerjoin(party, party.c.uscc == table.c.organisation))
            .where(table.c.case == case.id)
        )
        if cursor is not None:
            statement = statement.where(table.c.id > _after(cursor, case.id))
        rows = list(await unit.execute(statement.order_by(table.c.id).limit(limit + 1)))
        return _cut([row_values(each) for each in rows], limit, "id", case.id)

    async def targets(
        self, unit: ReadUnit, case: Case, *, contacted: bool | None, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Give the targets by credit code, those contacted or those not yet, or all."""
        listed, party = self._listed(case), self._party
        reached = self._reached(case, listed.c.uscc)
        statement = sa.select(
            listed.c.uscc.label("organisation"), party.c.title, party.c.division, reached.label("contacted")
        ).select_from(listed.outerjoin(party, party.c.uscc == listed.c.uscc))
        if contacted is not None:
            statement = statement.where(reached if contacted else sa.not_(reached))
        if cursor is not None:
            statement = statement.where(listed.c.uscc > _after(cursor, case.id))
        rows = list(await unit.execute(statement.order_by(listed.c.uscc).limit(limit + 1)))
        return _cut([row_values(each) for each in rows], limit, "organisation", case.id)

    async def coverage(self, unit: ReadUnit, case: Case) -> dict[str, Any]:
        """Count targets and contacts by county, and what the contacts led to."""
        listed, party, table = self._listed(case), self._party, self.table
        reached = self._reached(case, listed.c.uscc)
        by_division = (
            sa.select(
                party.c.division,
                sa.func.count().label("targets"),
                sa.func.count().filter(reached).label("contacted"),
            )
            .select_from(listed.outerjoin(party, party.c.uscc == listed.c.uscc))
            .group_by(party.c.division)
            .order_by(party.c.division)
        )
        divisions = [row_values(each) for each in await unit.execute(by_division)]
        led = sa.func.jsonb_array_elements(table.c.led_to).table_valued("entry").render_derived("led")
        resource = led.c.entry.op("->>")("resource")
        by_outcome = (
            sa.select(
                resource.label("resource"),
                sa.func.count(sa.distinct(table.c.id)).label("contacts"),
                sa.func.count(sa.distinct(led.c.entry.op("->>")("id"))).label("records"),
            )
            .select_from(table.join(led, sa.true()))
            .where(table.c.case == case.id)
            .group_by(resource)
            .order_by(resource)
        )
        outcomes = [row_values(each) for each in await unit.execute(by_outcome)]
        counted = (
            await unit.execute(
                sa.select(
                    sa.func.count().label("contacts"),
                    sa.func.count().filter(sa.func.jsonb_array_length(table.c.led_to) > 0).label("led"),
                ).where(table.c.case == case.id)
            )
        ).one()
        targets = sum(each["targets"] for each in divisions)
        contacted = sum(each["contacted"] for each in divisions)
        # Per mille by integers, rounded half up: 2 of 3 is 66.7.
        permille = (contacted * 2000 + targets) // (2 * targets) if targets else None
        return {
            "targets": targets,
            "contacted": contacted,
            "percent": None if permille is None else f"{permille // 10}.{permille % 10}",
            "contacts": counted.contacts,
            "led_somewhere": counted.led,
            "by_division": divisions,
            "led_to": outcomes,
        }

    @staticmethod
    def _listed(case: Case) -> Any:
        targets = list(case.targets) or ([case.organisation] if case.organisation else [])
        return (
            sa.func.unnest(sa.literal(targets, ARRAY(sa.Text))).table_valued("uscc").render_derived("listed")
        )

    def _reached(self, case: Case, uscc: Any) -> sa.ColumnElement[bool]:
        table = self.table
        return sa.exists().where(table.c.case == case.id, table.c.organisation == uscc)


def contact_faults(case: Case, body: CaseContactCreate, today: date) -> list[FieldError]:
    """Give what is wrong with a contact, all at once: with whom it was, and when."""
    organisation, found = body.organisation or case.organisation, []
    if organisation is None:
        text = Text("请指明联系的单位。", "Name the organisation that was contacted.")
        found.append(FieldError("/organisation", "missing", text))
    elif case.organisation is None and organisation not in case.targets:
        text = Text("该单位不在本次行动的对象名单中，请先增加对象。",
                    "The organisation is none of the targets; add it first.")  # fmt: skip
        found.append(FieldError("/organisation", "not_a_target", text))
    elif case.organisation is not None and organisation != case.organisation:
        text = Text("该事项针对另一家单位。", "The case is about another one.")
        found.append(FieldError("/organisation", "other_organisation", text))
    if body.on is not None and body.on > today:
        text = Text("联系日期不能晚于今天。", "A contact lies in the past.")
        found.append(FieldError("/on", "in_future", text))
    return found


_KEY = sa.Column("key", sa.Text)


def _after(cursor: str, case_id: str) -> str:
    return str(paging.decode(cursor, paging.binding_of(case_id), _KEY).value)


def _cut(
    rows: list[dict[str, Any]], limit: int, key: str, case_id: str
) -> tuple[list[dict[str, Any]], str | None]:
    if len(rows) <= limit:
        return rows, None
    last = str(rows[limit - 1][key])
    return rows[:limit], paging.Cursor(last, last).encode(paging.binding_of(case_id))
