"""Forms: their schemas, groups, sums over projects, checks and totals name what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from kechuang_packs import expressions as e
from kechuang_packs.models.content import PERIOD_NAMES, PROJECT_FIELDS, FormDefinition
from kechuang_packs.models.pack import Pack
from kechuang_packs.reading import Path_
from kechuang_packs.visibility import Visible

Found = Iterator[tuple[Path_, str]]


def forms(pack: Pack, visible: Visible) -> Found:
    """Schemas are valid JSON Schema; groups, checks and facts name what is there; every field has its labels."""
    for index, form in enumerate(pack.forms):
        yield from ((("forms", index, *path), message) for path, message in _form(form, visible))


def _form(form: FormDefinition, visible: Visible) -> Found:
    try:
        Draft202012Validator.check_schema(form.fields)
        Draft202012Validator.check_schema(form.projects or {})
    except SchemaError as error:
        yield ("schema", *error.absolute_path), error.message
        return
    if any(each is not None and each.get("type") != "object" for each in (form.fields, form.projects)):
        yield ("schema",), "the schemas of a form have type: object"
    properties = form.fields.get("properties", {})
    asked = (form.projects or {}).get("properties", {})
    yield from _labels(properties, ("schema", "properties"), visible)
    yield from _labels(asked, ("projects", "properties"), visible)
    for name in sorted(asked.keys() & PROJECT_FIELDS):
        yield ("projects", "properties", name), f"{name} is a field of every project"
    for index, group in enumerate(form.groups):
        for name in group.fields:
            if name not in properties:
                yield ("groups", index, "fields"), f"no field {name}"
    yield from _form_names(form, visible)


def _labels(properties: Mapping[str, Any], path: Path_, visible: Visible) -> Found:
    for name, schema in properties.items():
        if "title" not in schema or "x-title-en" not in schema:
            yield (*path, name), "a field has title and x-title-en"
        if "x-fact" in schema and visible.fact_key(schema["x-fact"]) is None:
            yield (*path, name, "x-fact"), f"no fact {schema['x-fact']}"


def _form_names(form: FormDefinition, visible: Visible) -> Found:
    """Checks, sums and totals name what is there, each name once."""
    project = {*PROJECT_FIELDS, *PERIOD_NAMES, *(form.projects or {}).get("properties", {})}
    own = _names_of(form)
    other = visible.forms.get(form.beside or "")
    if form.beside is not None and (
        other is None or other.purpose != "filing" or other.period != form.period
    ):
        yield ("beside",), f"no filing {form.beside} for the same kind of period"
    beside = _names_of(other) if other is not None else set()
    for name in sorted(own & beside):
        yield ("beside",), f"{name} is a name of both forms"
    known = own | beside | PERIOD_NAMES
    for index, each in enumerate(form.sums):
        if each.code in form.fields.get("properties", {}) or each.code in PERIOD_NAMES:
            yield ("sums", index, "code"), f"{each.code} is the name of a field"
        if each.of is not None and each.of not in project:
            yield ("sums", index, "of"), f"no field {each.of} of a project"
        if each.where is not None:
            yield from _expression(each.where, project, ("sums", index, "where"))
    for index, check in enumerate(form.checks):
        names = project if check.each == "project" else known
        yield from _expression(check.expression, names, ("checks", index, "expression"))
    for index, total in enumerate(form.totals):
        yield from _expression(total.expression, own, ("totals", index, "expression"))


def _names_of(form: FormDefinition) -> set[str]:
    return {*form.fields.get("properties", {}), *(each.code for each in form.sums)}


def _expression(text: str, known: AbstractSet[str], path: Path_) -> Found:
    try:
        for name in sorted(e.names(e.parse(text)) - known):
            yield path, f"no field {name}"
    except e.ExpressionError as error:
        yield path, str(error)
