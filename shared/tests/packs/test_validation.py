"""Every fault is found and named with its file and line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kechuang_packs import ContentChangedError, PackError
from kechuang_packs.cli import SCHEMAS, main, schema_texts
from kechuang_packs.packs import load_folders

ROOT = Path(__file__).parents[3]
NATIONAL = sorted((ROOT / "deploy" / "policy-packs").glob("national-*"))

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
AREAS = """\
areas:
  - {id: shilu, name: {zh: 示例市, en: Sample}, kind: city}
  - {id: shilu-zone, name: {zh: 高新区, en: Zone}, kind: high_tech_zone, parents: [shilu], reports: overlay}
"""


@pytest.fixture
def packs_dir(tmp_path: Path) -> Path:
    facts = next(folder for folder in NATIONAL if folder.name == "national-facts")
    shutil.copytree(facts, tmp_path / facts.name)
    city = tmp_path / "shilu"
    city.mkdir()
    (city / "pack.yaml").write_text(PACK, encoding="utf-8")
    (city / "areas.yaml").write_text(AREAS, encoding="utf-8")
    return tmp_path


def faults(packs_dir: Path, **files: str) -> list[str]:
    """The faults after these files were written into the city's pack, shown without the folder."""
    for name, text in files.items():
        path = packs_dir / "shilu" / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    roots = sorted(path.parent for path in packs_dir.rglob("pack.yaml"))
    try:
        load_folders(roots, packs_dir)
    except PackError as error:
        return [str(fault).removeprefix(f"{packs_dir.as_posix()}/") for fault in error.faults]
    return []


def rule(condition: str) -> str:
    return f"""\
rules:
  - id: r
    name: {{zh: 条件, en: Condition}}
    version: "1"
    in_force_from: 2024-01-01
    clause: 一
    condition:
      {condition}
"""


def leaf(text: str) -> str:
    return rule("{id: a, clause: 一, " + text + "}")


def test_a_sound_pack_has_no_faults(packs_dir: Path) -> None:
    assert faults(packs_dir) == []


@pytest.mark.parametrize(
    ("files", "line", "message"),
    [
        ({"areas_yaml": AREAS.replace("kind: city", "kinds: city")}, "shilu/areas.yaml:2", "no such key"),
        ({"areas_yaml": AREAS.replace("[shilu]", "[elsewhere]")}, "shilu/areas.yaml:3", "no area elsewhere"),
        ({"areas_yaml": AREAS + AREAS.splitlines()[2] + "\n"}, "shilu/areas.yaml:4", "shilu-zone stands here twice"),
        ({"areas_yaml": AREAS + "areas: []\n"}, "shilu/areas.yaml", "duplicate key"),
        ({"pack_yaml": PACK.replace("2026.1", "2001.1")}, "shilu/pack.yaml:7", "no pack national-facts of version 2001.1"),
        ({"pack_yaml": PACK.replace("area: shilu", "area: other")}, "shilu/pack.yaml:4", "no area other"),
        ({"ladders_yaml": "ladder: {}"}, "shilu/ladders.yaml:1", "no file of a policy pack"),
        ({"rules__a_yaml": leaf('fact: nothing, comparator: ">=", threshold: 1')}, "shilu/rules/a.yaml:8", "no fact nothing"),
        ({"rules__a_yaml": leaf('fact: employees, comparator: ">=", threshold: 2亿元')}, "shilu/rules/a.yaml:8", "is money"),
        ({"rules__a_yaml": leaf('fact: st_staff_share, comparator: ">=", threshold: 10')}, "shilu/rules/a.yaml:8", "with %"),
        ({"rules__a_yaml": leaf('fact: employees, comparator: ">="')}, "shilu/rules/a.yaml:8", "takes one threshold"),
        ({"rules__a_yaml": leaf("fact: product_allowed, comparator: is_true, each_of_years: 2")}, "shilu/rules/a.yaml:7", "not yearly"),
        ({"rules__a_yaml": leaf("holds: [no_such_node]")}, "shilu/rules/a.yaml:8", "no node no_such_node"),
        ({"rules__a_yaml": leaf("fact: employees, comparator: is_true")}, "shilu/rules/a.yaml:8", "is no flag"),
        (
            {"rules__a_yaml": leaf('fact: employees, comparator: ">=", bands: {by: sales_revenue, bands: [{at_least: 5元, threshold: 1}, {at_least: 6元, threshold: 2}]}')},
            "shilu/rules/a.yaml:8",
            "can never be reached",
        ),
        ({"rules__a_yaml": rule("{all_of: []}")}, "shilu/rules/a.yaml:8", "at least 1 item"),
        (
            {"indicators_yaml": "indicators:\n  - {code: a, name: {zh: 甲, en: A}, clause: 一, family: f, unit: u, unit_zh: 家, measure: stock, feed: {fed_by: formula, formula: a + b}}\n"},
            "shilu/indicators.yaml:2",
            "no indicator b",
        ),
        (
            {"indicators_yaml": "targets:\n  - {code: t, indicator: x, comparator: '>=', value: 1, deadline: null, clause: 一}\n"},
            "shilu/indicators.yaml:2",
            "no indicator x",
        ),
        ({"milestones_yaml": "milestones:\n  - {code: m, name: {zh: 甲, en: A}, type: system, deadline: null}\n"}, "shilu/milestones.yaml:2", "states its clause"),
        (
            {"facts_yaml": "facts:\n  - {key: a, name: {zh: 甲, en: A}, unit: CNY, period: year, clause: 一, expression: b}\n  - {key: b, name: {zh: 乙, en: B}, unit: CNY, period: year, clause: 一, expression: a}\n"},
            "shilu/facts.yaml:1",
            "go in a circle",
        ),
        (
            {"facts_yaml": "facts:\n  - {key: a, name: {zh: 甲, en: A}, unit: CNY, period: year, clause: 一, expression: rd_expense + employees}\n"},
            "shilu/facts.yaml:2",
            "cannot be added",
        ),
        (
            {"facts_yaml": "facts:\n  - {key: employees, name: {zh: 甲, en: A}, unit: person, period: year, clause: 一}\n"},
            "shilu/pack.yaml:7",
            "defined in more than one",
        ),
        (
            {"bidding-programmes_yaml": "programmes:\n  - code: p\n    name: {zh: 甲, en: A}\n    clause: 一\n    money: {clause: 一, tranches: [{on: signature, share: 50%}]}\n"},
            "shilu/bidding-programmes.yaml:5",
            "sum to 50%",
        ),
        (
            {"scoring_yaml": "models:\n  - {code: s, name: {zh: 甲, en: A}, clause: 一, purpose: portrait, version: '1', weights: [{code: a, name: {zh: 甲, en: A}, weight: 99}]}\n"},
            "shilu/scoring.yaml:2",
            "not to 100",
        ),
    ],
)  # fmt: skip
def test_faults_are_found_where_they_are(
    packs_dir: Path, files: dict[str, str], line: str, message: str
) -> None:
    found = faults(packs_dir, **files)
    assert any(fault.startswith(line) and message in fault for fault in found), found


