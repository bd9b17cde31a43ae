"""The columns of an exported table, from what the API shows of a record."""

from collections.abc import Mapping
from typing import Any, get_args

import orjson
from pydantic import BaseModel

from kechuang.http.view import View
from kechuang.spreadsheets import Column
from kechuang.text import Text

_LEFT_OUT = frozenset({"version"})
# The first columns of every table, in this order: what a reader looks for.
_FIRST = ("number", "state", "title", "name", "organisation", "city", "division", "zones")


def columns_of(view: View[Any, Any], words: Mapping[str, Text]) -> list[Column]:
    """Give the columns: the record's fields under their names in the service's glossary; states by label."""
    fields = {
        each.serialization_alias or name: each.annotation for name, each in view.out.model_fields.items()
    }
    order = sorted(fields, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return [_column(view, name, fields[name], words) for name in order if name not in _LEFT_OUT]


def _column(view: View[Any, Any], name: str, annotation: Any, words: Mapping[str, Text]) -> Column:
    title = words.get(name, Text(name, name))
    if name == "state":
        return Column(name, title, kind="choice", choices=view.resource.machine.states)
    # A sum of money is an `int` too, but its wire form is a text, which a sheet keeps as it is.
    return Column(name, title, kind="integer" if int in (annotation, *get_args(annotation)) else "text")


def row_of(shown: BaseModel) -> dict[str, Any]:
    """Give an answer as cells: a reference as number and label, parts and lists of parts as JSON text."""
    return {name: _cell(value) for name, value in shown.model_dump(by_alias=True).items()}


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == {"id", "number", "label"}:
            return f"{value['number']} {value['label']}"
        return _json(value) if value else None
    if isinstance(value, list | tuple) and any(isinstance(each, Mapping | list) for each in value):
        return _json(value)
    return value


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
