"""A city words a message otherwise: its template stands before the one for every city."""

import shutil
from pathlib import Path

from kechuang_packs.packs import load_folders

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
MESSAGES = """\
messages:
  - code: filing_returned
    event: filing.returned
    to: organisation
    subject_zh: 请补正（{number}）
    body_zh: 请补正。
    source: product_default
    confidence: D
"""


def test_a_template_of_the_city_replaces_the_one_for_every_city(tmp_path: Path) -> None:
    shutil.copytree(PACKS / "national-facts", tmp_path / "national-facts")
    (tmp_path / "shilu").mkdir()
    for name, text in (("pack", PACK), ("areas", AREAS), ("messages", MESSAGES)):
        (tmp_path / "shilu" / f"{name}.yaml").write_text(text, encoding="utf-8")
    packs = load_folders(sorted(each.parent for each in tmp_path.rglob("pack.yaml")), tmp_path)
    messages = packs.visible(packs.version("shilu", "1")).messages
    returned = [each for each in messages.values() if each.event == "filing.returned"]
    assert [each.subject_zh for each in returned] == ["请补正（{number}）"]
    assert messages["filing_verified"].event == "filing.verified"
