"""The packs that are shipped, loaded once."""

from pathlib import Path

import pytest

from kechuang_packs import Pack, Packs, load_packs

SHIPPED = Path(__file__).parents[3] / "deploy" / "policy-packs"


@pytest.fixture(scope="session")
def packs() -> Packs:
    """Every pack below deploy/policy-packs."""
    return load_packs(SHIPPED)


@pytest.fixture(scope="session")
def cities(packs: Packs) -> dict[str, Pack]:
    """The newest version of each city's pack, by id."""
    return {pack.id: packs.versions(pack.id)[-1] for pack in packs if pack.header.kind == "city"}
