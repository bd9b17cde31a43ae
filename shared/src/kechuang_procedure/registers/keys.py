"""One thing is recorded once at a time: the days of two records of one natural key never meet."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.records import Records
from kechuang.text import Text
from kechuang_procedure.registers.domain import OPEN_STATES, RegisterRecord, last_day, overlap


async def require_free(
    uow: UnitOfWork,
    records: Records[RegisterRecord],
    city: str,
    kind: str,
    stated: Mapping[str, Any],
    *,
    own: str | None,
) -> None:
    """Refuse days on which the same thing is recorded already, `own` aside: 409 `register_overlap`.

    Until the transaction ends, nobody else records under this key.
    """
    resource, key = records.resource, stated["natural_key"]
    lock = sa.func.hashtextextended(f"{resource.name}:{city}:{kind}:{key}", 0)
    await uow.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
    span = (stated["valid_from"], last_day(stated["valid_to"], stated.get("ended_on")))
    for each in await records.lookup(uow, city=city, kind=kind, natural_key=key):
        other = (each.valid_from, last_day(each.valid_to, each.ended_on))
        if each.id == own or each.state not in OPEN_STATES or not overlap(span, other):
            continue
        # The existing record is named to those who may see it; others learn the fact alone.
        seen = uow.permissions.permits(uow.actor, resource.action("read"), each.sight)
        reference = {"id": each.id, "number": each.number, "label": each.title}
        raise Conflict(
            Text(
                f"同一事项在 {other[0]} 起的有效期内已有记录，有效期不能重叠；请先终止或更正原记录。",
                f"The same thing is recorded from {other[0]} on; end or correct that record first.",
            ),
            code="register_overlap",
            extra={"existing": reference} if seen else {},
        )
