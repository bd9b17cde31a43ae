"""What the documents say about the tree is compared with the tree."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from guide_examples import Block, blocks, compare

from kechuang.settings import Settings
from kechuang_embedded import docs
from kechuang_embedded.settings import StackSettings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "services/*/README.md") for path in ROOT.glob(pattern)
)
_LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_TREES = ("shared/", "services/", "deploy/", "tests/", "docs/", "requirements/")


def prose(document: Path) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as the usual viewers make them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for address, anchor in _LINK.findall(prose(document)):
        if "://" in address:
            continue
        target = (document.parent / address).resolve() if address else document
        assert target.exists(), f"{document.name} links to {address}"
        if anchor:
            assert anchor[1:] in anchors(target), f"{document.name} links to {address}{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_paths_that_are_named_exist(document: Path) -> None:
    for code in _CODE.findall(prose(document)):
        path = code.split("::")[0]
        if path.startswith(_TREES) and not set(path) & set("<>{}*… "):
            found = (ROOT / path).exists() or (document.parent / path).exists()
            assert found, f"{document.name} names {path}"


def targets() -> dict[str, str]:
    """The Makefile's targets with what `make help` says of them."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z-]+):.*## (.+)$", makefile, re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_lists_the_targets_of_the_makefile(name: str) -> None:
    listed = re.findall(r"^\| `make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == set(targets()) - {"help"}


def test_commands_that_are_named_exist() -> None:
    known = set(targets())
    for document in DOCUMENTS:
        for code in _CODE.findall(document.read_text(encoding="utf-8")):
            found = re.match(r"make ([a-z-]+)", code)
            assert found is None or found[1] in known, f"{document.name}: {code}"


def settings() -> Iterator[str]:
    for model in (Settings, StackSettings):
        yield from (f"KECHUANG_{name.upper()}" for name in model.model_fields)


def test_the_operators_guide_lists_every_setting_and_no_other() -> None:
    text = (ROOT / "docs" / "guides" / "operators.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| `KECHUANG_"))
    # Two that the layout of folders reads before there are settings, and the audit's file of roots.
    assert set(re.findall(r"KECHUANG_[A-Z_]+", rows)) == {*settings(), "KECHUANG_STATE_HOME"}


def test_decisions_are_numbered_without_gaps_and_all_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [each[:4] for each in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    listed = re.findall(r"\]\(([0-9]{4}-[^)]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == pages


@pytest.mark.parametrize("service", docs.installed(), ids=lambda each: each.name)
def test_the_page_of_states_is_what_the_machines_say(service: docs.Service) -> None:
    page = docs.PAGE.read_text(encoding="utf-8")
    assert docs.section(service) in page, "python -m kechuang_embedded.docs write"


@pytest.mark.parametrize("service", docs.installed(), ids=lambda each: each.name)
def test_the_readme_of_a_service_is_what_its_declaration_says(service: docs.Service) -> None:
    text = docs.readme(service).read_text(encoding="utf-8")
    assert docs.with_facts(text, service) == text, "python -m kechuang_embedded.docs write"


def test_a_document_that_lies_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "states.md"
    page.parent.mkdir()
    here = ["--root", str(tmp_path)]
    assert docs.main(["write", *here]) == 0
    assert docs.main(["check", *here]) == 0
    page.write_text(page.read_text(encoding="utf-8").replace("-->", "->", 1), encoding="utf-8")
    assert docs.main(["check", *here]) == 1


def _answer(text: str) -> Block:
    return Block("http", text, 1)


def test_an_example_that_lies_is_noticed() -> None:
    answer = httpx.Response(200, headers={"ETag": '"2.ab"'}, json={"id": "7", "items": [{"n": 1}, {"n": 2}]})
    known = {"need": "7"}
    for right in (
        'HTTP/1.1 200 OK\nETag: {tag}\n\n{"id": "{need}", "items": [{"n": 1}, "…"]}',
        'HTTP/1.1 200 OK\nETag: "2.…"\n\n{"items": [{}, {"n": 2}]}',
    ):
        assert compare(answer, _answer(right), known) == []
    assert known["tag"] == '"2.ab"'
    for wrong in (
        "HTTP/1.1 201 Created",
        "HTTP/1.1 200 OK\nETag: {need}",
        'HTTP/1.1 200 OK\n\n{"id": "8"}',
        'HTTP/1.1 200 OK\n\n{"id": 7}',
        'HTTP/1.1 200 OK\n\n{"state": "draft"}',
        'HTTP/1.1 200 OK\n\n{"items": [{"n": 1}]}',
        'HTTP/1.1 200 OK\n\n{"items": [{"n": 1}, {"n": 3}]}',
    ):
        assert compare(answer, _answer(wrong), known), wrong


def test_blocks_know_where_they_stand(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("# A\n\n```http\nGET /x\n```\n\n```python\nprint(1)\n```\n", encoding="utf-8")
    assert [(each.language, each.line) for each in blocks(guide)] == [("http", 4), ("python", 8)]


@pytest.fixture
def state_home() -> Iterator[Path]:
    """A folder that a database's unprivileged uid could reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def test_operators_run_commands_with_a_services_settings(state_home: Path) -> None:
    environment = {**os.environ, "KECHUANG_STATE_HOME": str(state_home), "KECHUANG_RUN_HERE": "1"}
    show = "import os; print(os.environ['KECHUANG_SERVICE'], os.environ['KECHUANG_DATABASE_URL'].rpartition('/')[2])"
    command = [sys.executable, "-m", "kechuang_embedded.within", "indicators", "-c", show]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["indicators", "indicators"]
