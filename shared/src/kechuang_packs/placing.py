"""Putting a published version into the folder of packs: a folder of its own, exactly the content that was decided on."""

from __future__ import annotations

import json
from pathlib import Path

from kechuang_packs.packs import load_packs
from kechuang_packs.reading import read_texts
from kechuang_packs.source import Fault, PackError


def place(answer: Path, packs: Path) -> Path:
    """Write the files of an answer of `GET /policy-pack-versions/{id}/files` into `<packs>/<pack id>-<version>`.

    Gives the new folder. PackError, with nothing written, when the content is not that of the digest, the version is
    there already, or the whole folder of packs would have faults.
    """
    told = json.loads(answer.read_text(encoding="utf-8"))
    files: dict[str, str] = {each["name"]: each["content"] for each in told["files"]}
    read = read_texts(files)
    if read.digest != told["digest"]:
        raise PackError([Fault(str(answer), 1, "the files are not those of the digest; fetch them again")])
    load_packs(packs).with_draft(files)  # refuses a version that is there, and faults beside the others
    folder = packs / f"{read.pack.id}-{read.pack.version}"
    if folder.exists():
        raise PackError([Fault(str(folder), 1, "the folder is there already; move it away first")])
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
