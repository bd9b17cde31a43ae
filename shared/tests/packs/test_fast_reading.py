"""Packs are read without positions first: the content must be the same to the digest."""

from pathlib import Path

import pytest

from kechuang_packs.packs import load_packs
from kechuang_packs.source import PackError, digest_of, read_fast, read_yaml

PACKS = Path(__file__).parents[3] / "deploy" / "policy-packs"


@pytest.mark.parametrize("pack", sorted(each.parent.name for each in PACKS.rglob("pack.yaml")))
def test_both_readers_see_the_same(pack: str) -> None:
    for path in sorted((PACKS / pack).rglob("*.yaml")):
        assert digest_of({"": read_fast(path, path.name)}) == digest_of({"": read_yaml(path, path.name)}), (
            path
        )


_DEEP = "[" * 1000
_LONG = "a: " + "9" * 5000


_BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: [1\n", "\tb: 1\n", "a: &b [*\n", _DEEP, _LONG, _BOMB])
def test_what_is_no_good_yaml_is_refused_by_both(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(text)
    for read in (read_fast, read_yaml):
        with pytest.raises(PackError):
            read(path, "pack.yaml")


def test_an_alias_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(_BOMB)
    for read in (read_fast, read_yaml):
        with pytest.raises(PackError, match="aliases") as refused:
            read(path, "pack.yaml")
        assert refused.value.faults[0].line == 2
    path.write_text("a: R&D * 2\nb: 'x & *y'\n")
    assert read_yaml(path, "pack.yaml") == read_fast(path, "pack.yaml")


def test_a_date_that_is_none_is_a_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text("in_force_from: 2024-02-30\n")
    with pytest.raises(PackError, match="day is out of range"):
        read_yaml(path, "pack.yaml")


def test_scalars_of_yaml_1_1_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text("a: yes\nc: 12:30\nd: 2024-03-01\ne: 1.8\nf: null\ng: true\nh: 7\n")
    assert digest_of({"": read_fast(path, "")}) == digest_of({"": read_yaml(path, "")})


def test_a_fault_still_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("id: toy\nversion: '1'\nnonsense: 3\n")
    with pytest.raises(PackError) as refused:
        load_packs(tmp_path)
    assert any(fault.line == 3 for fault in refused.value.faults)


@pytest.mark.parametrize("number", ["0777", "1.50", ".5", "7.", "1.5e3"])
def test_a_number_that_could_be_read_otherwise_is_left_to_the_exact_reader(
    tmp_path: Path, number: str
) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(f"a: {number}\n")
    with pytest.raises(PackError):
        read_fast(path, "")
