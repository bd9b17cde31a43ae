"""The invented sixth city (云澜市) as a running service: its pack beside the national ones, and who deals with it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from enterprise_registry.service import SERVICE
from kechuang.codes.synthetic import synthetic_uscc
from kechuang.testing import Client, ServiceHarness

ROOT = Path(__file__).parents[3]
SIXTH = ROOT / "tests/packs/sixth-city"
START = datetime(2024, 3, 1, 1, tzinfo=UTC)
COUNTIES = ("yunlan-beigang", "yunlan-nanling")
_random = Random(6)


@asynccontextmanager
async def sixth_city(engines: Any, folder: Path) -> AsyncIterator[ServiceHarness]:
    """Run enterprise-registry with the national packs and the city's alone, from 1 March 2024 on."""
    for each in sorted((ROOT / "deploy/policy-packs").glob("national-*")):
        shutil.copytree(each, folder / each.name)
    shutil.copytree(SIXTH, folder / "sixth-city")
    async with ServiceHarness(SERVICE, engines, packs_dir=str(folder)) as harness:
        await harness.at(seconds=(START - harness.database.clock.now()).total_seconds())
        yield harness


@asynccontextmanager
async def restarted(er: ServiceHarness, folder: Path, **more: Any) -> AsyncIterator[ServiceHarness]:
    """The same database under a process that was started with other packs, at the same time of the clock."""

    class Kept:
        def create_database(self, _: str) -> Any:
            return er.urls

    async with ServiceHarness(
        er.service, Kept(), migrate=lambda _: None, packs_dir=str(folder), **more
    ) as harness:
        harness.database.clock.offset = er.database.clock.offset
        yield harness


def officer(er: ServiceHarness) -> Client:
    """Who prepares in the city's science bureau."""
    return er.client(roles=["city_officer"], areas=["yunlan"], subject="yunlan-officer")


def approver(er: ServiceHarness) -> Client:
    """Who decides there."""
    return er.client(roles=["city_approver"], areas=["yunlan"], subject="yunlan-approver")


class Firm:
    """An enterprise of the city and the people who deal with it."""

    def __init__(self, er: ServiceHarness, uscc: str | None = None) -> None:
        self.er = er
        self.uscc = uscc or synthetic_uscc(_random, "440000")
        self.owner = er.client(
            roles=["enterprise_clerk", "enterprise_signatory"], organisation=self.uscc, person=self.uscc,
            subject=self.uscc,
        )  # fmt: skip
        self.county = er.client(
            roles=["county_officer"], areas=["yunlan-beigang"], subject="beigang", unit="beigang-science"
        )
        self.city, self.boss = officer(er), approver(er)
        self.province = er.client(roles=["integration"], client_id="province", subject="province")
        self.id = ""

    def at(self, er: ServiceHarness) -> "Firm":
        """The same firm and people, at another process."""
        found = Firm(er, self.uscc)
        found.id = self.id
        return found

    async def registered(self, **facts: Any) -> "Firm":
        made = await self.owner.make(
            "organisations",
            {
                "uscc": self.uscc, "name": f"云澜样例{self.uscc[-6:]}船舶配套厂", "kind": "enterprise",
                "division": "yunlan-beigang", "zones": ["yunlan-htz"], "established_on": "2019-05-01",
                "facts": {"has_provincial_rd_institution": True, "on_dishonest_list": False} | facts,
            },
        )  # fmt: skip
        self.id = made["id"]
        await self.county.do(f"organisations/{self.id}", "verify")
        return self

    async def filed(self, **facts: Any) -> None:
        usual = {"employees": 120, "st_staff": 40, "operating_revenue": "150000000.00",
                 "sales_revenue": "9000000.00", "rd_expense": "6000000.00", "pilot_lines": 3,
                 "trial_measure": "lines"}  # fmt: skip
        for year in (2022, 2023):
            made = await self.owner.make(
                "filings", {"form": "yunlan_annual", "period": str(year), "facts": usual | facts}
            )
            made = await self.owner.do(f"filings/{made['id']}", "submit")
            await self.county.do(f"filings/{made['id']}", "verify")

    async def applied(self, target: str) -> str:
        """A draft of an application in an open window."""
        now = self.er.database.clock.now()
        window = await self.city.make(
            "application-windows",
            {
                "title": "登高企业申报", "target": target, "city": "yunlan", "opens_at": now.isoformat(),
                "closes_at": (now + timedelta(days=60)).isoformat(), "form": "yunlan_application",
            },
        )  # fmt: skip
        await self.city.do(f"application-windows/{window['id']}", "open")
        made = await self.owner.make(
            "applications", {"window": window["id"], "answers": {"main_product": "深海绞车"}}
        )
        return f"applications/{made['id']}"

    async def decided(self, path: str) -> Any:
        """From submission to the decision; gives its answer."""
        await self.owner.do(path, "submit")
        await self.county.do(path, "recommend", {"opinion": "同意"})
        await self.city.do(path, "review", {"opinion": "符合"})
        await self.city.do(path, "open-notice", {"contact": "云澜市科学技术局"})
        await self.er.at(days=20)
        await self.er.fire_timers()
        tag = (await self.boss.get(path)).headers["etag"]
        today = str(self.er.database.clock.today())
        body = {"outcome": "recognised", "document_no": "云科〔2024〕7号", "decided_on": today}
        return await self.boss.post(f"{path}/decide", body, headers={"If-Match": tag})

    async def holds(self, kind: str) -> None:
        today = str(self.er.database.clock.today())
        await self.province.make(
            "recognitions", {"organisation": self.uscc, "kind": kind, "issued_on": today}
        )

    async def rungs(self) -> dict[str, Any]:
        return await self.county.read(f"organisations/{self.id}/rungs")
