"""The events of all services as their readers rely on them.

`snapshots/` holds for every event the JSON Schema of its payload and an example, as they were agreed. Streams keep
events for ever, so within a version a payload changes only compatibly: fields are added with a default. After such
a change, or for a new event, write the snapshots anew:

    python tests/contracts/test_events.py

That refuses an incompatible change, which needs a new `event_version` (with `--anew` it does not: for events that
no running system has published yet).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import orjson
import pytest
from pydantic import BaseModel

import kechuang_contracts
from kechuang.messaging.events import Envelope, Event
from kechuang.work_items import closed_in, opened_in
from kechuang_procedure.messages import sent_by

SNAPSHOTS = Path(__file__).parent / "snapshots"
ORIGINS = ("enterprise-registry", "commissioner-matching", "project-bidding", "indicators")
AT = datetime(2024, 3, 1, 1, tzinfo=UTC)
Json = dict[str, Any]


def declared() -> list[type[Event]]:
    """Every event class of the contracts, and what each service publishes of work items and messages."""
    modules = [
        import_module(f"{kechuang_contracts.__name__}.{found.name}")
        for found in iter_modules(kechuang_contracts.__path__)
    ]
    classes = {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Event) and "name" in vars(each)
    }
    shared = {make(origin) for make in (opened_in, closed_in, sent_by) for origin in ORIGINS}
    return sorted(classes | shared, key=lambda each: each.subject())


EVENTS = declared()
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.subject())


def snapshot_of(event: type[Event]) -> Json:
    found: Json = json.loads((SNAPSHOTS / f"{event.subject()}.json").read_text(encoding="utf-8"))
    return found


# -- what holds for every event ------------------------------------------------------------------


def test_no_two_events_share_a_subject() -> None:
    subjects = [each.subject() for each in EVENTS]
    assert len(set(subjects)) == len(subjects)
    assert len(subjects) > 30


@each_event
def test_its_example_survives_the_envelope(event: type[Event]) -> None:
    example = snapshot_of(event)["example"]
    made = event.model_validate(example)
    sent = made.envelope(
        event_id="e-1", aggregate="r-1", version=3, time=AT, traceparent="00-1-2-01", cause="e-0"
    )
    received = Envelope.parse(orjson.dumps(sent)).open(event)
    assert received.data == made
    assert received.data.model_dump(mode="json") == example
    assert (received.id, received.type, received.aggregate, received.version) == (
        *("e-1", event.subject(), "r-1", 3),
    )
    assert (received.time, received.traceparent, received.cause) == (AT, "00-1-2-01", "e-0")
    assert received.source == f"/kechuang/{event.service}"
    assert received.city == example.get("city")


@each_event
def test_a_reader_ignores_fields_that_it_does_not_know(event: type[Event]) -> None:
    example = snapshot_of(event)["example"]
    assert event.model_validate({**example, "added_later": {"by": "a newer service"}}).model_dump(
        mode="json"
    ) == (example)


@each_event
def test_no_field_is_meant_for_personal_data_or_sealed_content(event: type[Event]) -> None:
    assert not unfit_fields(event)


@each_event
def test_its_payload_is_as_agreed(event: type[Event]) -> None:
    agreed, now = snapshot_of(event)["schema"], flat(event.model_json_schema())
    assert not breaks(agreed, now), f"{event.subject()} needs a new event_version"
    assert agreed == now, "a compatible change: write the snapshots anew (see above)"


def test_every_snapshot_belongs_to_an_event() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == {each.subject() for each in EVENTS}


# -- the checks find what they are for ------------------------------------------------------------


class _Mark(BaseModel):
    mobile_phone: str
    seat: int = 1


class _Agreed(Event):
    service, aggregate_kind, name = "somebody", "thing", "done"
    title: str
    amount_fen: int
    marks: list[_Mark]
    way: str | None = None


def test_unfit_fields_are_found_at_any_depth() -> None:
    assert unfit_fields(_Agreed) == ["marks.mobile_phone"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"properties": {"title": None}}, "/title was removed"),
        ({"properties": {"amount_fen": {"type": "string"}}}, "/amount_fen changed its type"),
        ({"properties": {"way": {"type": "string"}}}, "/way changed its type"),
        ({"properties": {"unit": {"type": "string"}}, "required": ["unit"]}, "/unit is newly required"),
        ({"required": ["way"]}, "/way is newly required"),
        (
            {"properties": {"marks": {"type": "array", "items": {"type": "object", "properties": {}}}}},
            "/marks/*/mobile_phone was removed",
        ),
    ],
)
def test_an_incompatible_change_is_named(change: Json, said: str) -> None:
    before = flat(_Agreed.model_json_schema())
    fields = {**before["properties"], **change.get("properties", {})}
    after = {
        **before,
        "properties": {name: schema for name, schema in fields.items() if schema is not None},
        "required": [*before["required"], *change.get("required", [])],
    }
    assert said in breaks(before, after)


def test_a_field_added_with_a_default_is_compatible() -> None:
    before = flat(_Agreed.model_json_schema())
    after = {**before, "properties": {**before["properties"], "pack": {"type": "string"}}}
    assert not breaks(before, after)
    assert breaks(after, before) == ["/pack was removed"]


# -- how they look --------------------------------------------------------------------------------

_UNFIT = {
    "phone", "mobile", "telephone", "email", "mail", "wechat", "passport", "birth", "birthday", "birthdate", "born",
    "gender", "sex", "ethnicity", "photo", "bank", "card", "address", "contact", "representative", "surname",
    "nickname", "password", "secret", "token", "plaintext",
}  # fmt: skip
_UNFIT_WHOLE = {
    "name", "names", "full_name", "person_name", "expert_name", "id_number", "identity_number", "id_card",
    "resident_id", "score", "scores", "bid_content", "offer", "quotation",
}  # fmt: skip


def unfit_fields(event: type[Event]) -> list[str]:
    """The payload's fields whose names promise a person's data or a sealed bid's content."""
    return [
        path
        for path in _paths(flat(event.model_json_schema()))
        if (last := path.rpartition(".")[2]) in _UNFIT_WHOLE or _UNFIT & set(last.split("_"))
    ]


