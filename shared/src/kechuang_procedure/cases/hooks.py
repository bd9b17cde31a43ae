"""What a service answers for its cases: its kinds, its places, what it tells others."""

# ruff: noqa: ARG002  the usual answers need less than what a service's own answer may need
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang_procedure.cases.domain import Case
from kechuang_procedure.cases.kinds import Kind
from kechuang_procedure.cases.schemas import CaseLink, CaseSelect
from kechuang_procedure.parties import Parties

Happened = Literal[
    "opened", "assigned", "handed_over", "resolved", "confirmed", "reopened", "closed", "overdue",
    "escalated", "expedited", "contact_logged",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CasePlace:
    """Where a case belongs."""

    city: str | None
    division: str | None
    zones: tuple[str, ...] = ()


class CaseHooks(ABC):
    """The questions that cases have for the service that takes them in."""

    parties: Parties

    @abstractmethod
    def kind(self, uow: UnitOfWork, city: str | None, code: str) -> Kind:
        """Give a kind of the city's pack as of today; refuses `/kind` when there is none."""

    @abstractmethod
    def stamped(self, unit: UnitOfWork | ReadUnit, case: Case) -> Kind:
        """Give the kind under the version that the case was opened under."""

    @abstractmethod
    def place(self, uow: UnitOfWork, city: str, area: str) -> CasePlace:
        """Give the place of a case about no single organisation; refuses `/city` or `/division`.

        `area` is the city itself, a county or a functional zone of it.
        """

    async def checked_action(
        self, uow: UnitOfWork, kind: Kind, organisation: str | None, action: str | None
    ) -> None:
        """Refuse an action that is not in the kind's catalogue."""
        if (action is None) != (kind.catalogue is None):
            raise invalid(
                "/action", "action_missing" if action is None else "action_not_taken",
                "请选择动作。" if action is None else "该类事项没有动作清单。",
                "Name the action." if action is None else "The kind takes no action.",
            )  # fmt: skip

    async def selected(self, uow: UnitOfWork, place: CasePlace, select: CaseSelect) -> Sequence[str]:
        """Find target organisations of the place."""
        raise invalid(
            "/targets/select",
            "select_not_offered",
            "此处不能按条件选取，请列出单位。",
            "Name the organisations.",
        )

    async def linked(self, uow: UnitOfWork, link: CaseLink, organisation: str) -> dict[str, Any]:
        """Check a record that a contact led to, and give it with number and label; faults point into the link."""
        return link.model_dump()

    async def warned(self, uow: UnitOfWork, kind: Kind, basis: Sequence[str]) -> list[dict[str, Any]]:
        """Give what should be known of the documents that a case rests on: one has expired, say."""
        return []

    @abstractmethod
    async def told(
        self,
        uow: UnitOfWork,
        case: Case,
        happened: Happened,
        *,
        to: Sequence[str] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell others: events for the services, messages for those concerned. `to` are further tokens."""
