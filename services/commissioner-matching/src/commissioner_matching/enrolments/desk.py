"""What can be done with an enrolment of either kind: one method per intention."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

from commissioner_matching.enrolments.domain import ENDED, Enrolment, months_later
from commissioner_matching.locks import hold
from commissioner_matching.metadata import parties
from commissioner_matching.persons.use_cases import require_person
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.records import Records
from kechuang.text import Text

E = TypeVar("E", bound=Enrolment)
_WARNED_MONTHS = 12  # product default where a programme says nothing


async def _nothing(uow: UnitOfWork, enrolment: Any, outcome: str) -> None:
    """An enrolment whose changes nobody needs to hear of."""


def _refuse_open(other: Enrolment) -> None:
    if other.state not in ENDED:
        raise Conflict(
            Text(
                f"该人员已登记（{other.number}）。",
                f"The person is enrolled already ({other.number}).",
            ),
            code="enrolled_already",
        )


def _refuse_cooling(earlier: Enrolment, today: date) -> None:
    if earlier.is_cooling(today):
        raise Conflict(
            Text(
                f"冷却期至 {earlier.cooling_until}，期满后方可重新申请。",
                f"The cooling period lasts until {earlier.cooling_until}.",
            ),
            code="cooling",
            extra={"until": str(earlier.cooling_until)},
        )


class Desk(Generic[E]):
    """The verbs of one kind. `announce(uow, enrolment, outcome)` is called with `active`, `suspended`, `exited`.

    `rules(uow, enrolment)` gives (months of a warning, months of cooling) or None for either. `once_in` names the
    fields within which a person has one open enrolment at most, as the table's unique index does.
    """

    def __init__(
        self,
        records: Records[E],
        *,
        once_in: Sequence[str],
        announce: Callable[[UnitOfWork, E, str], Awaitable[None]] = _nothing,
        rules: Callable[[UnitOfWork, E], tuple[int | None, int | None]] = lambda *_: (None, None),
    ) -> None:
        self.records = records
        self._once_in = once_in
        self._announce = announce
        self._rules = rules

    async def enrol(self, uow: UnitOfWork, values: dict[str, Any]) -> E:
        """Enrol a person who has no open enrolment of this kind and is not cooling off from an earlier one."""
        person = await require_person(uow, values["person"], "/person")
        if values.get("organisation"):
            await parties.require_active(uow, values["organisation"], "/organisation")
        same = {name: values[name] for name in self._once_in}
        for other in await self._held_by(uow, person.id, same):
            _refuse_open(other)
            _refuse_cooling(other, uow.today)
        values["division"] = values.get("division") or values["city"]
        label = f"{person.name_masked} {person.employer}"
        return await self.records.create(uow, **values, label=label)

    async def change(self, uow: UnitOfWork, record_id: str, values: dict[str, Any]) -> E:
        """Change what may be changed without a new verification."""
        return await self.records.change(
            uow, await self.records.load(uow, record_id, "update"), "update", **values
        )

    async def consent(self, uow: UnitOfWork, record_id: str) -> E:
        """The sending unit agrees."""
        enrolment = await self.records.load(uow, record_id, "consent")
        await parties.require_authority(uow, enrolment.organisation or "", "submit")
        by = uow.actor.person or uow.actor.subject
        return await self.records.change(uow, enrolment, "consent", consented_by=by)

    async def verify(self, uow: UnitOfWork, record_id: str, reason: str | None) -> E:
        """An officer has checked the papers."""
        return await self._step(uow, record_id, "verify", reason)

    async def refuse(self, uow: UnitOfWork, record_id: str, reason: str | None) -> E:
        """The application is refused, with the reason."""
        return await self._step(uow, record_id, "refuse", reason, ended_on=uow.today)

    async def activate(self, uow: UnitOfWork, record_id: str, reason: str | None) -> E:
        """Put the person on the list; not by the officer who verified."""
        active = await self._step(
            uow, record_id, "activate", reason, activated_on=uow.today, ended_on=None, cooling_until=None
        )
        await self._announce(uow, active, "active")
        return active

    async def suspend(self, uow: UnitOfWork, record_id: str, reason: str | None) -> E:
        """Nothing new is given to the person until resumed; what runs goes on."""
        suspended = await self._step(uow, record_id, "suspend", reason)
        await self._announce(uow, suspended, "suspended")
        return suspended

    async def resume(self, uow: UnitOfWork, record_id: str, reason: str | None) -> E:
        """The reason of the suspension is gone."""
        resumed = await self._step(uow, record_id, "resume", reason)
        await self._announce(uow, resumed, "active")
        return resumed

    async def warn(self, uow: UnitOfWork, record_id: str, reason: str, until: date | None) -> E:
        """Set a dated mark."""
        uow.reason = reason
        enrolment = await self.records.load(uow, record_id, "warn")
        months, _ = self._rules(uow, enrolment)
        last = until or months_later(uow.today, months or _WARNED_MONTHS)
        return await self.records.change(uow, enrolment, "warn", warned_until=last, warning=reason)

    async def exit(self, uow: UnitOfWork, record_id: str, reason: str | None) -> E:
        """End this role; the person's other roles stay."""
        uow.reason = reason
        enrolment = await self.records.load(uow, record_id, "exit")
        _, cooling = self._rules(uow, enrolment)
        until = months_later(uow.today, cooling) if cooling else None
        ended = await self.records.change(uow, enrolment, "exit", ended_on=uow.today, cooling_until=until)
        if enrolment.state != "verified":
            await self._announce(uow, ended, "exited")
        return ended

    async def readmit(self, uow: UnitOfWork, record_id: str) -> E:
        """Apply again after the cooling period; consent and verification are new."""
        enrolment = await self.records.load(uow, record_id, "readmit")
        same = {name: getattr(enrolment, name) for name in self._once_in}
        for each in await self._held_by(uow, enrolment.person, same):
            _refuse_cooling(each, uow.today)
            if each.id != enrolment.id:
                _refuse_open(each)
        return await self.records.change(uow, enrolment, "readmit", consented_by=None)

    async def _held_by(self, uow: UnitOfWork, person: str, same: dict[str, Any]) -> list[E]:
        """Everything the person ever held here; no other unit adds to it before this one ends."""
        await hold(uow, self.records.resource.name, person)
        return await self.records.lookup(uow, person=person, **same)

    async def _step(self, uow: UnitOfWork, record_id: str, verb: str, reason: str | None, **values: Any) -> E:
        uow.reason = reason
        return await self.records.change(uow, await self.records.load(uow, record_id, verb), verb, **values)
