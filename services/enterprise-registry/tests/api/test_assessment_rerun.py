"""An assessment that was kept is made anew from what it kept, whatever changed since: facts, or the city's pack."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sixth_city_story import ROOT, SIXTH, Firm, restarted, sixth_city

from kechuang.testing import ServiceHarness


@pytest.fixture(scope="module")
async def yunlan(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceHarness]:
    """enterprise-registry with the national packs and the invented city."""
    async with sixth_city(engines, tmp_path_factory.mktemp("packs")) as harness:
        yield harness


async def handed_in(er: ServiceHarness) -> tuple[Firm, str]:
    """A firm that meets the rule of seedlings of 2024, and its application."""
    firm = await Firm(er).registered(has_provincial_rd_institution=False)
    await firm.filed()
    path = await firm.applied("seedling")
    assert (await firm.owner.do(path, "submit"))["assessment_result"] == "met"
    return firm, path


async def test_it_says_what_decided_and_what_it_was_made_from(yunlan: ServiceHarness) -> None:
    firm, path = await handed_in(yunlan)
    kept = (await firm.owner.read(path))["assessment"]
    assert (kept["pack"], kept["rule"], kept["decided_by"]) == ("yunlan@2024.1", "seedling-2024", "age")
    values = {(each["fact"], each["year"]): each["value"] for each in kept["inputs"]}
    assert values["rd_expense", 2023] == "6000000.00"
    assert values["establishment_date", None] == "2019-05-01"
    assert all(each["verified"] for each in kept["inputs"] if each["fact"] == "rd_expense")
    draft = await firm.applied("pillar")
    answer = await firm.owner.get(f"{draft}/assessment")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_assessment_kept")


async def test_facts_that_changed_since_change_nothing_in_it(yunlan: ServiceHarness) -> None:
    firm, path = await handed_in(yunlan)
    await firm.owner.patch(f"organisations/{firm.id}", {"facts": {"on_dishonest_list": True}})
    fresh = await firm.owner.post("assessments", {"target": "seedling"})
    assert (fresh.json()["result"], fresh.json()["decided_by"]) == ("unmet", "clean")
    again = await firm.owner.read(f"{path}/assessment")
    assert (again["same"], again["differs"], again["again"]["result"]) == (True, [], "met")
    stranger = (await Firm(yunlan).registered()).owner
    assert (await stranger.get(f"{path}/assessment")).status_code == 404


async def test_a_new_version_of_the_pack_changes_no_old_decision(
    yunlan: ServiceHarness, tmp_path: Path
) -> None:
    firm, path = await handed_in(yunlan)
    before = await firm.owner.read(path)
    for each in sorted((ROOT / "deploy/policy-packs").glob("national-*")):
        shutil.copytree(each, tmp_path / each.name)
    shutil.copytree(SIXTH, tmp_path / "yunlan-2024.1")
    shutil.copytree(SIXTH, tmp_path / "yunlan-2024.2")
    for name, old, new in (
        ("pack.yaml", 'version: "2024.1"\nin_force_from: 2024-01-01', 'version: "2024.2"\nin_force_from: 2024-02-01'),
        ("rules/seedling.yaml", '{at_most: 1000万元, threshold: "6%"}', '{at_most: 1000万元, threshold: "70%"}'),
    ):  # fmt: skip
        file = tmp_path / "yunlan-2024.2" / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), encoding="utf-8")
    async with restarted(yunlan, tmp_path, files_url=yunlan.settings.files_url) as later:
        mine = firm.at(later)
        fresh = (await mine.owner.post("assessments", {"target": "seedling"})).json()
        assert (fresh["pack"], fresh["result"], fresh["decided_by"]) == ("yunlan@2024.2", "unmet", "rd_share")
        assert await mine.owner.read(path) == before
        again = await mine.owner.read(f"{path}/assessment")
        assert (again["same"], again["again"]["pack"], again["again"]["result"]) == (
            True,
            "yunlan@2024.1",
            "met",
        )
        under_old = {"target": "seedling", "pack": "yunlan@2024.1"}
        assert (await mine.owner.post("assessments", under_old)).json()["result"] == "met"
