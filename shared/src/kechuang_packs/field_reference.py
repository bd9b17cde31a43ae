"""The page of all fields of all files of a pack, made from the models: docs/policy-pack-fields.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kechuang_packs.models.pack import FILES, FOLDERS

_HEAD = """# Fields of a policy pack (政策包字段)

Made from the format's models by `python -m kechuang_packs schema`; what the files mean and how they work together is in
[policy-packs.md](policy-packs.md). A field without a default is required. A number is a whole number, or a text with its
unit (`"10%"`, `"2亿元"`); a list of clauses or notes may also be one text.

Most parts share the fields of their origin (`clause document source confidence commitment in_force_from in_force_to note
reading`), told once in policy-packs.md under *Rules for every file*; the tables say `+ origin` for them.
"""
_ORIGIN = (
    "clause", "document", "source", "confidence", "commitment", "in_force_from", "in_force_to", "note", "reading",
)  # fmt: skip
_CONDITION = {"AllOf", "AnyOf", "AtLeast", "FactLeaf", "HoldsLeaf", "ScoreLeaf", "JudgedLeaf"}
Json = Mapping[str, Any]


def page() -> str:
    """The whole page as Markdown."""
    models = {name: model for name, (_, model) in FILES.items()}
    models |= {f"{folder}/*.yaml": model for folder, (_, _, model) in FOLDERS.items()}
    told: set[str] = set()
    lines = [_HEAD]
    for name, model in models.items():
        schema = model.model_json_schema(by_alias=True)
        lines.append(f"\n## {name}\n")
        lines += _table(schema)
        for part, inner in sorted(schema.get("$defs", {}).items()):
            if part not in told:
                told.add(part)
                lines += _part(part, inner)
    return "\n".join(lines) + "\n"


def _part(name: str, schema: Json) -> Iterator[str]:
    said = " ".join(str(schema.get("description", "")).split())
    yield f"\n### {name}\n"
    if said:
        yield f"{said}\n"
    if "enum" in schema:
        yield " · ".join(f"`{each}`" for each in schema["enum"])
    else:
        yield from _table(schema)


def _table(schema: Json) -> Iterator[str]:
    fields: Json = schema.get("properties", {})
    required = set(schema.get("required", ()))
    has_origin = all(each in fields for each in _ORIGIN)
    yield "| field | takes | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in fields.items():
        if has_origin and name in _ORIGIN:
            continue
        default = "" if name in required else _default(field.get("default"))
        meaning = " ".join(str(field.get("description", "")).split()).replace("|", "\\|")
        yield f"| `{name}` | {_takes(field)} | {default} | {meaning} |"
    if has_origin:
        yield "| + origin | | | |"


def _default(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return "none"
    return f"`{json.dumps(value, ensure_ascii=False)}`" if not isinstance(value, dict) else "as below"


def _takes(field: Json) -> str:  # noqa: C901, PLR0911 - one return a kind of schema
    if "$ref" in field:
        return _named(field["$ref"])
    if "enum" in field:
        return " ".join(f"`{each}`" for each in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    either = field.get("anyOf") or field.get("oneOf")
    if either is not None:
        return _either(either)
    match field.get("type"):
        case "array" if "prefixItems" in field:
            return "list"
        case "array":
            return f"list of {_takes(field.get('items', {}))}"
        case "object":
            inner = field.get("additionalProperties")
            return f"{{…: {_takes(inner)}}}" if isinstance(inner, dict) else "mapping"
        case "string" if field.get("format") == "date":
            return "date"
        case "string":
            return "text"
        case "integer":
            return "whole number"
        case "boolean":
            return "true, false"
        case _:
            return "anything"


def _either(choices: list[Json]) -> str:
    real = [each for each in choices if each.get("type") != "null"]
    names = {each["$ref"].rpartition("/")[2] for each in real if "$ref" in each}
    if names >= _CONDITION:
        return "[condition](policy-packs.md#rulesyaml-conditions)"
    takes = list(dict.fromkeys(map(_takes, real)))
    if {"whole number", "text"} <= set(takes):
        takes = ["number", *(each for each in takes if each not in ("whole number", "text"))]
    return " or ".join(takes)


def _named(ref: str) -> str:
    name = ref.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"
