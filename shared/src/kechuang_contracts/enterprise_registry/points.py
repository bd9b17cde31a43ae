"""Innovation points (企业创新积分)."""

from datetime import date
from typing import ClassVar

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class PointEntryRecorded(Registry, Placed):
    """An entry of innovation points (企业创新积分). The balance of a day is the sum of entries booked up to it.

    `points` are hundredths and below zero for the counter-entry that `reverses` another.
    """

    aggregate_kind: ClassVar[str] = "point-entry"
    name: ClassVar[str] = "recorded"
    organisation: str
    rule: str
    points: int
    booked_on: date
    reverses: str | None
    pack: str | None


class PointEntryReversed(Registry, Placed):
    """An entry was taken back by the counter-entry that is named; that one was told by itself."""

    aggregate_kind: ClassVar[str] = "point-entry"
    name: ClassVar[str] = "reversed"
    organisation: str
    rule: str
    counter_entry: str
    reversed_on: date
