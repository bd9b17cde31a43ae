"""The service under test with a database of its own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from commissioner_matching.service import SERVICE
from kechuang.testing import ServiceHarness


@pytest.fixture(scope="session")
async def cm(engines: Any) -> AsyncIterator[ServiceHarness]:
    """commissioner-matching on a migrated database."""
    async with ServiceHarness(SERVICE, engines) as harness:
        yield harness
