"""`make specs` writes, `make specs A=--check` compares."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from kechuang.http.app import create_app
from kechuang.http.merge import merge
from kechuang.settings import Settings
from kechuang_embedded.layout import CHECKOUT
from kechuang_embedded.services import SERVICES
from kechuang_embedded.specs import asyncapi, problems
from kechuang_embedded.specs.breaks import breaks
from kechuang_embedded.specs.lint import faults

FOLDER = CHECKOUT / "docs" / "specs"
PORTAL = CHECKOUT / "services" / "portal" / "src" / "portal"
SOURCES = [CHECKOUT / "shared" / "src", *sorted((CHECKOUT / "services").glob("*/src"))]


def _openapi() -> dict[str, dict[str, Any]]:
    """Build each service's application, without starting it, and ask it for its document."""
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://specs@localhost/specs",
            "database_read_url": "postgresql://specs@localhost/specs",
        }
    )
    found = {}
    for each in SERVICES:
        if each.owns_data and each.installed:
            service = import_module(f"{each.package}.service").SERVICE
            found[each.name] = create_app(service, settings).openapi()
    return found


def documents() -> dict[Path, Any]:
    """Everything that is generated, by the file it belongs into."""
    services = _openapi()
    merged = merge(
        services, title="科创 Kechuang", version="1.0.0",
        description="市级科技创新计划开放后端。\n\nOne API of four services behind one address.",
    )  # fmt: skip
    events = asyncapi.document()
    return {
        **{FOLDER / f"openapi-{name}.json": spec for name, spec in services.items()},
        FOLDER / "openapi.json": merged,
        FOLDER / "asyncapi.json": events,
        PORTAL / "asyncapi.json": events,
        PORTAL / "problems.json": problems.collect(SOURCES),
    }


def _bytes(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def check(made: dict[Path, Any]) -> list[str]:
    """Give every reason why the committed documents are not good."""
    found = []
    for path, document in made.items():
        name = path.relative_to(CHECKOUT)
        if not path.exists() or path.read_bytes() != _bytes(document):
            found.append(f"{name} is not fresh: make specs")
        if path.parent == FOLDER and path.name.startswith("openapi"):
            found += [f"{name}: {fault}" for fault in faults(document)]
            released = FOLDER / "released" / path.name
            if released.exists():
                found += [f"{name}: {each}" for each in breaks(orjson.loads(released.read_bytes()), document)]
    return found


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="make specs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare and judge, change nothing")
    asked = parser.parse_args()
    made = documents()
    if not asked.check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path, document in made.items():
            path.write_bytes(_bytes(document))
    found = check(made)
    print("\n".join(found) or f"{len(made)} documents are fresh and whole")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
