"""Reads one pack folder into a `Pack`: YAML, then shape. What the parts say to each other is checked in `checks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from kechuang_packs.models.common import Strict
from kechuang_packs.models.pack import FILES, FOLDERS, Pack
from kechuang_packs.source import Fault, PackError, digest_of, line_of, read_yaml

Path_ = tuple[str | int, ...]
"""Where something stands: part of the pack, then keys and positions, e.g. `("ladder", "honours", 0, "quota")`."""


@dataclass(frozen=True)
class ReadPack:
    """A pack with where it came from, so that later checks can name file and line."""

    pack: Pack
    folder: Path
    digest: str
    documents: Mapping[str, Any]
    """shown file name → YAML with positions"""
    places: Mapping[tuple[str, int], tuple[str, Path_]]
    """(list part, position) → (shown file, path in it) for parts gathered from several files"""
    root: str

    def fault(self, path: Path_, message: str) -> Fault:
        """A fault at a place of the pack."""
        part, *rest = path
        if part in {"rules", "forms"} and rest and isinstance(rest[0], int):
            shown, inner = self.places[str(part), rest[0]]
            return Fault(shown, line_of(self.documents[shown], (*inner, *rest[1:])), message)
        names = (name for name, (field, _) in FILES.items() if field == part)
        shown = f"{self.root}/{next(names, 'pack.yaml')}"
        document = self.documents.get(shown)
        if document is None:
            return Fault(f"{self.root}/pack.yaml", 1, message)
        return Fault(shown, line_of(document, rest), message)


def read_pack(folder: Path, shown_as: str, read: Callable[[Path, str], Any] = read_yaml) -> ReadPack:
    """Read all files of a folder; PackError lists every fault of YAML and of shape."""
    faults: list[Fault] = []
    raw: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    gathered: dict[str, list[Any]] = {"rules": [], "forms": []}
    places: dict[tuple[str, int], tuple[str, Path_]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name.lower().startswith("readme"):
            continue
        shown = f"{shown_as}/{name}"
        target = _target(name)
        if target is None:
            faults.append(Fault(shown, 1, "no file of a policy pack has this name"))
            continue
        part, inner, model = target
        try:
            raw[shown] = read(path, shown)
            value = _validate(model, raw[shown], shown)
        except PackError as error:
            faults += error.faults
            continue
        if inner is None:
            parts[part] = value
            continue
        for index, item in enumerate(getattr(value, inner)):
            places[part, len(gathered[part])] = (shown, (inner, index))
            gathered[part].append(item)
    if "header" not in parts and not any(f.file.endswith("/pack.yaml") for f in faults):
        faults.append(Fault(f"{shown_as}/pack.yaml", 1, "the pack has no pack.yaml"))
    if faults:
        raise PackError(faults)
    pack = Pack(**parts, rules=tuple(gathered["rules"]), forms=tuple(gathered["forms"]))
    content = {name.removeprefix(f"{shown_as}/"): data for name, data in raw.items()}
    return ReadPack(pack, folder, digest_of(content), raw, places, shown_as)


def read_texts(files: Mapping[str, str]) -> ReadPack:
    """Read a pack from texts by file name; PackError lists every fault, with the name as it was given."""
    strange = [name for name in files if _target(name) is None]
    if strange:
        raise PackError([Fault(name, 1, "no file of a policy pack has this name") for name in strange])
    with TemporaryDirectory(prefix="kechuang-pack-") as made:
        folder = Path(made)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return read_pack(folder, ".")


def _target(name: str) -> tuple[str, str | None, type[Strict]] | None:
    if name in FILES:
        part, model = FILES[name]
        return part, None, model
    top, _, rest = name.partition("/")
    if top in FOLDERS and rest.endswith(".yaml") and "/" not in rest:
        return FOLDERS[top]
    return None


def _validate(model: type[Strict], data: Any, shown: str) -> Strict:
    if not isinstance(data, Mapping):
        raise PackError([Fault(shown, 1, "the file has no keys at its top level")])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        items = error.errors(include_url=False)
        raise PackError(
            [
                Fault(
                    shown, line_of(data, item["loc"]), f"{_shown_path(data, item['loc'])}: {_message(item)}"
                )
                for item in items
                if not (
                    item["type"] == "too_short" and any(_below(item["loc"], other["loc"]) for other in items)
                )
            ]
        ) from None


def _below(path: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    """A list all of whose entries are faulty reads as empty too: that says nothing new."""
    return len(other) > len(path) and other[: len(path)] == path


def _message(item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return "the format has no such key"
    text = str(item["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _shown_path(data: Any, path: tuple[str | int, ...]) -> str:
    """The path without the tags that pydantic puts in for unions."""
    steps: list[str] = []
    for index, step in enumerate(path):
        inside = (isinstance(data, Mapping) and step in data) or (
            isinstance(data, list) and isinstance(step, int) and step < len(data)
        )
        if inside:
            data = data[step]
        if inside or index == len(path) - 1:
            steps.append(str(step))
    return ".".join(steps)
