"""Every object within a request body is held to the same bounds as the body itself."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from kechuang.http.schemas import Input
from kechuang_packs.models.common import Strict

_SERVICES = ("enterprise_registry", "commissioner_matching", "project_bidding", "indicators")


def _descendants(model: type[Input]) -> Iterator[type[Input]]:
    for each in model.__subclasses__():
        yield each
        yield from _descendants(each)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)


@pytest.mark.parametrize("package", _SERVICES)
def test_what_a_body_holds_is_a_body_too(package: str) -> None:
    import_module(f"{package}.service")
    bodies = set(_descendants(Input))
    assert any(each.__module__.startswith(package) for each in bodies)
    loose = {
        f"{body.__name__}.{name}: {held.__name__}"
        for body in bodies
        for name, field in body.model_fields.items()
        for held in _models(field.annotation)
        if not issubclass(held, Input | Strict)  # what packs hold too has the bounds of packs
    }
    assert not loose
