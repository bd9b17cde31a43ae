"""Records of registers, and alliances."""

from datetime import date
from typing import ClassVar

from kechuang_contracts.enterprise_registry.base import Registry
from kechuang_contracts.parties import Placed


class RegisterRecordConfirmed(Registry, Placed):
    """A register record (platform, carrier, tenant, product …) counts from `valid_from` on.

    `standing` is counted, or apart for what is counted apart; `dimensions` are the kind's fields that counts
    may be split by, and read like fields of the event. A correction ends the old record and confirms a new one.
    """

    aggregate_kind: ClassVar[str] = "register-record"
    name: ClassVar[str] = "confirmed"
    group: str
    kind: str
    level: str | None
    organisation: str | None
    parent: str | None
    chain: str | None
    standing: str
    dimensions: dict[str, str | bool | int]
    valid_from: date
    valid_to: date | None
    supersedes: str | None
    pack: str | None


class RegisterRecordEnded(Registry, Placed):
    """A register record no longer counts: `expired`, `ended` or `corrected`.

    `ended_on` is the last day on which it held; a corrected one never held: the day before its first.
    """

    aggregate_kind: ClassVar[str] = "register-record"
    name: ClassVar[str] = "ended"
    group: str
    kind: str
    level: str | None
    organisation: str | None
    standing: str
    outcome: str
    ended_on: date


class AllianceActivated(Registry, Placed):
    """An alliance works from a day on: its lead, its members, its one chain."""

    aggregate_kind: ClassVar[str] = "alliance"
    name: ClassVar[str] = "activated"
    kind: str
    level: str | None
    chain: str | None
    lead: str
    members: list[str]
    valid_from: date
    pack: str | None


class AllianceLeadChanged(Registry, Placed):
    """Another organisation leads an active alliance from `changed_on` on; its place stays what it was."""

    aggregate_kind: ClassVar[str] = "alliance"
    name: ClassVar[str] = "lead-changed"
    kind: str
    chain: str | None
    lead: str
    former_lead: str
    changed_on: date


class AllianceDissolved(Registry, Placed):
    """An alliance ended; `ended_on` is the last day on which it was active."""

    aggregate_kind: ClassVar[str] = "alliance"
    name: ClassVar[str] = "dissolved"
    kind: str
    chain: str | None
    lead: str
    ended_on: date
