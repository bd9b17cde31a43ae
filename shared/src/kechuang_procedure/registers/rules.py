"""What a service tells its registers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_procedure.registers.domain import RegisterKind
from kechuang_procedure.registers.schemas import RegisterCreate


@dataclass(frozen=True, slots=True)
class RegisterPlace:
    """Where a record belongs, and the pack that it is made under."""

    city: str
    division: str | None
    zones: Sequence[str]
    pack: str


@dataclass(frozen=True, slots=True)
class RegisterHost:
    """An organisation that may host records: its kind, and whether it was deregistered."""

    kind: str
    gone: bool


class RegisterRules(Protocol):
    """What a service tells its registers: the kinds of its packs, places, organisations, chains."""

    def kinds(self, unit: ReadUnit | UnitOfWork, city: str, on: date) -> Mapping[str, RegisterKind]:
        """The kinds by code that the city's pack declares for this service; refuses an unknown city."""

    def stamped_kinds(self, unit: ReadUnit | UnitOfWork, pack: str) -> Mapping[str, RegisterKind]:
        """The kinds by code under the pack version that a record was made under."""

    def dimensions(self, unit: ReadUnit) -> frozenset[str]:
        """All fields of all packs' kinds that counts may be split by."""

    async def locate(self, uow: UnitOfWork, body: RegisterCreate, host: str | None) -> RegisterPlace:
        """Where a record belongs: its host's place, or the one that the body names; refuses by field."""

    async def host(self, unit: ReadUnit | UnitOfWork, uscc: str) -> RegisterHost | None:
        """An organisation that may host a record, None when it is not registered."""

    def knows_chain(self, uow: UnitOfWork, city: str, chain: str) -> bool:
        """Whether the city's pack has the chain."""

    async def require_authority(self, uow: UnitOfWork, organisation: str) -> None:
        """Refuse a person who is not authorised to report for the organisation."""
