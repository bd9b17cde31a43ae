"""Documents that the code knows better: `docs/states.md`, and a part of each service's README.

    python -m kechuang_embedded.docs write|check

`check` ends with 1 when a document and the code differ.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from kechuang.service import Service
from kechuang.states import Machine, Verb
from kechuang_embedded.docs_services import readme, with_facts
from kechuang_embedded.layout import CHECKOUT
from kechuang_embedded.services import WITH_DATA

PAGE: Final = CHECKOUT / "docs" / "states.md"
_INTRODUCTION: Final = """\
# States and verbs (状态与办理事项)

Written by `python -m kechuang_embedded.docs write` from the state machines of the services; a test compares the
two. Each machine is one table in the `domain.py` of its feature (`kechuang.states`); transitions, the answers of
`/actions`, the labels of the specification, work items and this page all read it.

Signs beside a verb: **决** it decides (`If-Match` and `Idempotency-Key` are demanded) · **办** who uses it has
handled the matter · **避** who handled the matter may not use it · **自** the system uses it, after an event or at a
date. A verb that leads to "–" keeps the state, or the use case chooses the state by the outcome.
"""


def installed() -> list[Service]:
    """Give the services that can be imported and own resources, in the order of the picture."""
    owners = [each for each in WITH_DATA if each.installed]
    return [import_module(f"{each.package}.service").SERVICE for each in owners]


def page(services: Sequence[Service]) -> str:
    """Give the whole page."""
    return "\n".join([_INTRODUCTION, *(section(each) for each in services)])


def section(service: Service) -> str:
    """Give a service's part of the page: a heading, then each resource's diagram and table."""
    return "\n".join([f"## {service.name} {service.title.zh}", "", *_resources(service)])


def _resources(service: Service) -> Iterator[str]:
    for resource in service.resources:
        machine = resource.machine
        yield f"### {resource.title.zh} `{resource.name}`"
        yield ""
        yield from _diagram(machine)
        yield ""
        yield from _table(machine)
        yield ""


def _diagram(machine: Machine) -> Iterator[str]:
    """Mermaid's state diagram: one arrow for each pair of states, with the verbs that lead along it."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for name, label in machine.states.items():
        yield f'    state "{label.zh} {name}" as {name}'
    yield f"    [*] --> {machine.initial}"
    for (source, target), verbs in _arrows(machine).items():
        yield f"    {source} --> {target}: {' / '.join(each.label.zh for each in verbs)}"
    yield "```"


def _arrows(machine: Machine) -> dict[tuple[str, str], list[Verb]]:
    arrows: dict[tuple[str, str], list[Verb]] = {}
    for each in machine.verbs:
        for source in _in_order(machine, each.from_):
            if each.to is not None and each.to != source:
                arrows.setdefault((source, each.to), []).append(each)
    return arrows


def _table(machine: Machine) -> Iterator[str]:
    yield "| verb | 办理 | | from | to |"
    yield "|---|---|---|---|---|"
    for each in machine.verbs:
        sources = ", ".join(_in_order(machine, each.from_))
        yield f"| `{each.name}` | {each.label.zh} {each.label.en} | {_signs(each)} | {sources} | {each.to or '–'} |"


def _in_order(machine: Machine, states: Any) -> list[str]:
    return [name for name in machine.states if name in states]


def _signs(verb: Verb) -> str:
    signs = (("决", verb.decides), ("办", verb.handles), ("避", verb.not_by_handler), ("自", verb.automatic))
    return " ".join(sign for sign, shown in signs if shown)


def documents(root: Path = CHECKOUT) -> Iterator[tuple[Path, str]]:
    """Give each document with the text that it should have."""
    services = installed()
    yield root / PAGE.relative_to(CHECKOUT), page(services)
    for each in services:
        path = root / readme(each).relative_to(CHECKOUT)
        if path.exists():
            yield path, with_facts(path.read_text(encoding="utf-8"), each)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m kechuang_embedded.docs", description=__doc__)
    parser.add_argument("command", choices=["write", "check"])
    parser.add_argument("--root", type=Path, default=CHECKOUT, help="another checkout to write into")
    asked = parser.parse_args(arguments)
    stale = [
        (path, text)
        for path, text in documents(asked.root)
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if asked.command == "write":
            path.write_text(text, encoding="utf-8")
        else:
            print(
                f"{path} is not what the code says; python -m kechuang_embedded.docs write", file=sys.stderr
            )
    return int(bool(stale) and asked.command == "check")


if __name__ == "__main__":
    sys.exit(main())
