"""The five values of a condition and how they combine."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum


class Result(IntEnum):
    """Ordered from worst to best, so that all-of is the least and any-of the greatest of the parts.

    An unknown or judged part never counts as met; a part that does not apply is left out.
    """

    not_applicable = -1
    unmet = 0
    unknown = 1
    manual_review = 2
    met = 3


def at_least(n: int | None, parts: Sequence[Result]) -> Result:
    """At least n of the parts (None: all): the n-th best, with parts that do not apply left out."""
    applying = sorted((part for part in parts if part is not Result.not_applicable), reverse=True)
    if not applying:
        return Result.not_applicable
    wanted = len(applying) if n is None else n
    return applying[wanted - 1] if wanted <= len(applying) else Result.unmet


def waived(result: Result, waiver: Result) -> Result:
    """A part with the condition that may stand in for it."""
    return max(result, waiver) if result is not Result.not_applicable else result
