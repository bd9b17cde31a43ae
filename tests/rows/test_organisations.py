"""Rows about organisations, their filings and their time."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import City


async def test_all_02_an_enterprise_registers_files_and_is_found(city: "City") -> None:
    """ALL-02 in small: an enterprise and its verified year are there for its county and for itself."""
    enterprise = await city.enterprise()
    await city.filed(enterprise, 2023)
    await city.settle()
    found = await enterprise.county.read("filings", organisation=enterprise.uscc)
    assert [each["state"] for each in found["items"]] == ["verified"]
    stranger = await city.as_("other_enterprise").get(f"filings/{found['items'][0]['id']}")
    assert stranger.status_code == 404
