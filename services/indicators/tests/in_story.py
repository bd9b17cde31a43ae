"""Events as the other services would send them, and how a test delivers them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import asyncpg

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.ids import new_id
from kechuang.messaging.events import Event
from kechuang.testing import ServiceHarness
from kechuang_contracts.commissioner_matching import (
    DispatchActivated,
    DispatchEnded,
    TechnicalNeedConfirmed,
    TechnicalNeedReopened,
)
from kechuang_contracts.enterprise_registry import RecognitionDecided, RecognitionEnded
from kechuang_contracts.project_bidding import TrancheReleased


@dataclass(frozen=True)
class Told:
    """An event with what the envelope says of it."""

    event: Event
    record: str
    version: int
    id: str


class World:
    """A city in which things happen; makes the events that tell of them."""

    def __init__(self, seed: int, city: str = "440700") -> None:
        self.random = Random(seed)
        self.city = city
        self.counties = ("440703", "440704")

    def place(self, county: str | None = None, zones: Sequence[str] = ()) -> dict[str, Any]:
        return {
            "city": self.city,
            "division": county or self.random.choice(self.counties),
            "zones": list(zones),
        }

    def told(self, event: Event, record: str, version: int) -> Told:
        return Told(event, record, version, new_id())

    def recognised(
        self,
        on: date,
        kind: str = "tech_micro",
        *,
        uscc: str | None = None,
        to: date | None = None,
        **place: Any,
    ) -> Told:
        event = RecognitionDecided(
            **(place or self.place()), organisation=uscc or synthetic_uscc(self.random), kind=kind, level=None,
            source="application", decided_by="city", document_no=None, decided_on=on, valid_from=on,
            valid_to=to, first_time=True, renews=None, pack="jiangmen-2023@1.0.0",
        )  # fmt: skip
        return self.told(event, new_id(), 1)

    def revoked(self, of: Told, on: date) -> Told:
        """Revoked on a day: held up to the eve, which the event names."""
        begun: Any = of.event
        event = RecognitionEnded(
            city=begun.city, division=begun.division, zones=begun.zones, organisation=begun.organisation,
            kind=begun.kind, outcome="revoked", ended_on=on - timedelta(days=1),
        )  # fmt: skip
        return self.told(event, of.record, of.version + 1)

    def confirmed(self, on: date, record: str | None = None, version: int = 6) -> Told:
        event = TechnicalNeedConfirmed(
            **self.place(), organisation=synthetic_uscc(self.random), chain=None, way="dispatch",
            dispatch=None, contract=None, confirmed_on=on,
        )  # fmt: skip
        return self.told(event, record or new_id(), version)

    def reopened(self, of: Told, on: date) -> Told:
        begun: Any = of.event
        event = TechnicalNeedReopened(
            city=begun.city,
            division=begun.division,
            zones=[],
            organisation=begun.organisation,
            reopened_on=on,
        )
        return self.told(event, of.record, of.version + 1)

    def dispatched(
        self, on: date, persons: Sequence[str], team: str | None = None, to: date | None = None
    ) -> Told:
        event = DispatchActivated(
            **self.place(), server_kind="team" if team else "commissioner", persons=list(persons), team=team,
            programme="doctor_commissioner", level=None, target_kind="organisation", target="x", host=None,
            need=None, valid_from=on, valid_to=to,
        )  # fmt: skip
        return self.told(event, new_id(), 3)

    def returned(self, of: Told, on: date) -> Told:
        """No longer serving from a day on: for a term that ran out the day after its last."""
        begun: Any = of.event
        event = DispatchEnded(
            city=begun.city, division=begun.division, zones=[], outcome="completed", ended_on=on
        )
        return self.told(event, of.record, of.version + 2)

    def paid(self, on: date, fen: int, *, fiscal: bool = True) -> Told:
        event = TrancheReleased(
            **self.place(),
            contract=new_id(),
            funder="市科技局",
            fiscal=fiscal,
            amount_fen=fen,
            released_on=on,
        )
        return self.told(event, new_id(), 2)


async def hear(harness: ServiceHarness, *told: Told) -> None:
    """Deliver events in this order."""
    for each in told:
        await harness.deliver(each.event, aggregate=each.record, version=each.version, event_id=each.id)


async def forget(harness: ServiceHarness, *tables: str) -> None:
    """Empty tables, as their owner: the service itself may not."""
    owner = await asyncpg.connect(harness.urls.owner)
    try:
        for each in tables:
            await owner.execute(f'TRUNCATE "{each}"')
    finally:
        await owner.close()
