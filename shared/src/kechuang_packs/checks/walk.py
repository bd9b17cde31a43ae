"""Walks over a pack: every model in it with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from kechuang_packs.models.conditions import AllOf, AnyOf, AtLeast, FactLeaf, HoldsLeaf, JudgedLeaf, ScoreLeaf
from kechuang_packs.reading import Path_

CONDITIONS = (AllOf, AnyOf, AtLeast, FactLeaf, HoldsLeaf, JudgedLeaf, ScoreLeaf)


def walk(value: Any, path: Path_ = ()) -> list[tuple[Path_, BaseModel]]:
    """Every model below `value`, itself included, with its path (keys as they stand in YAML)."""
    found: list[tuple[Path_, BaseModel]] = []
    _collect(value, path, found)
    return found


def _collect(value: Any, path: Path_, found: list[tuple[Path_, BaseModel]]) -> None:
    # Every process walks every pack a dozen times at its start: one list, not a generator within a generator.
    if isinstance(value, BaseModel):
        found.append((path, value))
        for name, key in _fields(type(value)):
            _collect(getattr(value, name), (*path, key), found)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            _collect(item, (*path, index), found)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _collect(item, (*path, str(key)), found)


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Name and key in YAML of each field."""
    return tuple((name, field.alias or name) for name, field in model.model_fields.items())


def conditions(pack: Any) -> Iterator[tuple[Path_, Any]]:
    """The root of every condition tree of the pack (waivers belong to their tree)."""
    inside: set[Path_] = set()
    for path, model in walk(pack):
        if isinstance(model, CONDITIONS) and not any(path[:length] in inside for length in range(len(path))):
            inside.add(path)
            yield path, model


def lists(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, tuple[BaseModel, ...]]]:
    """Every list of models below `value`."""
    if isinstance(value, BaseModel):
        for name, key in _fields(type(value)):
            yield from lists(getattr(value, name), (*path, key))
    elif isinstance(value, tuple) and value and all(isinstance(item, BaseModel) for item in value):
        yield path, value
        for index, item in enumerate(value):
            yield from lists(item, (*path, index))
