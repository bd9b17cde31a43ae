"""What the tests of faults in packs share: the national packs, which every one of them needs beside its own."""

from pathlib import Path
from typing import Any

import pytest

from kechuang_packs import packs
from kechuang_packs.source import read_yaml

_READ: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _one_text_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact reader takes half a second for the national packs; a hundred tests change one line beside them."""

    def read(path: Path, shown: str) -> Any:
        text = path.read_text(encoding="utf-8")
        if text not in _READ:
            _READ[text] = read_yaml(path, shown)
        return _READ[text]

    monkeypatch.setattr(packs, "read_yaml", read)
