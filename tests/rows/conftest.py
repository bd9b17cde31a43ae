"""The cities' asks, row by row: each test is one row's sentence, told by those who would do it.

By default through the gateway of a whole stack. `KECHUANG_ROWS_IN_PROCESS=1` tells the same steps to
enterprise-registry's application in this process: seconds instead of a minute while a feature is written.

    async def test_yj01_…(city: City) -> None:
        enterprise = await city.enterprise()
        officer = city.as_("county_officer", area="440703")
"""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from enterprise_registry.service import SERVICE
from kechuang.codes.synthetic import synthetic_uscc
from kechuang.job_runner import JobRunner
from kechuang.testing import Client, ServiceHarness
from kechuang_embedded.principals import demonstration_principals, on_demand
from kechuang_embedded.testing_stack import WholeStack, whole_stack

START = datetime(2024, 3, 1, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
PACKS = Path(__file__).parents[2] / "deploy/policy-packs"
_TRIES = 5
_PLAIN = False  # HTTP on the loopback: no certificate authorities to load for each of many clients
_ENDED = {"succeeded", "failed", "cancelled"}


@dataclass
class Enterprise:
    """An organisation that exists and is verified, and the people around it."""

    uscc: str
    record: dict[str, Any]
    signatory: Client
    county: Client


class City(ABC):
    """Jiangmen from 2024-03-01 on. Its clock goes forward only and all tests share it: read `today`."""

    area = "440700"

    def __init__(self) -> None:
        self._random = Random(20240301)
        self._numbers = count(1)

    @abstractmethod
    def as_(
        self, who: str, *, organisation: str = "", person: str = "", area: str = "", unit: str = ""
    ) -> Client:
        """Speak as a demonstration principal (`city_officer`), or as a role with the claims given."""

    @abstractmethod
    def anybody(self) -> Client:
        """Speak without a token."""

    @abstractmethod
    async def advance(self, **by: float) -> None:
        """Move the clock, as `timedelta(**by)`, and let everything follow."""

    @abstractmethod
    async def settle(self) -> None:
        """Let timers, jobs and events that are due happen."""

    @abstractmethod
    async def now(self) -> datetime:
        """The city's instant."""

    async def today(self) -> date:
        """The city's day."""
        return (await self.now()).astimezone(START.tzinfo).date()

    def new_uscc(self, division: str = "440703") -> str:
        """A code of nobody."""
        # A local area has no code of its own to put into the number.
        return synthetic_uscc(self._random, division if division.isdigit() else self.area)

    async def enterprise(self, *, division: str = "440703", verified: bool = True, **more: Any) -> Enterprise:
        """A new enterprise that registered itself and, unless told otherwise, was verified by its county."""
        uscc = self.new_uscc(division)
        # One person with both roles, as the demonstration's enterprises have.
        signatory = self.as_("enterprise_clerk enterprise_signatory", organisation=uscc)
        county = self.as_("county_officer", area=division, unit=f"science-{division}")
        made = await signatory.make(
            "organisations",
            {
                "uscc": uscc, "name": f"江门样例制造{next(self._numbers)}有限公司", "kind": "enterprise",
                "division": division, "industry": "34", "established_on": "2016-05-18",
                "facts": {"resident_mainland": True, "industry_size_group": "industry"}, **more,
            },
        )  # fmt: skip
        if verified:
            made = await county.do(f"organisations/{made['id']}", "verify")
        return Enterprise(uscc, made, signatory, county)

    async def filed(
        self, enterprise: Enterprise, year: int, *, verified: bool = True, **facts: Any
    ) -> dict[str, Any]:
        """A year's filing of an enterprise, submitted and, unless told otherwise, verified."""
        usual = {
            "employees": 120, "st_staff": 30, "operating_revenue": "60000000.00",
            "sales_revenue": "58000000.00", "rd_expense": "3600000.00",
        }  # fmt: skip
        made = await enterprise.signatory.make(
            "filings", {"form": "enterprise_annual", "period": str(year), "facts": usual | facts}
        )
        made = await enterprise.signatory.do(f"filings/{made['id']}", "submit")
        return await enterprise.county.do(f"filings/{made['id']}", "verify") if verified else made

    async def job(self, caller: Client, job_id: str) -> dict[str, Any]:
        """Wait for the end of a job; gives it."""
        async with asyncio.timeout(120):
            while (found := await caller.read(f"jobs/{job_id}"))["state"] not in _ENDED:
                await self.settle()
                await asyncio.sleep(0.05)
        return found


class InProcess(City):
    """enterprise-registry alone, its application in this process."""

    def __init__(self, harness: ServiceHarness) -> None:
        super().__init__()
        self._harness = harness
        self._jobs = JobRunner(harness.database)

    def as_(
        self, who: str, *, organisation: str = "", person: str = "", area: str = "", unit: str = ""
    ) -> Client:
        claims = _principal(who, organisation, person, area, unit).claims()
        return self._harness.client(roles=claims.pop("roles"), subject=claims.pop("sub"), **claims)

    def anybody(self) -> Client:
        return self._harness.client()

    async def advance(self, **by: float) -> None:
        moved = self._harness.database.clock.offset + timedelta(**by)
        await self._harness.at(seconds=(moved - self._harness.database.clock.offset).total_seconds())
        await self.settle()

    async def settle(self) -> None:
        await self._harness.fire_timers()
        while await self._jobs.step():
            pass
        await self._harness.seal()

    async def now(self) -> datetime:
        return self._harness.database.clock.now()


class ThroughGateway(City):
    """All services of a stack, through its gateway."""

    def __init__(self, stack: WholeStack) -> None:
        super().__init__()
        self._stack = stack
        self._told = stack.described
        self._clients: dict[str, Client] = {}

    async def close(self) -> None:
        """Close all connections."""
        for each in self._clients.values():
            await each.http.aclose()

    def as_(
        self, who: str, *, organisation: str = "", person: str = "", area: str = "", unit: str = ""
    ) -> Client:
        client = self._told["demo_client"]
        asked = {"role": who, "organisation": organisation, "person": person, "area": area, "unit": unit}
        if who in demonstration_principals() and not any(list(asked.values())[1:]):
            asked = {"principal": who}
        name = "|".join(asked.values())
        if name in self._clients:
            return self._clients[name]
        answer = httpx.post(
            f"{self._told['issuer']}/token",
            data={
                "grant_type": "client_credentials", "client_id": client["id"],
                "client_secret": client["secret"], "expires_in": "86400",
                **{name: value for name, value in asked.items() if value},
            },
            trust_env=False,
            verify=_PLAIN,
        )  # fmt: skip
        assert answer.is_success, answer.text
        return self._client(name, {"Authorization": f"Bearer {answer.json()['access_token']}"})

    def anybody(self) -> Client:
        return self._clients.get("") or self._client("", {})

    def _client(self, name: str, headers: dict[str, str]) -> Client:
        made = httpx.AsyncClient(
            base_url=self._told["gateway"], headers=headers, timeout=30, trust_env=False, verify=_PLAIN
        )
        self._clients[name] = Client(made)
        return self._clients[name]

    async def advance(self, **by: float) -> None:
        to = (await self.now() + timedelta(**by)).isoformat()
        for _ in range(_TRIES):
            answer = await self.as_("administrator").post("clock/advance", {"to": to})
            if (
                answer.status_code != httpx.codes.SERVICE_UNAVAILABLE
            ):  # a busy machine; the same instant again
                break
        assert answer.is_success, answer.text
        await self.settle()

    async def settle(self) -> None:
        await asyncio.to_thread(self._stack.settle)

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.as_("administrator").read("clock"))["now"]).astimezone(UTC)


def _principal(who: str, organisation: str, person: str, area: str, unit: str) -> Any:
    if who in demonstration_principals() and not (organisation or person or area or unit):
        return on_demand(principal=who)
    return on_demand(role=who, organisation=organisation, person=person, area=area, unit=unit)


@asynccontextmanager
async def _in_process(engines: Any) -> AsyncIterator[City]:
    async with ServiceHarness(SERVICE, engines, packs_dir=str(PACKS)) as harness:
        await harness.at(seconds=(START - harness.database.clock.now()).total_seconds())
        yield InProcess(harness)


@pytest.fixture(scope="package")
async def city(request: pytest.FixtureRequest) -> AsyncIterator[City]:
    """The city; starting the stack takes a minute, once for all rows."""
    if os.environ.get("KECHUANG_ROWS_IN_PROCESS"):
        async with _in_process(request.getfixturevalue("engines")) as made:
            yield made
        return
    stack = whole_stack(clock_start=START.isoformat())
    started = await asyncio.to_thread(stack.__enter__)
    made = ThroughGateway(started)
    try:
        yield made
    finally:
        await made.close()
        await asyncio.to_thread(stack.__exit__, None, None, None)
