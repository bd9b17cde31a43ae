"""The service under test with a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from project_bidding.service import SERVICE

from kechuang.testing import ServiceHarness

_PACKS = Path(__file__).parents[3] / "deploy" / "policy-packs"


@pytest.fixture(scope="session")
async def pb(engines: Any) -> AsyncIterator[ServiceHarness]:
    """project-bidding on a migrated database, with the city packs."""
    async with ServiceHarness(SERVICE, engines, packs_dir=str(_PACKS)) as harness:
        yield harness
