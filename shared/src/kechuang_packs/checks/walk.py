"""Walks over a pack: every model in it with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from kechuang_packs.models.conditions import AllOf, AnyOf, AtLeast, FactLeaf, HoldsLeaf, JudgedLeaf, ScoreLeaf
from kechuang_packs.reading import Path_

CONDITIONS = (AllOf, AnyOf, AtLeast, FactLeaf, HoldsLeaf, JudgedLeaf, ScoreLeaf)


def walk(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, BaseModel]]:
    """Every model below `value`, itself included, with its path (keys as they stand in YAML)."""
    if isinstance(value, BaseModel):
        yield path, value
        for name, field in type(value).model_fields.items():
            yield from walk(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, (*path, str(key)))


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
        for name, field in type(value).model_fields.items():
            yield from lists(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, tuple) and value and all(isinstance(item, BaseModel) for item in value):
        yield path, value
        for index, item in enumerate(value):
            yield from lists(item, (*path, index))
