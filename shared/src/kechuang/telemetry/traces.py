"""Traces: W3C trace context always, OpenTelemetry spans where an exporter is configured.

Trace ids exist without any exporter, since problem answers, logs and events carry them. The OpenTelemetry
SDK is loaded only when its standard variable `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) names a
collector; without it a span costs one context variable.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self

from kechuang.ids import random_bytes

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attribute = str | bool | int | float

# https://www.w3.org/TR/trace-context/#traceparent-header; later versions may append fields.
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_SAMPLED: Final = 1


class TraceContext(NamedTuple):
    """Where we are in a trace: ids in lower-case hexadecimal (32 and 16 digits)."""

    trace_id: str
    span_id: str
    sampled: bool = True

    @property
    def traceparent(self) -> str:
        """The header that carries this on: into requests, events and webhooks."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"

    def child(self) -> "TraceContext":
        """A new span in the same trace."""
        return self._replace(span_id=random_bytes(8).hex())


_current: ContextVar[TraceContext | None] = ContextVar("kechuang_trace", default=None)


def current_trace() -> TraceContext | None:
    """The trace context of this task, if it has one."""
    return _current.get()


def parse_traceparent(header: str | None) -> TraceContext | None:
    """The context in a `traceparent` header; None for a missing or malformed one, as the standard demands."""
    match = _TRACEPARENT.fullmatch(header) if header else None
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == "ff" or (version == "00" and more) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def continue_trace(header: str | None) -> TraceContext:
    """A new span in the caller's trace, or in a new trace when the caller brings none."""
    caller = parse_traceparent(header)
    return (
        caller.child() if caller is not None else TraceContext(random_bytes(16).hex(), random_bytes(8).hex())
    )


@contextmanager
def use_trace(context: TraceContext) -> Iterator[TraceContext]:
    """Make `context` the current one for a block: logs and outgoing calls carry it."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


class Span:
    """One timed step, as a context manager. Attributes are ids, counts and codes: no personal data."""

    __slots__ = ("_attributes", "_context", "_kind", "_name", "_parent", "_span", "_token")

    def __init__(
        self, name: str, kind: Kind, parent: TraceContext | None, attributes: Mapping[str, Attribute]
    ) -> None:
        self._name, self._kind, self._parent, self._attributes = name, kind, parent, attributes
        self._span: OtelSpan | None = None
        self._token: Token[TraceContext | None] | None = None
        self._context: TraceContext | None = None

    @property
    def context(self) -> TraceContext:
        """This span's place in the trace; only inside the `with` block."""
        if self._context is None:
            raise RuntimeError("the span has not begun")
        return self._context

    def __enter__(self) -> Self:
        parent = self._parent or _current.get()
        if _exporting.tracer is not None:
            self._span = _exporting.begin(self._name, self._kind, parent, self._attributes)
            own = self._span.get_span_context()
            self._context = TraceContext(
                f"{own.trace_id:032x}", f"{own.span_id:016x}", bool(own.trace_flags & _SAMPLED)
            )
        else:
            self._context = parent.child() if parent is not None else continue_trace(None)
        self._token = _current.set(self._context)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
        if self._span is not None:
            if kind is not None:
                self.failed(kind.__qualname__)
            self._span.end()

    def set(self, **attributes: Attribute) -> None:
        """Add attributes; `name=` renames the span, for a route that is known only later."""
        if self._span is None:
            return
        if (name := attributes.pop("name", None)) is not None:
            self._span.update_name(str(name))
        self._span.set_attributes(attributes)

    def failed(self, what: str) -> None:
        """Mark the step as failed; `what` is an error's type or code, never its message."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode  # loaded already, since there is a span

            self._span.set_attribute("error.type", what)
            self._span.set_status(StatusCode.ERROR)


def span(
    name: str, *, kind: Kind = "internal", parent: TraceContext | None = None, **attributes: Attribute
) -> Span:
    """A step of the current trace, or of `parent` that came from elsewhere: `with span("draw", call=id):`."""
    return Span(name, kind, parent, attributes)


class _Exporting:
    """The OpenTelemetry side of the process; absent unless an exporter is configured."""

    def __init__(self) -> None:
        self.provider: TracerProvider | None = None
        self.tracer: Tracer | None = None

    def install(self, provider: "TracerProvider | None") -> None:
        self.provider = provider
        self.tracer = provider.get_tracer("kechuang") if provider is not None else None

    def begin(
        self, name: str, kind: Kind, parent: TraceContext | None, attributes: Mapping[str, Attribute]
    ) -> "OtelSpan":
        from opentelemetry import trace  # only processes that export pay for it
        from opentelemetry.context import Context

        context = Context()
        if parent is not None:
            remote = trace.SpanContext(
                int(parent.trace_id, 16),
                int(parent.span_id, 16),
                is_remote=True,
                trace_flags=trace.TraceFlags(_SAMPLED if parent.sampled else 0),
            )
            context = trace.set_span_in_context(trace.NonRecordingSpan(remote), context)
        if self.tracer is None:
            raise RuntimeError("no exporter is installed")
        return self.tracer.start_span(name, context, trace.SpanKind[kind.upper()], attributes)


_exporting: Final = _Exporting()


def install_provider(provider: "TracerProvider | None") -> None:
    """Use this OpenTelemetry provider for spans; None turns them off."""
    _exporting.install(provider)


def start_tracing(service: str, process: str) -> bool:
    """Export spans when the standard variables name a collector; whether they do.

    The SDK itself reads the rest of the standard variables: headers, sampler, limits, resource attributes.
    """
    wanted = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    if not wanted or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if _exporting.provider is not None:
        return True
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # see the module
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": f"kechuang-{service}", "kechuang.process": process})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    install_provider(provider)
    return True


def shutdown_tracing() -> None:
    """Send what is left and stop; for the end of a process."""
    if _exporting.provider is not None:
        _exporting.provider.shutdown()
        install_provider(None)
