"""The service under test with a database of its own, and packs: the national ones and a city for tests."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from enterprise_registry.service import SERVICE
from kechuang.testing import ServiceHarness

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # tests share `er_story`; pytest's importlib mode adds no paths
NATIONAL = HERE.parents[2] / "deploy/policy-packs"


@pytest.fixture(scope="session")
def packs_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The national packs as they are deployed, beside a small city."""
    folder = tmp_path_factory.mktemp("packs")
    for each in ("national-facts", "national-tech-sme", "national-hnte"):
        shutil.copytree(NATIONAL / each, folder / each)
    shutil.copytree(HERE / "packs/jiangmen-test", folder / "jiangmen-test")
    return folder


@pytest.fixture(scope="session")
def deployed_packs() -> str:
    """The packs of the repository."""
    return str(NATIONAL)


@pytest.fixture(scope="session")
async def er(engines: Any, packs_dir: Path) -> AsyncIterator[ServiceHarness]:
    """enterprise-registry on a migrated database."""
    async with ServiceHarness(SERVICE, engines, packs_dir=str(packs_dir)) as harness:
        yield harness
