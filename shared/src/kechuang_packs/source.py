"""YAML with positions: what stands in which line, so that every fault can name its file and line."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError


@dataclass(frozen=True, order=True, slots=True)
class Fault:
    """Something wrong in a pack."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class PackError(Exception):
    """A pack cannot be loaded; `faults` says why, with file and line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


def _refuse_aliases(text: str, shown: str) -> None:
    """No anchor is used again: ten lines of aliases of aliases would become gigabytes of pack."""
    if "&" not in text or "*" not in text:
        return
    try:
        found = next(
            (each for each in yaml.scan(text, yaml.CSafeLoader) if isinstance(each, yaml.AliasToken)), None
        )
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackError([Fault(shown, line, error.problem or "not YAML")]) from None
    if found is not None:
        raise PackError([Fault(shown, found.start_mark.line + 1, "write it out: packs take no aliases (*)")])


def read_yaml(path: Path, shown: str) -> Any:
    """The document with ruamel's positions; PackError for what is not YAML (a key given twice included)."""
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_aliases(text, shown)
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        text = (error.problem or "not YAML").splitlines()[0]
        raise PackError([Fault(shown, mark.line + 1 if mark else 1, text)]) from None
    except (YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that is none, 5,000 digits
        raise PackError([Fault(shown, 1, str(error).splitlines()[0])]) from None


class _FastLoader(yaml.CSafeLoader):
    """libyaml with the scalars of YAML 1.2: what it leaves as text, the models read as text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  as PyYAML declares it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is given twice, which libyaml lets pass."""
        made = super().construct_mapping(node, deep=deep)
        if len(made) != len(node.value):
            raise yaml.YAMLError("a key is given twice")
        return made


_FastLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_FastLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")
)
_FastLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)


# What the two readers would understand differently is left to the exact one: a number with leading zeros is
# a decimal in YAML 1.2 and an octal in 1.1, and a fraction loses its last zeros.
_UNCLEAR = re.compile(r"^[-+]?(?:0[0-9]+|\.[0-9]+|[0-9]+\.(?:[0-9]*0)?|[0-9.]+[eE][-+]?[0-9]+)$")
_FastLoader.add_implicit_resolver("!unclear", _UNCLEAR, list("-+.0123456789"))


def read_fast(path: Path, shown: str) -> Any:
    """The same document without positions, in a tenth of the time; PackError without a useful line."""
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_aliases(text, shown)
        return yaml.load(text, Loader=_FastLoader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PackError([Fault(shown, 1, str(error).splitlines()[0])]) from None


def line_of(data: Any, path: Sequence[str | int]) -> int:
    """The line (from 1) of the place; of its nearest ancestor that has one when the place itself is missing."""
    line = 1
    for step in path:
        try:
            if isinstance(data, Mapping) and step in data:
                line = data.lc.key(step)[0] + 1  # type: ignore[attr-defined]  # ruamel's CommentedMap
            elif isinstance(data, Sequence) and isinstance(step, int) and step < len(data):
                line = data.lc.item(step)[0] + 1  # type: ignore[attr-defined]  # ruamel's CommentedSeq
            else:
                continue  # a tag of a union, or a missing key: stay at the parent
        except (AttributeError, KeyError, TypeError):
            return line
        data = data[step]
    return line


def plain(value: Any) -> Any:
    """The same content as dict, list, str, int, bool, None and ISO dates, without positions."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    return str(value)  # scalar floats keep the digits that were written


def digest_of(files: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical content of all files: what comments and layout say does not count."""
    text = json.dumps(plain(files), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