def _paths(schema: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        path = f"{above}.{name}" if above else name
        yield path
        for part in (inner, inner.get("items", {}), *inner.get("anyOf", ())):
            yield from _paths(part, path)


def flat(schema: Json) -> Json:
    """A JSON Schema with its references resolved, and without what does not bind."""
    definitions = schema.get("$defs", {})
    told = {"title", "description", "default", "examples", "$defs"}

    def resolved(part: Any) -> Any:
        if isinstance(part, list):
            return [resolved(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return resolved(definitions[part["$ref"].rpartition("/")[2]])
        found = {
            key: resolved(value) for key, value in part.items() if key not in told or key == "properties"
        }
        if "properties" in part:  # a field may be named like a keyword: `title`
            found["properties"] = {name: resolved(each) for name, each in sorted(part["properties"].items())}
        if "required" in found:
            found["required"] = sorted(found["required"])
        return found

    result: Json = resolved(schema)
    return result


def breaks(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> list[str]:
    """Why readers of the old schema could not read the new one's payloads, or the other way round."""
    found = []
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, inner in before.items():
        if name in after:
            found += breaks(inner, after[name], f"{path}/{name}")
        else:
            found.append(f"{path}/{name} was removed")
    newly = set(new.get("required", ())) - set(old.get("required", ()))
    found += [f"{path}/{name} is newly required" for name in sorted(newly)]
    if _kind(old) != _kind(new) or not set(old.get("enum", ())) <= set(new.get("enum", old.get("enum", ()))):
        found.append(f"{path} changed its type")
    elif "items" in old:
        found += breaks(old["items"], new["items"], f"{path}/*")
    return found


def _kind(schema: Mapping[str, Any]) -> Any:
    if "anyOf" in schema:
        return sorted(map(repr, map(_kind, schema["anyOf"])))
    return (schema.get("type"), schema.get("format"), "items" in schema)


# -- writing snapshots ----------------------------------------------------------------------------

_NAMED = {
    "city": "440700", "division": "440703", "zones": ["jiangmen-hnz"], "uscc": "91440703MATE000L4P",
    "organisation": "91440703MATE000L4P", "title": "江门示例精密制造有限公司", "kind": "enterprise",
    "label": "江门示例精密制造有限公司", "person": "person-commissioner", "number": "OR-2024-000001",
}  # fmt: skip


_VALUES = {
    ("string", "date"): "2024-03-01", ("string", "date-time"): "2024-03-01T01:00:00Z", ("boolean", None): True,
    ("integer", None): 1, ("number", None): 1,
}  # fmt: skip


def example_of(schema: Mapping[str, Any], name: str = "") -> Any:
    """A plausible payload."""
    if name in _NAMED and schema.get("type", "string") in {"string", "array"}:
        return _NAMED[name]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], name)
    if schema.get("type") == "object":
        return {key: example_of(each, key) for key, each in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [example_of(schema["items"], name)]
    text = schema.get("enum", [f"{name or 'text'}-1"])[0]
    return _VALUES.get((schema.get("type", ""), schema.get("format")), text)


def write(*, anew: bool) -> None:
    """Write what is new and what changed compatibly; say and keep what did not."""
    SNAPSHOTS.mkdir(exist_ok=True)
    refused = []
    for event in EVENTS:
        path, schema = SNAPSHOTS / f"{event.subject()}.json", flat(event.model_json_schema())
        broken = breaks(snapshot_of(event)["schema"], schema) if path.exists() and not anew else []
        refused += [f"{event.subject()}: {each}" for each in broken]
        if not broken:
            example = event.model_validate(example_of(schema)).model_dump(mode="json")
            text = json.dumps({"schema": schema, "example": example}, ensure_ascii=False, indent=1)
            path.write_text(text + "\n", encoding="utf-8")
    for path in SNAPSHOTS.glob("*.json"):
        if anew and path.stem not in {each.subject() for each in EVENTS}:
            path.unlink()
    if refused:
        sys.exit("incompatible, so a new event_version is needed:\n" + "\n".join(refused))


if __name__ == "__main__":
    write(anew="--anew" in sys.argv)
