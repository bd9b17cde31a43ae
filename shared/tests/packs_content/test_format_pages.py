"""What a newcomer reads is what the format takes: the page of fields, and placing what was published."""

import json
import shutil
from pathlib import Path

import pytest

from kechuang_packs.cli import main
from kechuang_packs.field_reference import page
from kechuang_packs.packs import load_packs
from kechuang_packs.reading import read_texts

ROOT = Path(__file__).parents[3]
SIXTH = ROOT / "tests/packs/sixth-city"


def test_the_page_of_fields_is_that_of_the_models() -> None:
    """After a change of the format: `python -m kechuang_packs schema` writes both, schemas and page."""
    assert (ROOT / "docs/policy-pack-fields.md").read_text(encoding="utf-8") == page()


@pytest.fixture
def packs_folder(tmp_path: Path) -> Path:
    """The national packs as they are deployed."""
    folder = tmp_path / "packs"
    for each in (ROOT / "deploy/policy-packs").glob("national-*"):
        shutil.copytree(each, folder / each.name)
    return folder


def answer(folder: Path, **changes: str) -> Path:
    """What `GET /policy-pack-versions/{id}/files` gives for the sixth city."""
    files = {path.relative_to(SIXTH).as_posix(): path.read_text("utf-8") for path in SIXTH.rglob("*.yaml")}
    told = {"digest": read_texts(files).digest} | changes
    told["files"] = [{"name": name, "content": text} for name, text in files.items()]  # type: ignore[assignment]  # JSON
    file = folder / "answer.json"
    file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return file


def test_what_was_published_is_placed_beside_the_others_once(
    tmp_path: Path, packs_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(tmp_path)
    assert main(["place", str(told), str(packs_folder)]) == 0
    placed = Path(capsys.readouterr().out.strip())
    assert placed.name == "yunlan-2024.1"
    assert (placed / "rules/pillar.yaml").read_text("utf-8") == (SIXTH / "rules/pillar.yaml").read_text(
        "utf-8"
    )
    assert load_packs(packs_folder).version("yunlan", "2024.1").id == "yunlan"
    assert main(["place", str(told), str(packs_folder)]) == 1
    assert "2024.1 already" in capsys.readouterr().out


def test_other_content_than_was_decided_on_is_not_placed(
    tmp_path: Path, packs_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["place", str(answer(tmp_path, digest="0" * 64)), str(packs_folder)]) == 1
    assert "not those of the digest" in capsys.readouterr().out
    assert not (packs_folder / "yunlan-2024.1").exists()
