"""Recognitions, the rounds that select for them, and the reserve pools that lead to them."""

from datetime import date
from typing import ClassVar

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class RecognitionDecided(Registry, Placed):
    """An organisation stands on a rung or holds an honour from a day on, by a decision."""

    aggregate_kind: ClassVar[str] = "recognition"
    name: ClassVar[str] = "decided"
    organisation: str
    kind: str
    level: str | None
    source: str
    decided_by: str
    document_no: str | None
    decided_on: date
    valid_from: date
    valid_to: date | None
    first_time: bool
    renews: str | None
    pack: str | None


class RecognitionEnded(Registry, Placed):
    """A recognition ended: `expired`, `revoked`, `surrendered` or `superseded`.

    `corrected`: what was told of it before holds no more (`ended_on` lies before its first day); the corrected
    decision follows at once, with the same version.
    `ended_on` is the last day on which it was held: the end of its validity, or the day before the act.
    """

    aggregate_kind: ClassVar[str] = "recognition"
    name: ClassVar[str] = "ended"
    organisation: str
    kind: str
    outcome: str
    ended_on: date


class SelectionRoundAwarded(Registry, Placed):
    """A selection round was decided to the end; the honours themselves are told as recognitions.

    `kind` is `selection` or `review`, `target` the kind of the recognitions; `quota_taken` counts all rounds.
    """

    aggregate_kind: ClassVar[str] = "selection-round"
    name: ClassVar[str] = "awarded"
    kind: str
    honour: str
    target: str
    node: str
    document_no: str
    awarded_on: date
    awarded: int
    removed: int
    kept: int
    quota_kind: str
    quota_value: int | None
    quota_taken: int
    pack: str | None


class ReservePoolMemberJoined(Registry, Placed):
    """An enterprise was put into the reserve for a rung."""

    aggregate_kind: ClassVar[str] = "reserve-pool-member"
    name: ClassVar[str] = "joined"
    organisation: str
    pool: str
    rung: str
    joined_on: date
    pack: str | None


class ReservePoolMemberEnded(Registry, Placed):
    """A member went out of the pool: `graduated` (it counts as converted) or `left`.

    `ended_on` is the day on which it went: the first on which it is no member.
    """

    aggregate_kind: ClassVar[str] = "reserve-pool-member"
    name: ClassVar[str] = "ended"
    organisation: str
    pool: str
    rung: str
    outcome: str
    ended_on: date
    recognition: str | None
