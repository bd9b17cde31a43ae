"""Integrity records in force (科研失信): no recognition and no benefit meanwhile."""

from enterprise_registry.metadata import metadata
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text
from kechuang_procedure.sanctions import Sanction, Sanctions

sanctions = Sanctions(metadata)


async def sanction(unit: ReadUnit | UnitOfWork, uscc: str) -> Sanction | None:
    """Give the record in force against an organisation today; None where there is none."""
    return (await sanctions.in_force(unit, [uscc], unit.today)).get(uscc)


async def require_no_sanction(uow: UnitOfWork, uscc: str) -> None:
    """Refuse while an integrity record of the organisation is in force."""
    found = await sanction(uow, uscc)
    if found is not None:
        raise Conflict(
            Text(
                "该单位有生效中的科研失信处理，期间不予认定和奖补。",
                "An integrity record of the organisation is in force; no recognition or benefit meanwhile.",
            ),
            code="integrity_record_in_force",
            extra={"until": found.valid_to.isoformat() if found.valid_to else None},
        )
