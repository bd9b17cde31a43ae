"""The small city of docs/policy-packs.md, copied from the page as a newcomer would: it loads, and its rule decides."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from enterprise_registry.ladders.assess import assess
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.nodes import rule_on
from enterprise_registry.ladders.results import Result
from kechuang_packs import Packs, load_packs

from .companies import ON, WAN, YUAN

ROOT = Path(__file__).parents[5]
PAGE = ROOT / "docs" / "policy-packs.md"
GOOD: dict[FactRef, Filed] = {
    ("employees", 2025): Filed(300), ("green_products", 2025): Filed(1), ("green_products", 2024): Filed(1),
    ("rd_expense", 2025): Filed(50 * WAN), ("on_dishonest_list", None): Filed(value=False),
}  # fmt: skip


def files() -> dict[str, str]:
    """The fenced blocks of the section, by the file name in their first line."""
    section = PAGE.read_text(encoding="utf-8").partition("## A small city, whole")[2].partition("\n## ")[0]
    blocks = re.findall(r"```yaml\n# ([\w/]+\.yaml)[^\n]*\n(.*?)```", section, re.DOTALL)
    return dict(blocks)


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    folder = tmp_path_factory.mktemp("packs")
    for each in sorted((ROOT / "deploy/policy-packs").glob("national-*")):
        shutil.copytree(each, folder / each.name)
    for name, text in files().items():
        file = folder / "small-city" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return load_packs(folder)


def result(packs: Packs, facts: dict[FactRef, Filed], *held: str) -> Result:
    pack = packs.version("small-city", "2024.1")
    rule = rule_on(packs, pack, "green_seed", ON)
    assert rule is not None
    return assess(rule, FactBase(rule.vocabulary, ON, facts), held, ON).result


def test_it_has_every_file_that_a_ladder_needs() -> None:
    assert files().keys() >= {
        "pack.yaml", "areas.yaml", "facts.yaml", "ladder.yaml", "periods.yaml", "rules/green_seed.yaml",
        "forms/annual.yaml", "forms/application.yaml",
    }  # fmt: skip


def test_its_rule_is_met_on_every_boundary_and_not_beyond(packs: Packs) -> None:
    assert result(packs, GOOD) is Result.met
    for ref, value in (
        (("employees", 2025), 301), (("green_products", 2024), 0), (("rd_expense", 2025), 50 * WAN - YUAN // 100),
        (("on_dishonest_list", None), True),
    ):  # fmt: skip
        assert result(packs, GOOD | {ref: Filed(value)}) is Result.unmet


def test_a_certificate_stands_in_for_spending_and_a_missing_fact_leaves_it_open(packs: Packs) -> None:
    poor = GOOD | {("rd_expense", 2025): Filed(0)}
    assert result(packs, poor, "national-hnte/hnte") is Result.met
    for ref in GOOD:
        assert (
            result(packs, {other: value for other, value in GOOD.items() if other != ref}) is Result.unknown
        )
