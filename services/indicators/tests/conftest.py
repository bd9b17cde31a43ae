"""The service under test with a database of its own, and the repository's packs."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from indicators.service import SERVICE
from kechuang.testing import ServiceHarness

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # tests share `in_story`; pytest's importlib mode adds no paths
PACKS = HERE.parents[2] / "deploy" / "policy-packs"


@pytest.fixture(scope="session")
async def indicators(engines: Any) -> AsyncIterator[ServiceHarness]:
    """indicators on a migrated database, with the repository's packs."""
    async with ServiceHarness(SERVICE, engines, packs_dir=str(PACKS)) as harness:
        yield harness


@pytest.fixture
async def quiet(indicators: ServiceHarness) -> ServiceHarness:
    """The same service before anything has happened."""
    import in_story

    await in_story.forget(
        indicators, "fact", "work_item", "message", "message_acknowledgement", "observation", "inbox"
    )
    return indicators
