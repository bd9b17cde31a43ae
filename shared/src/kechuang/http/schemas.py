"""What goes over the wire everywhere: strict inputs, the common fields of a record, pages, actions."""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from kechuang.http.bounds import bound
from kechuang.text import normalise


class Input(BaseModel):
    """A request body: unknown fields are refused, so that a misspelled one is never lost in silence.

    Days, instants and whole numbers are held within what calendars and columns can hold (`kechuang.http.bounds`).
    """

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Bound the fields, wherever they stand in a list, a union or a mapping."""
        return bound(cls, handler(source))


class Output(BaseModel):
    """An answer: made from a record's attributes; no defaults, so that clients see no optional fields."""

    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Name the fields as they go over the wire: the specification asks for the names that are read."""
        schema = handler(core)
        described = handler.resolve_ref_schema(schema)
        names = {name: each.serialization_alias or name for name, each in cls.model_fields.items()}
        properties = described.get("properties", {})
        described["properties"] = {names.get(name, name): each for name, each in properties.items()}
        for name, wire in names.items():
            if wire != name and wire in described["properties"]:
                described["properties"][wire]["title"] = wire.replace("_", " ").title()
        if "required" in described:
            described["required"] = [names.get(name, name) for name in described["required"]]
        return schema


def _one_line(value: str) -> str:
    return normalise(value)


Line = Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=200)]
Prose = Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=20_000)]


class ExternalId(Input):
    """The number that another system gave to this record."""

    system: str = Field(min_length=1, max_length=60, examples=["provincial-platform"])
    id: str = Field(min_length=1, max_length=120, examples=["2024-000123"])


class Reference(Output):
    """Another record: enough to show it and to fetch it."""

    id: str
    number: str
    label: str


class RecordOut(Output):
    """The fields that every record has."""

    id: str = Field(description="Opaque, stable", examples=["018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42"])
    number: str = Field(description="编号, for people and paper")
    state: str
    version: int = Field(description="Rises with every change; the first part of the ETag")
    city: str | None = Field(description="Area id of the city", examples=["440700"])
    division: str | None = Field(description="Area id of the county, of the city, or `outside`")
    zones: Sequence[str] = Field(description="Functional zones that the record lies in (an overlay)")
    organisation: str | None = Field(description="统一社会信用代码 of the organisation it belongs to")
    external_ids: Sequence[ExternalId]
    pack: str | None = Field(description="Policy pack and version that it was made under")
    created_at: datetime
    updated_at: datetime


class ActionReason(Output):
    """Why a verb is refused now."""

    code: str
    detail: str


class Action(Output):
    """What the caller may do with this record now, or why not."""

    verb: str
    label: str
    allowed: bool
    reasons: list[ActionReason]
    operation_id: str
    requires_if_match: bool


class Actions(Output):
    """The verbs of a record."""

    items: list[Action]


class HistoryEntry(Output):
    """One change: who, when, what."""

    version: int
    verb: str
    from_state: str | None
    to_state: str
    at: datetime
    subject: str
    person: str | None
    organisation: str | None
    roles: list[str]
    changes: Mapping[str, Any]
    note: str | None


T = TypeVar("T")


class Total(Output):
    """How many rows the list has: exact up to 10,000, then a lower bound."""

    value: int
    at_least: bool


class Page(Output, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None
    total: Total | None = None


class ListPage(Page[T], Generic[T]):
    """One page of a list of records; with `include=actions` each item has `actions` too.

    `kechuang.http.openapi` says so in the specification, without a second schema of every record.
    """


class Change(Output, Generic[T]):
    """One step of a change feed; `record` is null when the record left the caller's sight."""

    op: str = Field(description="upsert or removed")
    id: str
    version: int
    record: T | None


class Changes(Output, Generic[T]):
    """A stretch of a change feed; ask again with `next_cursor`, also when `items` is empty."""

    items: list[Change[T]]
    next_cursor: str


class Because(Input):
    """The body of a verb that takes nothing but a reason."""

    example: ClassVar[dict[str, Any]] = {"reason": "材料齐全，予以通过。"}
    reason: Prose | None = Field(default=None, description="Kept in history and audit", examples=["材料齐全"])


class BulkItem(Input):
    """One record of a bulk command."""

    id: str = Field(max_length=64)
    version: int | None = Field(
        default=None,
        ge=1,
        description="What `If-Match` is for one record; demanded where the verb demands it",
    )


class Problem(BaseModel):
    """RFC 9457 problem, where it is a part of an answer; `kechuang.http.openapi` writes its schema."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str | None


class BulkResult(Output, Generic[T]):
    """What became of one record of a bulk command."""

    id: str
    status: int = Field(description="The HTTP status that the verb alone would have answered")
    record: T | None = Field(description="The record as it is now; null when refused")
    problem: Problem | None = Field(description="Why it was refused; null when done")


class BulkAnswer(Output, Generic[T]):
    """Each record's own answer, in the order of the request."""

    items: list[BulkResult[T]]
    done: int
    refused: int


P = TypeVar("P", bound=type[BaseModel])


def merge_patch(model: P) -> P:
    """Make a JSON Merge Patch of an input: a class decorator that lets every field be absent.

    Absent means unchanged; null is allowed only where the field itself may be null.

        @merge_patch
        class TechnicalNeedPatch(TechnicalNeedCreate): ...
    """
    fields: dict[str, FieldInfo] = model.__pydantic_fields__
    for name, field in fields.items():
        changed = copy(field)
        changed.default, changed.default_factory = None, None
        fields[name] = changed
    model.model_rebuild(force=True)
    return model


def columns(body: BaseModel, *, only_set: bool = False) -> dict[str, Any]:
    """Give a body as column values; `only_set` leaves out what was not sent (a merge patch)."""
    return {
        name: _plain(getattr(body, name))
        for name in type(body).model_fields
        if not only_set or name in body.model_fields_set
    }


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(each) for each in value] if isinstance(value, list) else value
