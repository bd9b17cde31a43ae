"""Faults in benefits and funds are found when a pack is loaded, with file and line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kechuang_packs import PackError
from kechuang_packs.packs import load_folders

Faults = Callable[[str], list[str]]
PACKS = Path(__file__).parents[3] / "deploy" / "policy-packs"
PACK = """\
id: shilu
kind: city
title: {zh: 示例市方案, en: Sample city}
area: shilu
version: "1"
in_force_from: 2024-01-01
refers_to: [{pack: national-facts, version: "2026.1"}]
documents: [{id: plan, title: {zh: 方案, en: Plan}}]
"""
AREAS = "areas: [{id: shilu, name: {zh: 示例市, en: Sample}, kind: city}]\n"
FACTS = """\
facts:
  - {key: counted_rd, name: {zh: 统计研发费用, en: Counted R&D}, unit: CNY, period: year, statistical: true, clause: 一}
"""
FUND = "funds: [{code: fund, name: {zh: 资金, en: Fund}, yearly_minimum: 3000万元, clause: 一}]\n"


def benefit(amount: str, **more: str) -> str:
    """One benefit with this amount."""
    said = "".join(f", {name}: {value}" for name, value in more.items())
    condition = "{id: floor, fact: rd_expense, comparator: '>=', threshold: 100万元}"
    return (
        "  - {code: b, name: {zh: 补助, en: Benefit}, mode: at_once, clause: 一, "
        f"condition: {condition}, {amount}{said}}}\n"
    )


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """Load a city with these services and give the faults."""
    shutil.copytree(PACKS / "national-facts", tmp_path / "national-facts")
    (tmp_path / "shilu").mkdir()
    for name, text in (("pack", PACK), ("areas", AREAS), ("facts", FACTS)):
        (tmp_path / "shilu" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def found(services: str) -> list[str]:
        (tmp_path / "shilu" / "services.yaml").write_text(services, encoding="utf-8")
        try:
            load_folders(sorted(each.parent for each in tmp_path.rglob("pack.yaml")), tmp_path)
        except PackError as error:
            return [str(each) for each in error.faults]
        return []

    return found


BANDS = "amount_bands: {by: rd_expense, of: %s, bands: [%s]}"


@pytest.mark.parametrize(
    ("services", "fault"),
    [
        (FUND + "benefits:\n" + benefit("amount: 10%"), "is a rate, the fact is in CNY"),
        (FUND + "benefits:\n" + benefit("amount: 0"), "an amount is above zero"),
        (FUND + "benefits:\n" + benefit("amount: 1万元", fund="no_such"), "no fund no_such"),
        (FUND + "benefits:\n" + benefit("amount_expression: 研发费用 / 营业收入"), "not money"),
        (FUND + "benefits:\n" + benefit("amount_expression: counted_rd"), "statistical"),
        (FUND + "benefits:\n" + benefit(BANDS % ("counted_rd", "{rate: '5%'}")), "statistical"),
        (FUND + "benefits:\n" + benefit(BANDS % ("employees", "{rate: '5%'}")), "no amount of money"),
        (
            FUND + "benefits:\n" + benefit(BANDS % ("rd_expense", "{rate: '5%'}, {at_least: 1万元, amount: 2万元}")),
            "can never be reached",
        ),
        (FUND + "benefits:\n" + benefit("amount: 1万元") + benefit("amount: 2万元"), "stands here twice"),
        (
            FUND + "benefits:\n" + benefit("amount: 1万元", version="'1'") + benefit("amount: 2万元", version="'2'"),
            "in force together with version 1 of b",
        ),
        (FUND.replace("3000万元", "很多"), "not a number with a unit"),
    ],
)  # fmt: skip
def test_a_fault_is_named(faults: Faults, services: str, fault: str) -> None:
    found = faults(services)
    assert len(found) >= 1
    assert any(fault in each and "services.yaml:" in each for each in found), found


def test_versions_that_follow_each_other_are_right(faults: Faults) -> None:
    first = benefit("amount: 1万元", version="'1'", in_force_to="2024-12-31", fund="fund")
    second = benefit("amount: 2万元", version="'2'", in_force_from="2025-01-01", fund="fund")
    assert faults(FUND + "benefits:\n" + first + second) == []
