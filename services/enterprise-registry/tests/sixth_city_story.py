"""The invented sixth city (云澜市) as a running service: its pack beside the national ones, and who deals with it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from enterprise_registry.service import SERVICE
from kechuang.testing import Client, ServiceHarness

ROOT = Path(__file__).parents[3]
SIXTH = ROOT / "tests/packs/sixth-city"
START = datetime(2024, 3, 1, 1, tzinfo=UTC)
COUNTIES = ("yunlan-beigang", "yunlan-nanling")


@asynccontextmanager
async def sixth_city(engines: Any, folder: Path) -> AsyncIterator[ServiceHarness]:
    """Run enterprise-registry with the national packs and the city's alone, from 1 March 2024 on."""
    for each in sorted((ROOT / "deploy/policy-packs").glob("national-*")):
        shutil.copytree(each, folder / each.name)
    shutil.copytree(SIXTH, folder / "sixth-city")
    async with ServiceHarness(SERVICE, engines, packs_dir=str(folder)) as harness:
        await harness.at(seconds=(START - harness.database.clock.now()).total_seconds())
        yield harness


def officer(er: ServiceHarness) -> Client:
    """Who prepares in the city's science bureau."""
    return er.client(roles=["city_officer"], areas=["yunlan"], subject="yunlan-officer")


def approver(er: ServiceHarness) -> Client:
    """Who decides there."""
    return er.client(roles=["city_approver"], areas=["yunlan"], subject="yunlan-approver")