def test_a_statistical_fact_feeds_no_rule(packs_dir: Path) -> None:
    facts = "facts:\n  - {key: rd_107, name: {zh: 研发经费, en: R&D}, unit: CNY, period: year, clause: 一, statistical: true}\n"
    found = faults(
        packs_dir, facts_yaml=facts, rules__a_yaml=leaf('fact: rd_107, comparator: ">", threshold: 1')
    )
    assert ["statistical" in fault for fault in found] == [True]


def test_the_command_line_prints_faults_and_ends_with_one(
    packs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(packs_dir)]) == 0
    (packs_dir / "shilu" / "areas.yaml").write_text("areas: [{id: x}]\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["validate", str(packs_dir)]) == 1
    assert "/shilu/areas.yaml:1: areas.0.name: field required" in capsys.readouterr().out


def test_changed_content_under_the_same_version_is_refused(packs_dir: Path) -> None:
    roots = sorted(path.parent for path in packs_dir.rglob("pack.yaml"))
    before = load_folders(roots, packs_dir)
    path = packs_dir / "shilu" / "areas.yaml"
    path.write_text("# a remark changes nothing\n" + AREAS, encoding="utf-8")
    load_folders(roots, packs_dir).check_digests(before.digests)
    path.write_text(AREAS.replace("示例市", "实例市"), encoding="utf-8")
    with pytest.raises(ContentChangedError, match="shilu 1"):
        load_folders(roots, packs_dir).check_digests(before.digests)


def test_committed_schemas_are_those_of_the_models() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")} == schema_texts()
    for text in schema_texts().values():
        assert json.loads(text)["$schema"].endswith("2020-12/schema")


def test_every_national_item_says_where_it_comes_from() -> None:
    packs = load_folders(NATIONAL, ROOT / "deploy" / "policy-packs")
    rules = [r for pack in packs for r in pack.rules]
    assert {r.node for r in rules} >= {
        "tech_sme",
        "hnte",
        "innovative_sme",
        "tech_innovative_sme",
        "srdi_sme",
        "little_giant",
    }
    from kechuang_packs.models.conditions import leaves

    assert [(r.id, one.id) for r in rules for one in leaves(r.condition) if not one.clause] == []


KIND = """\
kinds:
  - code: lab
    name: {{zh: 实验室, en: Laboratory}}
    group: platform
    source: product_default
    confidence: D
    {line}
    fields:
      type: object
      properties:
        ready: {{title: 就绪, x-title-en: Ready, type: boolean}}
        contact: {{title: 联系方式, x-title-en: Contact, type: string{mark}}}
"""


@pytest.mark.parametrize(
    ("line", "mark", "message"),
    [
        ("natural_key: [organisation, fields.number]", "", "no part fields.number of a natural key"),
        ("natural_key: [colour]", "", "no part colour of a natural key"),
        ("counts_when: [contact]", "", "contact is no boolean field of the kind"),
        ("counts_apart: missing", "", "missing is no boolean field of the kind"),
        ("one_day: true\n    validity_years: 3", "", "an event of one day has no validity_years"),
        ("parent: nowhere", "", "no register kind nowhere"),
        ("public: true", ", x-personal: true", "personal data does not belong into a register"),
        ("public: true", ", x-dimension: true", "x-dimension marks an enum, a boolean or a text"),
    ],
)
def test_a_kind_of_register_names_what_is_there_and_holds_nothing_personal(
    packs_dir: Path, line: str, mark: str, message: str
) -> None:
    (found,) = faults(packs_dir, registers_yaml=KIND.format(line=line, mark=mark))
    assert message in found
    assert found.startswith("shilu/registers.yaml:")


def test_a_kind_of_register_that_is_well_loads(packs_dir: Path) -> None:
    line = "natural_key: [fields.contact]\n    counts_when: [ready]"
    assert faults(packs_dir, registers_yaml=KIND.format(line=line, mark="")) == []
