"""Fixtures of the whole repository: real engines, one set a test session."""

from collections.abc import Iterator

import pytest

from kechuang_embedded.testing import TestEngines

# Folders whose tests share a stack that takes long to start.
_TOGETHER = ("tests/faults", "tests/journeys", "tests/rows")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell the two workers of `make test` what to keep together: a file, or a folder with a stack of its own."""
    for item in items:
        path = item.path.relative_to(config.rootpath)
        folder = path.parent.as_posix()
        item.add_marker(pytest.mark.xdist_group(folder if folder in _TOGETHER else path.as_posix()))


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    """PostgreSQL and NATS, started when the first test asks for them."""
    with TestEngines() as running:
        yield running
