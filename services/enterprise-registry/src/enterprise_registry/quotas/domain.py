"""A quota belongs to an honour and its period: a cap that is never passed, a floor that is to be reached, or none."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Kind = Literal["cap", "floor", "none"]


@dataclass(frozen=True, slots=True)
class QuotaKey:
    """Whose quota it is: the city, the honour's one name across packs, both days of the period inclusive."""

    city: str
    honour: str
    first: date
    last: date

    def text(self) -> str:
        """Name it in one line: the primary key, and what is locked."""
        return f"{self.city}:{self.honour}:{self.first}:{self.last}"


@dataclass(frozen=True, slots=True)
class QuotaTerms:
    """What the pack or the round says; `stated_by` neither, there is no limit and `value` is None."""

    kind: Kind
    value: int | None
    first: date
    last: date
    stated_by: Literal["pack", "round"] | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota with what is taken of it."""

    id: str
    city: str
    honour: str
    first: date
    last: date
    kind: Kind
    value: int | None
    taken: int

    @property
    def remaining(self) -> int | None:
        """How many awards a cap still allows; None where nothing limits them."""
        return max(0, (self.value or 0) - self.taken) if self.kind == "cap" else None

    @property
    def shortfall(self) -> int | None:
        """How many awards a floor still lacks; None where there is no floor."""
        return max(0, (self.value or 0) - self.taken) if self.kind == "floor" else None

    def shown(self) -> dict[str, Any]:
        """Write it for the wire and for refusals."""
        return {
            "honour": self.honour, "first": self.first.isoformat(), "last": self.last.isoformat(),
            "kind": self.kind, "value": self.value, "taken": self.taken, "remaining": self.remaining,
            "shortfall": self.shortfall,
        }  # fmt: skip


def span(today: date, *, first: date | None, last: date | None, years: int | None) -> tuple[date, date]:
    """Give the days over which a quota is counted.

    The period's own days where they are stated; else `years` calendar years (one when not said) from the
    stated beginning, or from this year.

    >>> span(date(2024, 3, 1), first=None, last=None, years=None)
    (datetime.date(2024, 1, 1), datetime.date(2024, 12, 31))
    """
    begins = first or date(today.year, 1, 1)
    return begins, last or date(begins.year + (years or 1) - 1, 12, 31)
