"""Faults of portrait models, point rules and growth lists are found where they stand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kechuang_packs import PackError
from kechuang_packs.packs import load_folders

NATIONAL = Path(__file__).parents[3] / "deploy" / "policy-packs" / "national-facts"
ORIGIN = "source: product_default, confidence: D"
NAME = "name: {zh: 甲, en: A}"
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


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A small city beside the national facts."""
    shutil.copytree(NATIONAL, tmp_path / "national-facts")
    folder = tmp_path / "shilu"
    folder.mkdir()
    (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
    areas = "areas:\n  - {id: shilu, name: {zh: 示例市, en: Sample}, kind: city}\n"
    (folder / "areas.yaml").write_text(areas, encoding="utf-8")
    return folder


def faults(city: Path, text: str) -> list[str]:
    (city / "scoring.yaml").write_text(text, encoding="utf-8")
    roots = sorted(path.parent for path in city.parent.rglob("pack.yaml"))
    try:
        load_folders(roots, city.parent)
    except PackError as error:
        return [str(fault).rpartition("/")[2] for fault in error.faults]
    return []


def model(measure: str, *, weight: int = 100, indicator: int = 100) -> str:
    line = f"{{code: i, {NAME}, weight: {indicator}, measures: [{{{measure}}}]}}"
    dimension = f"{{code: d, {NAME}, weight: {weight}, indicators: [{line}]}}"
    return f"models:\n  - {{code: m, {NAME}, purpose: portrait, version: '1', {ORIGIN}, dimensions: [{dimension}]}}\n"


SOUND = 'fact: rd_share_of_revenue, line: {zero_at: "0%", full_at: "10%"}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (model(SOUND, weight=99, indicator=99), "the dimensions sum to 99, not to 100"),
        (model(SOUND, indicator=98), "the indicators of d sum to 98, not to 100"),
        (model(SOUND, weight=0, indicator=0), "A weight is a number above 0"),
        (model("fact: nothing, percentile: true"), "No fact nothing"),
        (model("fact: industry_size_group, percentile: true"), "no percentile"),
        (model("register: nothing, line: {zero_at: 0, full_at: 1}"), "No such register"),
        (model("holds: [nothing]"), "No node nothing"),
        (model("fact: employees, bands: [{at_least: 1, score: 101}]"), "0 to 100"),
        (
            model("fact: employees, bands: [{at_least: 1, score: 1}, {at_least: 2, score: 2}]"),
            "never reached",
        ),
        (model("fact: employees, line: {zero_at: 0%, full_at: 1%}"), "rate"),
        (model("fact: employees, holds: [x], percentile: true"), "has one of"),
        (model("fact: employees"), "one of bands, line, percentile"),
        (f"points:\n  - {{code: p, {NAME}, {ORIGIN}, manual: true, points: 0}}\n", "above 0"),
        (f"points:\n  - {{code: p, {NAME}, {ORIGIN}, holds: [nothing], points: 1}}\n", "no node nothing"),
        (
            f"points:\n  - {{code: p, {NAME}, {ORIGIN}, fact: rd_expense, points: 1}}\n",
            "a fact's rule has bands",
        ),
        (
            f"growth:\n  - {{code: g, {NAME}, {ORIGIN}, fact: rd_share_of_revenue}}\n",
            "no filed amount by year",
        ),
        (f"growth:\n  - {{code: g, {NAME}, {ORIGIN}, fact: rd_expense, flag: employees}}\n", "no filed flag"),
    ],
)
def test_a_fault_is_named_at_its_line(city: Path, text: str, message: str) -> None:
    found = faults(city, text)
    assert any(each.startswith("scoring.yaml:2") and message in each for each in found), found


def test_a_sound_model_loads(city: Path) -> None:
    assert faults(city, model(SOUND)) == []


def test_a_statistical_fact_is_never_scored(city: Path) -> None:
    fact = f"facts:\n  - {{key: rd_107, {NAME}, unit: CNY, period: year, {ORIGIN}, statistical: true}}\n"
    (city / "facts.yaml").write_text(fact, encoding="utf-8")
    assert any("statistical" in each for each in faults(city, model("fact: rd_107, percentile: true")))
