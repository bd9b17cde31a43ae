"""The members of an industry chain and its head or chain-master enterprises (链主企业) on a day."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from enterprise_registry.organisations.store import organisations
from enterprise_registry.registers.schemas import ChainHead, ChainMember
from enterprise_registry.registers.store import records
from kechuang.db.unit import ReadUnit
from kechuang_procedure.registers.domain import HELD_STATES

HEAD = "head"
"""The register of heads: kinds of this group mark an enterprise as head of the chain that they name."""


async def heads(unit: ReadUnit, city: str, chain: str, day: date) -> Sequence[ChainHead]:
    """Who heads the chain on the day."""
    table, last, firm = records.table, records.counting.last, organisations.table
    statement = (
        sa.select(
            table.c.id.label("record"), table.c.number, table.c.organisation, table.c.kind, table.c.valid_from,
            last.label("valid_to"), sa.func.coalesce(firm.c.name, table.c.title).label("name"),
        )
        .select_from(table.outerjoin(firm, firm.c.uscc == table.c.organisation))
        .where(
            records.records.visible(unit), table.c.register == HEAD, table.c.city == city,
            table.c.chain == chain, table.c.state.in_(HELD_STATES), table.c.valid_from <= day,
            sa.or_(last.is_(None), last >= day),
        )
        .order_by(table.c.valid_from, table.c.id)
    )  # fmt: skip
    return [ChainHead.model_validate(row._mapping) for row in await unit.execute(statement)]  # noqa: SLF001  the Row's accessor


async def members(
    unit: ReadUnit, city: str, chain: str, headed: frozenset[str], *, after: str, limit: int
) -> Sequence[ChainMember]:
    """A page of the organisations that are registered in the chain, in the order of ids."""
    firm = organisations.table
    statement = (
        sa.select(firm.c.id, firm.c.uscc, firm.c.name, firm.c.kind, firm.c.division)
        .where(
            organisations.visible(unit), firm.c.city == city, firm.c.chains.contains([chain]),
            firm.c.state != "deregistered", firm.c.id > after,
        )
        .order_by(firm.c.id)
        .limit(limit)
    )  # fmt: skip
    return [
        ChainMember.model_validate({**row._mapping, "head": row.uscc in headed})  # noqa: SLF001  the Row's accessor
        for row in await unit.execute(statement)
    ]
