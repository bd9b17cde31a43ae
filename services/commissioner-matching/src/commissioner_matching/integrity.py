"""Integrity records in force (科研失信): no dispatch and no review meanwhile."""

from collections.abc import Collection
from datetime import date

from commissioner_matching.metadata import metadata
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_procedure.sanctions import Sanctions

sanctions = Sanctions(metadata)


async def barred(unit: ReadUnit | UnitOfWork, subjects: Collection[str], on: date) -> dict[str, str]:
    """Give those of the persons and organisations against whom a record is in force: subject → record."""
    found = await sanctions.in_force(unit, subjects, on)
    return {subject: each.record for subject, each in found.items()}
