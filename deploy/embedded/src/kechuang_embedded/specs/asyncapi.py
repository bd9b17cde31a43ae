"""AsyncAPI 3.0 of everything that goes over NATS, from the event classes themselves."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from pydantic.json_schema import models_json_schema

from kechuang.messaging.events import Event, stream_of
from kechuang.work_items import closed_in, opened_in
from kechuang_procedure.messages import sent_by

MODULES = ("enterprise_registry", "commissioner_matching", "project_bidding", "indicators")
_REF = "#/components/schemas/{model}"


def event_classes() -> Iterator[type[Event]]:
    """Every event of every service, each service's work items and messages included."""
    for name in MODULES:
        module = import_module(f"kechuang_contracts.{name}")
        for each in vars(module).values():
            if (
                isinstance(each, type)
                and issubclass(each, Event)
                and hasattr(each, "name")
                and each.__module__.startswith(module.__name__)
            ):
                yield each
        service = name.replace("_", "-")
        yield from (opened_in(service), closed_in(service), sent_by(service))


def document() -> dict[str, Any]:
    """Give the AsyncAPI document."""
    events = sorted(event_classes(), key=lambda each: each.subject())
    _, definitions = models_json_schema(
        [(each, "serialization") for each in _distinct(events)], ref_template=_REF
    )
    channels, operations, messages = {}, {}, {}
    for each in events:
        key = each.subject().removeprefix("kechuang.").replace(".", "_").replace("-", "_")
        channels[key] = {
            "address": each.subject(),
            "title": f"{each.aggregate_kind} {each.name}",
            "description": (each.__doc__ or "").strip(),
            "messages": {key: {"$ref": f"#/components/messages/{key}"}},
            "x-stream": stream_of(each.service),
        }
        operations[f"publish_{key}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{key}"},
            "summary": f"{each.service}: {each.aggregate_kind} {each.name}",
        }
        messages[key] = {
            "name": each.subject(),
            "contentType": "application/cloudevents+json",
            "payload": {
                "allOf": [
                    {"$ref": "#/components/schemas/CloudEvent"},
                    {
                        "type": "object",
                        "properties": {"data": {"$ref": f"#/components/schemas/{each.__name__}"}},
                    },
                ]
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kechuang events 科创事件",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 (structured JSON) on NATS JetStream, one stream a service, "
            "at least once, in order per aggregate. `Nats-Msg-Id` is the event's id.",
        },
        "servers": {"nats": {"host": "127.0.0.1:4222", "protocol": "nats"}},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {"CloudEvent": _CLOUD_EVENT, **definitions.get("$defs", {})},
        },
    }


def _distinct(events: list[type[Event]]) -> list[type[Event]]:
    """One class a name: work items and messages are the same shape in every service."""
    return list({each.__name__: each for each in events}.values())


_CLOUD_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data", "aggregateversion"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "description": "The same on every delivery and replay"},
        "source": {"type": "string", "examples": ["/kechuang/enterprise-registry"]},
        "type": {"type": "string"},
        "subject": {"type": "string", "description": "The aggregate"},
        "time": {"type": "string", "format": "date-time", "description": "Business clock"},
        "datacontenttype": {"const": "application/json"},
        "aggregateversion": {"type": "integer"},
        "traceparent": {"type": "string"},
        "causationid": {"type": "string"},
        "city": {"type": "string"},
        "data": {"type": "object"},
    },
}
