"""Kinds of register records: their schemas, keys and tests name what is there; no personal data in `fields`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from kechuang_packs.models.pack import Pack
from kechuang_packs.models.registers import RegisterKind
from kechuang_packs.reading import Path_
from kechuang_packs.visibility import Visible

Found = Iterator[tuple[Path_, str]]
KEY_PARTS = frozenset({"organisation", "title", "parent", "level", "chain", "valid_from"})
_FIELD = "fields."
_LONG = 200


def kinds(pack: Pack, _visible: Visible) -> Found:
    """What a kind says of its records is consistent."""
    for index, kind in enumerate(pack.registers.kinds):
        path: Path_ = ("registers", "kinds", index)
        try:
            Draft202012Validator.check_schema(kind.fields)
        except SchemaError as error:
            yield (*path, "fields", *error.absolute_path), error.message
            continue
        yield from _fields(kind, (*path, "fields"))
        yield from _names(kind, path)
        if kind.one_day and kind.validity_years is not None:
            yield (*path, "one_day"), "an event of one day has no validity_years"


def _fields(kind: RegisterKind, path: Path_) -> Found:
    if kind.fields and kind.fields.get("type") != "object":
        yield path, "the schema of a kind has type: object"
    for name, schema in _properties(kind).items():
        where: Path_ = (*path, "properties", name)
        if "title" not in schema or "x-title-en" not in schema:
            yield where, "a field has title and x-title-en"
        if schema.get("x-personal"):
            yield where, "personal data does not belong into a register; keep it with the person's record"
        short = "enum" in schema or schema.get("type") == "boolean" or schema.get("maxLength", _LONG) < _LONG
        if schema.get("x-dimension") and not short:
            yield where, f"x-dimension marks an enum, a boolean or a text with maxLength below {_LONG}"


def _names(kind: RegisterKind, path: Path_) -> Found:
    properties = _properties(kind)
    for part in kind.natural_key:
        known = part.removeprefix(_FIELD) in properties if part.startswith(_FIELD) else part in KEY_PARTS
        if not known:
            yield (*path, "natural_key"), f"no part {part} of a natural key"
    for name in (*kind.counts_when, *([kind.counts_apart] if kind.counts_apart else [])):
        if properties.get(name, {}).get("type") != "boolean":
            yield path, f"{name} is no boolean field of the kind"


def _properties(kind: RegisterKind) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = kind.fields.get("properties", {})
    return found
