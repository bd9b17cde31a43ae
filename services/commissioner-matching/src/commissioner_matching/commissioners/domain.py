"""A commissioner (科技特派员): a person enrolled in one programme of one city."""

from dataclasses import dataclass

from commissioner_matching.enrolments.domain import Enrolment, machine

DEFAULT_CAPACITY = 3
"""Targets at once where neither the programme nor the enrolment says a number (product default)."""

MACHINE = machine("commissioners")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commissioner(Enrolment):
    """An enrolment in a programme. `capacity` is how many targets they may serve at once."""

    programme: str
    level: str | None
    capacity: int


def capacity_of(asked: int | None, programme_limit: int | None) -> int:
    """Give the capacity: what was asked for, never above the programme's limit."""
    if asked is None:
        return programme_limit or DEFAULT_CAPACITY
    return min(asked, programme_limit) if programme_limit else asked
