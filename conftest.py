"""Fixtures of the whole repository: real engines, one set a test session."""

from collections.abc import Iterator

import pytest
from kechuang_embedded.testing import TestEngines


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    """PostgreSQL and NATS, started when the first test asks for them."""
    with TestEngines() as running:
        yield running
