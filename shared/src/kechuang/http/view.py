"""What the addresses of one resource share: its store, what it looks like on the wire, its names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path

from kechuang.http.schemas import RecordOut
from kechuang.records import Records
from kechuang.resources import R, Resource
from kechuang.text import Text

Out = TypeVar("Out", bound=RecordOut)
Endpoint = Callable[..., Any]
RecordId = Annotated[str, Path(description="The record's `id`", max_length=64)]


@dataclass(frozen=True, slots=True)
class Offer:
    """An act on the resource as a whole: create, import, export. `action` is its row in the table."""

    name: str
    label: Text
    action: str
    operation_id: str


@dataclass(frozen=True)
class View(Generic[R, Out]):
    """One resource as HTTP shows it.

    `show` makes the answer of a record for the caller of the unit (read or write) that it is given; it only
    looks at the unit's actor and permissions and never queries.
    """

    records: Records[R]
    out: type[Out]
    show: Callable[[R, Any], Out]
    offers: list[Offer] = field(default_factory=list)

    @property
    def resource(self) -> Resource[R]:
        """The declaration."""
        return self.records.resource

    @property
    def plural(self) -> str:
        """The resource's name as a part of operation ids."""
        return self.resource.name.replace("-", "_")

    @property
    def camel(self) -> str:
        """The resource's name as the beginning of schema names."""
        return "".join(part.capitalize() for part in self.resource.name.split("-"))
