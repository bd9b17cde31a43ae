"""Fixtures of the whole repository: real engines, one set a test session; who runs what when there are two."""

from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from kechuang_embedded.testing import TestEngines

# Packages whose tests share a stack that takes long to start, and goes with their last test. What takes long goes
# first, so that nobody waits for it alone.
TOGETHER = ("tests/faults", "tests/rows")
FIRST = ("tests/faults", "tests/journeys", "tests/rows", "deploy/embedded/tests/test_stack.py")


class _ByStack(LoadScopeScheduling):
    """A worker takes a file at a time, or a whole folder whose tests share a stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        folder = file.rpartition("/")[0]
        return folder if folder in TOGETHER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Tell pytest-xdist what belongs together."""
    config.option.loadscopereorder = False  # a file with many tests is not a long one
    return _ByStack(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    """PostgreSQL and NATS, started when the first test asks for them."""
    with TestEngines() as running:
        yield running
