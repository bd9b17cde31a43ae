"""Reads the examples out of a guide and plays them.

A block marked `http` is a request, or, when it begins with `HTTP/1.1`, the answer that the request before it gets.
`{name}` stands for something known: in a request it is filled in, in an answer it is compared, or remembered
when it is met for the first time. In an answer `…` stands for anything, and what is not mentioned is not compared.

A block marked `python` is run as it stands, with the names that the guide says are there.
"""

import json
import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_BLOCK = re.compile(r"^```(http|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\{([a-z_]+)\}")
ANYTHING = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the guide where it begins."""

    language: str
    text: str
    line: int

    @property
    def is_answer(self) -> bool:
        return self.language == "http" and self.text.startswith("HTTP/1.1 ")


def blocks(guide: Path) -> Iterator[Block]:
    """Give the blocks of a guide in their order."""
    text = guide.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        yield Block(match[1], match[2], text.count("\n", 0, match.start()) + 2)


def split(text: str) -> tuple[str, dict[str, str], str]:
    """Take a message apart: first line, headers, body."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().splitlines()
    return first, dict(line.split(": ", 1) for line in lines), body.strip()


async def send(client: httpx.AsyncClient, block: Block, known: MutableMapping[str, str]) -> httpx.Response:
    """Send a request block."""
    text = _NAME.sub(lambda match: known[match[1]], block.text)
    first, headers, body = split(text)
    method, address = first.split(" ", 1)
    return await client.request(method, address, headers=headers, content=body.encode() or None)


def compare(answer: httpx.Response, block: Block, known: MutableMapping[str, str]) -> list[str]:
    """Give what is different from the block; remembers what the block gives a name to."""
    first, headers, body = split(block.text)
    wanted = int(first.split()[1])
    if answer.status_code != wanted:
        return [f"status {answer.status_code} instead of {wanted}: {answer.text}"]
    found = [
        f"header {name}: {problem}"
        for name, value in headers.items()
        for problem in _differences(value, answer.headers.get(name), "", known)
    ]
    if body.startswith(("{", "[")):
        found += _differences(json.loads(body), answer.json(), "", known)
    return found


def _differences(wanted: Any, found: Any, where: str, known: MutableMapping[str, str]) -> list[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        missing = [f"{where}/{name} is missing" for name in wanted if name not in found]
        return missing + [
            each
            for name, value in wanted.items()
            if name in found
            for each in _differences(value, found[name], f"{where}/{name}", known)
        ]
    if isinstance(wanted, list) and isinstance(found, list):
        open_end = bool(wanted) and wanted[-1] == ANYTHING
        items = wanted[:-1] if open_end else wanted
        if len(found) < len(items) or (len(found) > len(items) and not open_end):
            return [f"{where} has {len(found)} items instead of {len(items)}"]
        return [
            each
            for n, value in enumerate(items)
            for each in _differences(value, found[n], f"{where}/{n}", known)
        ]
    if isinstance(wanted, str) and isinstance(found, str):
        return [] if _same_text(wanted, found, known) else [f"{where} is {found!r} instead of {wanted!r}"]
    return [] if wanted == found else [f"{where} is {found!r} instead of {wanted!r}"]


def _same_text(wanted: str, found: str, known: MutableMapping[str, str]) -> bool:
    """Compare a text in which `{name}` and `…` stand for parts."""
    pattern, names = "", []
    for part in re.split(r"(\{[a-z_]+\}|…)", wanted):
        name = _NAME.fullmatch(part)
        if part == ANYTHING:
            pattern += ".*"
        elif name is None:
            pattern += re.escape(part)
        elif name[1] in known:
            pattern += re.escape(known[name[1]])
        else:
            pattern += f"(?P<{name[1]}>.+)"
            names.append(name[1])
    match = re.fullmatch(pattern, found, re.DOTALL)
    if match is not None:
        known.update({name: match[name] for name in names})
    return match is not None
