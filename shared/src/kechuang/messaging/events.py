"""Events: their payload models, and the CloudEvents 1.0 envelope around them.

A class of events names the service that owns it, the kind of record it is about, what happened, and its
version; together they are the NATS subject `kechuang.<service>.<aggregate>.<event>.v<n>`, which is the
CloudEvents `type` too. The payload is the model's fields. Within a version it changes only compatibly:
fields are added with a default, and a reader ignores what it does not know.

No personal data and no sealed content goes into a payload: streams keep everything for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Self, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict

SPECIFICATION = "1.0"
MEDIA_TYPE = "application/cloudevents+json"
_ROOT = "kechuang"


class Event(BaseModel):
    """The base of all payloads.

    `service` is the owner's name as in addresses ("commissioner-matching"), `aggregate_kind` the record's
    kind ("need"), `name` what happened ("submitted").
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    service: ClassVar[str]
    aggregate_kind: ClassVar[str]
    name: ClassVar[str]
    event_version: ClassVar[int] = 1

    @classmethod
    def subject(cls) -> str:
        """Give the NATS subject, which is the CloudEvents type as well."""
        return f"{_ROOT}.{cls.service}.{cls.aggregate_kind}.{cls.name}.v{cls.event_version}"

    def envelope(
        self,
        *,
        event_id: str,
        aggregate: str,
        version: int,
        time: datetime,
        traceparent: str | None = None,
        cause: str | None = None,
    ) -> dict[str, Any]:
        """Give the structured CloudEvents 1.0 form as JSON-ready values.

        Extension attributes: `aggregateversion` (the record's version after the change), `traceparent`
        (W3C Trace Context), `causationid` (the event whose handling led to this one) and `city` (the
        payload's field of this name, where it has one). `time` is on the business clock.
        """
        data = self.model_dump(mode="json")
        envelope: dict[str, Any] = {
            "specversion": SPECIFICATION,
            "id": event_id,
            "source": f"/{_ROOT}/{self.service}",
            "type": self.subject(),
            "subject": aggregate,
            "time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "aggregateversion": version,
            "data": data,
        }
        optional = {"traceparent": traceparent, "causationid": cause, "city": data.get("city")}
        envelope.update({name: value for name, value in optional.items() if value})
        return envelope


E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)


class Unreadable(ValueError):  # noqa: N818  named like the other refusals of the kit
    """The bytes are no CloudEvents envelope of ours: no retry will change that."""


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """An event as a handler gets it."""

    id: str
    type: str
    source: str
    aggregate: str
    version: int
    time: datetime
    data: E_co
    traceparent: str | None = None
    cause: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that was opened; the payload is not looked at yet."""

    fields: Mapping[str, Any]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the structured form; raises `Unreadable`."""
        try:
            fields = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Unreadable("not JSON") from error
        if not isinstance(fields, dict):
            raise Unreadable("not a JSON object")
        for name in ("id", "type", "source", "subject", "time"):
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise Unreadable(f"attribute {name} is missing")
        if not isinstance(fields.get("aggregateversion"), int):
            raise Unreadable("attribute aggregateversion is missing")
        return cls(fields)

    @property
    def id(self) -> str:
        """The event's id: the same on every delivery and every replay."""
        return str(self.fields["id"])

    @property
    def event_type(self) -> str:
        """The CloudEvents type, equal to the subject it was published on."""
        return str(self.fields["type"])

    @property
    def aggregate(self) -> str:
        """The id of the record that the event is about."""
        return str(self.fields["subject"])

    def open(self, event: type[E]) -> Received[E]:
        """Give the event with its payload read as `event`; raises pydantic's `ValidationError`."""
        fields = self.fields
        try:
            time = datetime.fromisoformat(fields["time"])
        except ValueError as error:
            raise Unreadable("attribute time is no instant") from error
        return Received(
            id=self.id,
            type=self.event_type,
            source=fields["source"],
            aggregate=self.aggregate,
            version=fields["aggregateversion"],
            time=time,
            data=event.model_validate(fields.get("data")),
            traceparent=fields.get("traceparent"),
            cause=fields.get("causationid"),
            city=fields.get("city"),
        )


def stream_of(service: str) -> str:
    """Name the stream that keeps a service's events: `enterprise-registry` → `ENTERPRISE_REGISTRY`."""
    return service.upper().replace("-", "_")


def dead_letter_subject(consumer: str, subject: str) -> str:
    """Name where a service puts what it could not handle: `kechuang.dlq.<consumer>.<rest of the subject>`."""
    return f"{_ROOT}.dlq.{consumer}.{subject.removeprefix(_ROOT + '.')}"
