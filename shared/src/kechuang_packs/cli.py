"""`python -m kechuang_packs validate [dir]`, `… place <answer.json> [dir]`, `… schema [dir]`.

`schema` without a folder writes the committed schemas and, in a checkout, the page of fields in docs/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from kechuang_packs.field_reference import page
from kechuang_packs.models.pack import FILES, FOLDERS
from kechuang_packs.packs import load_packs
from kechuang_packs.placing import place
from kechuang_packs.source import PackError

SCHEMAS = Path(__file__).parent / "schema"
PACKS = Path("deploy/policy-packs")
FIELDS = Path("docs/policy-pack-fields.md")


def schema_texts() -> dict[str, str]:
    """File name → JSON Schema (2020-12) of every file of a pack, as committed beside this module."""
    models = {name.removesuffix(".yaml"): model for name, (_, model) in FILES.items()}
    models |= {folder: model for folder, (_, _, model) in FOLDERS.items()}
    return {
        f"{name}.schema.json": json.dumps(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **model.model_json_schema(by_alias=True),
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
        for name, model in sorted(models.items())
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when all is well, 1 with `file:line: message` for every fault."""
    parser = argparse.ArgumentParser(prog="python -m kechuang_packs", description=__doc__)
    parser.add_argument("command", choices=["validate", "place", "schema"])
    parser.add_argument("dir", nargs="?", type=Path)
    parser.add_argument("packs", nargs="?", type=Path, help="place: the folder of packs", default=PACKS)
    given = parser.parse_args(arguments)
    if given.command == "schema":
        folder = given.dir or SCHEMAS
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in schema_texts().items():
            (folder / name).write_text(text, encoding="utf-8")
        if given.dir is None and FIELDS.parent.is_dir():
            FIELDS.write_text(page(), encoding="utf-8")
        return 0
    try:
        if given.command == "place":
            if given.dir is None:
                parser.error("place takes the file with the answer of GET /policy-pack-versions/{id}/files")
            sys.stdout.write(f"{place(given.dir, given.packs)}\n")
            return 0
        packs = load_packs(given.dir or PACKS)
    except PackError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    for pack in packs:
        digest = packs.digests[pack.id, pack.version][:12]
        sys.stdout.write(f"{pack.id} {pack.version} {digest} {pack.header.title.zh}\n")
    return 0
