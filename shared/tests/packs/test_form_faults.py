"""Faults of forms, of their sums over projects, checks and totals are found where they stand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kechuang_packs import PackError
from kechuang_packs.packs import load_folders

NATIONAL = Path(__file__).parents[3] / "deploy" / "policy-packs" / "national-facts"
NAME = "{zh: 甲, en: A}"
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
FORM = """\
forms:
  - code: own
    name: {zh: 甲, en: A}
    version: "1"
    purpose: filing
    period: year
    source: product_default
    confidence: D
    schema:
      type: object
      properties:
        own_total: {type: string, title: 合计, x-title-en: Total, x-unit: 元}
    projects:
      type: object
      properties:
        kind: {type: string, title: 类别, x-title-en: Kind}
"""
BESIDE = "    beside: rd_activities_107_2\n"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A small city beside the national facts."""
    shutil.copytree(NATIONAL, tmp_path / "national-facts")
    folder = tmp_path / "shilu"
    (folder / "forms").mkdir(parents=True)
    (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
    areas = "areas:\n  - {id: shilu, name: {zh: 示例市, en: Sample}, kind: city}\n"
    (folder / "areas.yaml").write_text(areas, encoding="utf-8")
    return folder


def faults(city: Path, more: str) -> list[str]:
    """The faults of the form with `more` of it, without their places' folder."""
    (city / "forms/own.yaml").write_text(FORM + more, encoding="utf-8")
    roots = sorted(path.parent for path in city.parent.rglob("pack.yaml"))
    try:
        load_folders(roots, city.parent)
    except PackError as error:
        return [str(fault).rpartition("forms/")[2] for fault in error.faults]
    return []


def check(expression: str, more: str = "") -> str:
    return f'    checks: [{{code: c, expression: "{expression}", message: {NAME}{more}}}]\n'


def sums(more: str) -> str:
    return f"    sums: [{{name: {NAME}, {more}}}]\n"


@pytest.mark.parametrize(
    "more",
    [
        check("own_total > 0"),
        check("known(kind) and staff > 0 and started_on <= period_ends", ", each: project"),
        sums("code: spending, of: spent, where: kind == 'a'") + check("spending <= own_total"),
        sums("code: number") + f"    totals: [{{code: n, name: {NAME}, expression: number}}]\n",
        "    beside: rd_activities_107_2\n"
        + check("own_total <= rd_total and rd_total <= 2 * ago(rd_total, 1)"),
        "    beside: rd_projects_107_1\n" + check("project_spending <= own_total"),
    ],
)
def test_what_is_there_may_be_named(city: Path, more: str) -> None:
    assert faults(city, more) == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (check("other > 0"), "no field other"),
        # A project's field is no field of the form, and the other way round.
        (check("spent > 0"), "no field spent"),
        (check("own_total > 0", ", each: project"), "no field own_total"),
        (check("own_total >"), "column"),
        (sums("code: spending, of: gone"), "no field gone of a project"),
        (sums("code: spending, where: gone == 'a'"), "no field gone"),
        (sums("code: own_total, of: spent"), "own_total is the name of a field"),
        (sums("code: period_ends, of: spent"), "period_ends is the name of a field"),
        ("    beside: gone\n", "no filing gone for the same kind of period"),
        ("    beside: rd_projects_107_1\n" + sums("code: project_spending, of: spent"),
         "project_spending is a name of both forms"),
        # What a form adds to totals is its own.
        (BESIDE + f"    totals: [{{code: n, name: {NAME}, expression: rd_total}}]\n", "no field rd_total"),
        ("        staff: {type: integer, title: 人数, x-title-en: Staff}\n", "staff is a field of every project"),
        ("        more: {type: integer}\n", "a field has title and x-title-en"),
        ("        more: {type: wrong, title: 甲, x-title-en: A}\n", "is not valid under any of the given schemas"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(city: Path, more: str, message: str) -> None:
    found = faults(city, more)
    assert len(found) == 1
    assert message in found[0]
    assert found[0].startswith("own.yaml:")
